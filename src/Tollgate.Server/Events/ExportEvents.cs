using System.Buffers;
using System.Reflection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary><c>GET /v1/events/export</c>: events as a file, in the order in which they were accepted, up to the newest there was when it was asked for.</summary>
internal static class ExportEvents
{
    public static void MapExportEvents(this Api v1) => v1.Get("/events/export", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static Task<Results<EventExportResult, Problem>> HandleAsync(
        Query<ExportEventsQuery> query, Caller caller, AccessDirectory directory, StreamPlaces places, IEventLog log, TimeProvider time) =>
        Task.FromResult(Begin(query.Value, caller, directory, places, log.DurableSequence, time));

    private static Results<EventExportResult, Problem> Begin(
        ExportEventsQuery asked, Caller caller, AccessDirectory directory, StreamPlaces places, long newest, TimeProvider time)
    {
        var errors = new FieldErrors();
        var selection = EventSelection.Of(asked, directory, errors);
        var scope = new EventScope(caller.TenantId, caller.EnvironmentId);
        var after = places.Read(scope, asked.After, newest, "after", errors);
        var through = places.Read(scope, asked.Through, newest, "through", errors);
        var (start, end) = (asked.StartTime, asked.EndTime);
        if (asked.After is null && asked.Through is null)
        {
            var interval = EventInterval.Of(start, end, time, errors);
            (start, end) = (interval.Start, interval.End);
        }
        else
        {
            errors.Demand(start is null || end is null || start < end, "start_time", "must be before end_time.");
        }

        return errors.ToProblem() is { } problem
            ? problem
            : new EventExportResult(selection, start, end, after ?? 0, through ?? newest, asked.Format ?? ExportFormats.Ndjson);
    }
}

/// <summary>The events between two places of the log, as NDJSON or CSV.</summary>
internal sealed class EventExportResult(
    EventSelection selection, DateTimeOffset? start, DateTimeOffset? end, long after, long through, string format)
    : IResult, IEndpointMetadataProvider
{
    private const string NdjsonType = "application/x-ndjson";
    private const string CsvType = "text/csv";

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(EventResponse), [NdjsonType, CsvType]));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var services = httpContext.RequestServices;
        var events = services.GetRequiredService<EventReader>();
        var time = services.GetRequiredService<TimeProvider>();
        var body = httpContext.Response.BodyWriter;
        var csv = format == ExportFormats.Csv;
        var (next, isFirst) = (after, true);
        return Download.SendAsync(httpContext, csv ? $"{CsvType}; charset=utf-8; header=present" : NdjsonType, $"events.{format}", async (caller, token) =>
        {
            var query = new EventQuery
            {
                Filter = selection.ToFilter(caller.ReachAt(time.GetUtcNow())) with { Start = start, End = end },
                Sort = EventSort.Arrival,
                Descending = false,
                PageSize = Limits.ExportPageSize,
                After = new EventPosition("", default, next),
            };
            var page = await events.AskAsync(query.Filter.Reach, (store, asked) => store.QueryAsync(query, asked), token);
            // What was accepted after the request came would keep a busy environment's export from ever ending.
            List<StoredEvent> meant = [.. page.Events.TakeWhile(each => each.Sequence <= through)];
            body.Write(csv ? EventCsv.ToLines(meant, withHeader: isFirst) : EventAnswers.ToLines(meant));
            isFirst = false;
            next = meant.Count > 0 ? meant[^1].Sequence : next;
            return page.HasMore && meant.Count == page.Events.Count;
        });
    }
}
