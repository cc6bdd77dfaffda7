using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Customers;
using Tollgate.Server.Hosting;
using Tollgate.Server.Meters;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary><c>GET /v1/events/diagnostics</c>: which events some value may lack, and why.</summary>
internal static class DiagnoseEvents
{
    // How many of the customers with the most events are looked up, and how many at once.
    private const int MaxCustomersLookedUp = 10_000;
    private const int LookedUpAtOnce = 500;

    public static void MapDiagnoseEvents(this Api v1) =>
        v1.Get("/events/diagnostics", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static async Task<Results<Ok<EventDiagnosticsResponse>, Problem>> HandleAsync(
        Query<DiagnoseEventsQuery> query, Caller caller, ControlDb db, EventReader events, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var interval = EventInterval.Of(query.Value.StartTime, query.Value.EndTime, time, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        var meters = await db.Meters.AsNoTracking().Of(caller).Where(row => row.Status == Statuses.Published)
            .OrderBy(row => row.Name).ToListAsync(cancellationToken);
        var all = new EventFilter { Reach = caller.ReachAt(time.GetUtcNow()), Start = interval.Start, End = interval.End };
        var names = await NamesWithoutMeterAsync(all, meters, events, cancellationToken);
        var (customers, hasMoreCustomers) = await UnknownCustomersAsync(all, caller, db, events, cancellationToken);
        return TypedResults.Ok(new EventDiagnosticsResponse
        {
            StartTime = interval.Start,
            EndTime = interval.End,
            NamesWithoutMeter = await ListAsync(names.Take(Limits.MaxDiagnosed), async name => new UnmeteredNameResponse
            {
                EventName = name.Text,
                Events = name.Events,
                NearestMeter = SimilarNames.Nearest(name.Text, meters),
                Examples = await ExamplesAsync(all with { EventName = name.Text }, null, events, cancellationToken),
            }),
            HasMoreNames = names.Count > Limits.MaxDiagnosed,
            UnknownCustomers = await ListAsync(customers, async customer => new UnknownCustomerResponse
            {
                ExternalCustomerId = customer.Text,
                Events = customer.Events,
                Examples = await ExamplesAsync(all with { ExternalCustomerId = customer.Text }, null, events, cancellationToken),
            }),
            HasMoreCustomers = hasMoreCustomers,
            UnparsedProperties = await UnparsedAsync(all, meters, events, cancellationToken),
        });
    }

    private static async Task<List<(string Text, long Events)>> NamesWithoutMeterAsync(
        EventFilter all, List<Meter> meters, EventReader events, CancellationToken cancellationToken)
    {
        var metered = meters.Select(meter => meter.EventName).ToHashSet(StringComparer.Ordinal);
        var names = await CountedByAsync(all, EventGroupKind.EventName, events, cancellationToken);
        return [.. names.Where(name => !metered.Contains(name.Text))];
    }

    private static async Task<(List<(string Text, long Events)> Unknown, bool HasMore)> UnknownCustomersAsync(
        EventFilter all, Caller caller, ControlDb db, EventReader events, CancellationToken cancellationToken)
    {
        var counted = await CountedByAsync(all, EventGroupKind.ExternalCustomerId, events, cancellationToken);
        var unknown = new List<(string Text, long Events)>();
        foreach (var some in counted.Take(MaxCustomersLookedUp).Chunk(LookedUpAtOnce))
        {
            var ids = some.Select(customer => customer.Text).ToList();
            var known = (await db.Customers.AsNoTracking().Of(caller)
                .Where(row => ids.Contains(row.ExternalId) && row.Status != Statuses.Deleted)
                .Select(row => row.ExternalId).ToListAsync(cancellationToken)).ToHashSet(StringComparer.Ordinal);
            unknown.AddRange(some.Where(customer => !known.Contains(customer.Text)));
            if (unknown.Count > Limits.MaxDiagnosed)
            {
                break;
            }
        }

        return ([.. unknown.Take(Limits.MaxDiagnosed)], unknown.Count > Limits.MaxDiagnosed || counted.Count > MaxCustomersLookedUp);
    }

    private static async Task<IReadOnlyList<UnparsedPropertyResponse>> UnparsedAsync(
        EventFilter all, List<Meter> meters, EventReader events, CancellationToken cancellationToken)
    {
        var unparsed = new List<UnparsedPropertyResponse>();
        foreach (var meter in meters)
        {
            if (meter.AggregationOf() is not { Field: { } field } aggregation)
            {
                continue;
            }

            var usage = MeterUsage.Of(meter, all);
            var skipped = (await usage.IntervalAsync(events, cancellationToken)).Skipped;
            if (skipped > 0 && usage.Filter is { } filter)
            {
                unparsed.Add(new UnparsedPropertyResponse
                {
                    MeterId = meter.Id,
                    Name = meter.Name,
                    EventName = meter.EventName,
                    Property = field,
                    Events = skipped,
                    Examples = await ExamplesAsync(
                        aggregation.Type == AggregationTypes.CountUnique ? filter with { WithoutValue = field } : filter with { WithoutNumber = field },
                        field,
                        events,
                        cancellationToken),
                });
            }
        }

        return [.. unparsed.OrderByDescending(each => each.Events).ThenBy(each => each.Name, StringComparer.Ordinal)];
    }

    /// <summary>How many events have each value, most first.</summary>
    private static async Task<List<(string Text, long Events)>> CountedByAsync(
        EventFilter filter, EventGroupKind kind, EventReader events, CancellationToken cancellationToken)
    {
        var query = new UsageQuery { Filter = filter, Aggregation = Aggregation.Count, GroupBy = [new EventGroup(kind, "")] };
        var counted = await events.AskAsync(filter.Reach, (store, token) => store.UsageAsync(query, token), cancellationToken);
        return [.. counted.Buckets.Select(bucket => (Text: bucket.Group[0]!, bucket.Events))
            .OrderByDescending(each => each.Events).ThenBy(each => each.Text, StringComparer.Ordinal)];
    }

    private static async Task<IReadOnlyList<EventExampleResponse>> ExamplesAsync(
        EventFilter filter, string? property, EventReader events, CancellationToken cancellationToken)
    {
        var query = new EventQuery { Filter = filter, PageSize = Limits.MaxExamples };
        var page = await events.AskAsync(filter.Reach, (store, token) => store.QueryAsync(query, token), cancellationToken);
        return [.. page.Events.Select(stored => new EventExampleResponse
        {
            Id = stored.EventId,
            Timestamp = stored.Timestamp,
            Value = property is not null && PropertyValues.Of(stored.Properties).TryGetValue(property, out var value) ? MeterVerdicts.Cut(value) : null,
        })];
    }

    private static async Task<IReadOnlyList<TOut>> ListAsync<TIn, TOut>(IEnumerable<TIn> items, Func<TIn, Task<TOut>> make)
    {
        var made = new List<TOut>();
        foreach (var item in items)
        {
            made.Add(await make(item));
        }

        return made;
    }
}
