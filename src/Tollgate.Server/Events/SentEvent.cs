using System.Reflection;
using CloudNative.CloudEvents.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>The event of a <c>POST /v1/events</c>, in whichever form it came.</summary>
/// <param name="parsed">The event.</param>
/// <param name="receivedAt">When its body was complete.</param>
/// <param name="nameOf">What the form calls a member of ours.</param>
internal sealed class SentEvent(ParsedEvent parsed, DateTimeOffset receivedAt, Func<string, string> nameOf) : IEndpointParameterMetadataProvider
{
    private const string CloudEvent = "application/cloudevents+json";

    private static readonly string[] Forms = [RequestText.Json, CloudEvent];

    public ParsedEvent Parsed => parsed;

    public DateTimeOffset ReceivedAt => receivedAt;

    public string NameOf(string member) => nameOf(member);

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => builder.Metadata.Add(new EventFormsMetadata(
    [
        new EventForm(RequestText.Json, typeof(IngestEventRequest)),
        new EventForm(CloudEvent, typeof(CloudEventRequest)),
    ]));

    public static async ValueTask<SentEvent?> BindAsync(HttpContext context)
    {
        var request = context.Request;
        var form = RequestText.TypeOf(request, Forms);
        var arrivals = context.RequestServices.GetRequiredService<EventArrivals>();
        ReadOnlyMemory<byte> text;
        using (var bytes = arrivals.BytesOf(request))
        {
            text = await RequestText.ReadAsync(request, bytes, context.RequestAborted);
        }

        var receivedAt = arrivals.Now;
        var members = arrivals.MembersFor(receivedAt);
        // What tells the binary form: the body is the data alone, and the attributes are headers.
        var isBinary = form == RequestText.Json && request.Headers.ContainsKey(HttpUtilities.SpecVersionHttpHeader);
        var parsed = isBinary ? new CloudEventParser(members).ParseBinary(request.Headers, text.Span)
            : form == CloudEvent ? new CloudEventParser(members).ParseOne(text.Span)
            : new EventParser(members).ParseOne(text.Span);
        EventCount.Verify(request, 1);
        return new SentEvent(parsed, receivedAt, isBinary ? BinaryNameOf : form == CloudEvent ? CloudEventEnvelope.NameOf : Same);
    }

    private static string Same(string member) => member;

    private static string BinaryNameOf(string member) => HttpUtilities.HttpHeaderPrefix + CloudEventEnvelope.NameOf(member);
}
