using Tollgate.Contracts;

namespace Tollgate.Dashboard.Parts;

// CA1515: components are public, and with them what their parameters are made of.
#pragma warning disable CA1515

/// <summary>The value of a window and group.</summary>
/// <param name="Start">The start of the window; null when no windows were asked for.</param>
/// <param name="Groups">One value for each name that was grouped by; null where events have none.</param>
/// <param name="Value">Exact; null when there is nothing to take one from.</param>
public sealed record UsageRow(DateTimeOffset? Start, IReadOnlyList<string?> Groups, ExactNumber? Value);
