using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary>What is wrong with a member of an event; the path begins inside the event.</summary>
internal readonly record struct EventError(string Path, string Text);

/// <summary>One event of a request as it was read: fit to be logged, or what is wrong with it.</summary>
/// <param name="Logged">The event; null when anything is wrong.</param>
/// <param name="EventId">The id that was sent or generated; null when an unusable one was sent.</param>
/// <param name="Errors">Empty when the event is fit.</param>
internal sealed record ParsedEvent(LoggedEvent? Logged, string? EventId, IReadOnlyList<EventError> Errors)
{
    /// <summary>The constraint of the sending key that the event is outside of; null when it is not for that that it is unfit.</summary>
    public string? Constraint { get; init; }

    /// <summary>Whether its time is that of its receipt, because it came without one.</summary>
    public bool IsUndated { get; init; }
}
