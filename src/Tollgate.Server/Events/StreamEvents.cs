using System.Reflection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary><c>GET /v1/events/stream</c>: events as they are accepted, as server-sent events.</summary>
internal static class StreamEvents
{
    private const string LastEventId = "Last-Event-ID";

    public static void MapStreamEvents(this Api v1) => v1.Get("/events/stream", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static Task<Results<EventStreamResult, Problem>> HandleAsync(
        Query<StreamEventsQuery> query, HttpContext context, Caller caller, AccessDirectory directory, StreamPlaces places, IEventLog log) =>
        Task.FromResult(Begin(query.Value, context.Request, caller, directory, places, log.DurableSequence));

    private static Results<EventStreamResult, Problem> Begin(
        StreamEventsQuery asked, HttpRequest request, Caller caller, AccessDirectory directory, StreamPlaces places, long newest)
    {
        var errors = new FieldErrors();
        var selection = EventSelection.Of(asked, directory, errors);
        var scope = new EventScope(caller.TenantId, caller.EnvironmentId);
        var header = request.Headers[LastEventId];
        errors.Demand(header.Count < 2, LastEventId, "may be sent once.");
        // A browser that comes back sends the same address as before, and in the header how far it came.
        var place = header is [{ Length: > 0 } last]
            ? places.Read(scope, last, newest, LastEventId, errors)
            : places.Read(scope, asked.After, newest, "after", errors);
        return errors.ToProblem() is { } problem
            ? problem
            : new EventStreamResult(selection, place ?? newest, asked.MaxSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
    }
}

/// <summary>The events behind a place of the log, and those that come.</summary>
internal sealed class EventStreamResult(EventSelection selection, long place, TimeSpan? length) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(EventResponse), [ServerSentMessages.ContentType]));

    public Task ExecuteAsync(HttpContext httpContext) =>
        httpContext.RequestServices.GetRequiredService<EventTail>().FollowAsync(httpContext, selection, place, length);
}
