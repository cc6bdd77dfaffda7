using System.Globalization;
using System.Reflection;
using CloudNative.CloudEvents.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>The events of a <c>POST /v1/events/bulk</c>, in whichever form they came.</summary>
internal sealed class SentEvents : IEndpointParameterMetadataProvider
{
    private const string Lines = "application/x-ndjson";
    private const string CloudEvents = "application/cloudevents-batch+json";
    private const int PieceBytes = 16 * 1024;

    private static readonly string[] Forms = [RequestText.Json, Lines, CloudEvents];

    private readonly IReadOnlyList<int>? _lines;
    private readonly bool _cloudEvents;

    private SentEvents(List<ParsedEvent> events, FieldErrors errors, DateTimeOffset receivedAt, bool cloudEvents, IReadOnlyList<int>? lines)
    {
        Events = events;
        Errors = errors;
        ReceivedAt = receivedAt;
        _cloudEvents = cloudEvents;
        _lines = lines;
    }

    /// <summary>The events as they were read; those that are unfit say why.</summary>
    public List<ParsedEvent> Events { get; }

    /// <summary>What is wrong with the body outside of its events.</summary>
    public FieldErrors Errors { get; }

    /// <summary>When the body was complete.</summary>
    public DateTimeOffset ReceivedAt { get; }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => builder.Metadata.Add(new EventFormsMetadata(
    [
        new EventForm(RequestText.Json, typeof(IngestEventsRequest)),
        new EventForm(Lines, typeof(IngestEventRequest)),
        new EventForm(CloudEvents, typeof(IReadOnlyList<CloudEventRequest>)),
    ]));

    public static async ValueTask<SentEvents?> BindAsync(HttpContext context)
    {
        var request = context.Request;
        var form = RequestText.TypeOf(request, Forms);
        if (request.Headers.ContainsKey(HttpUtilities.SpecVersionHttpHeader))
        {
            throw new ProblemException(Problem.Invalid(
                HttpUtilities.SpecVersionHttpHeader, $"is for one event, at /v1/events; a batch of CloudEvents is {CloudEvents}."));
        }

        var arrivals = context.RequestServices.GetRequiredService<EventArrivals>();
        using var bytes = arrivals.BytesOf(request);
        var sent = form == Lines
            ? await ReadLinesAsync(bytes, arrivals, context.RequestAborted)
            : Parse(await RequestText.ReadAsync(request, bytes, context.RequestAborted), form, arrivals);
        if (!sent.Errors.Any)
        {
            EventCount.Verify(request, sent.Events.Count);
        }

        return sent;
    }

    /// <summary>Where a member of an event is in the body.</summary>
    public string PathOf(int index, string inner)
    {
        var head = _lines is not null ? string.Create(CultureInfo.InvariantCulture, $"line {_lines[index]}")
            : string.Create(CultureInfo.InvariantCulture, $"{(_cloudEvents ? "" : "events")}[{index}]");
        return inner.Length == 0 ? head : $"{head}{(_lines is null ? "." : ": ")}{inner}";
    }

    /// <summary>What the form calls a member of ours.</summary>
    public string NameOf(string member) => _cloudEvents ? CloudEventEnvelope.NameOf(member) : member;

    private static SentEvents Parse(ReadOnlyMemory<byte> text, string form, EventArrivals arrivals)
    {
        var errors = new FieldErrors();
        var receivedAt = arrivals.Now;
        var members = arrivals.MembersFor(receivedAt);
        var events = form == CloudEvents
            ? new CloudEventParser(members).ParseBatch(text.Span, errors)
            : new EventParser(members).ParseBatch(text.Span, errors);
        return new SentEvents(events, errors, receivedAt, form == CloudEvents, lines: null);
    }

    private static async Task<SentEvents> ReadLinesAsync(RequestBytes bytes, EventArrivals arrivals, CancellationToken cancellationToken)
    {
        var lines = new EventLines(new EventParser(arrivals.MembersFor(arrivals.Now)));
        var piece = new byte[PieceBytes];
        int read;
        while ((read = await bytes.ReadAsync(piece, cancellationToken)) > 0)
        {
            lines.Take(piece.AsSpan(0, read));
        }

        lines.End();
        // Lines are read while the body still comes. An event without a time has that of the whole body's receipt, like in the other forms.
        var receivedAt = arrivals.Now;
        var events = lines.Events;
        for (var index = 0; index < events.Count; index++)
        {
            if (events[index] is { IsUndated: true, Logged: { } logged })
            {
                events[index] = events[index] with { Logged = logged with { Timestamp = receivedAt } };
            }
        }

        var errors = new FieldErrors();
        errors.Demand(events.Count > 0, "body", "must not be empty.");
        return new SentEvents(events, errors, receivedAt, cloudEvents: false, lines.Numbers);
    }
}
