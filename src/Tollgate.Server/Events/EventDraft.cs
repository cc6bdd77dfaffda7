namespace Tollgate.Server.Events;

/// <summary>What is known of an event while it is read, in whichever form it comes.</summary>
internal sealed class EventDraft
{
    // What is wrong beyond this many is not listed; a hostile request must not make a large answer.
    private const int MaxErrors = 100;

    public string? EventName { get; set; }

    public string? ExternalCustomerId { get; set; }

    public string? EventId { get; set; }

    public string? CustomerId { get; set; }

    public string? Source { get; set; }

    public DateTimeOffset? Timestamp { get; set; }

    public List<EventError>? Errors { get; private set; }

    public void Add(string path, string text)
    {
        Errors ??= [];
        if (Errors.Count < MaxErrors)
        {
            Errors.Add(new EventError(path, text));
        }
    }
}
