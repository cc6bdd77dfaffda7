namespace Tollgate.Dashboard.Parts;

// CA1515: components are public, and with them what their parameters are made of.
#pragma warning disable CA1515

/// <summary>One row of values over a chart's labels.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Values">One for each label; null where there is none.</param>
/// <param name="Texts">The values as texts with all their digits; absent: the values rounded.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<double?> Values, IReadOnlyList<string?>? Texts = null);
