using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Usage;

/// <summary><c>POST /v1/events/usage</c>: events made into numbers, exactly.</summary>
internal static class QueryUsage
{
    public static void MapQueryUsage(this Api v1) =>
        v1.Post("/events/usage", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static async Task<Results<Ok<UsageResponse>, Problem>> HandleAsync(
        Body<UsageRequest> body, Caller caller, EventReader events, TimeProvider time, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        var interval = EventInterval.Of(request.StartTime, request.EndTime, time, errors);
        Check(request, errors);
        var starts = UsageAnswers.WindowStarts(request.WindowSize, request.Timezone, interval, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        var query = new UsageQuery
        {
            Filter = new EventFilter
            {
                Reach = caller.ReachAt(time.GetUtcNow()),
                EventName = request.EventName,
                ExternalCustomerId = request.ExternalCustomerId,
                CustomerId = request.CustomerId,
                Start = interval.Start,
                End = interval.End,
                Properties = request.Filters ?? new Dictionary<string, IReadOnlyList<string>>(),
            },
            Aggregation = UsageAnswers.AggregationOf(request.AggregationType),
            PropertyName = request.AggregationType == AggregationTypes.Count ? null : request.PropertyName,
            WindowStarts = starts,
            GroupBy = [.. (request.GroupBy ?? []).Select(GroupOf)],
        };
        return TypedResults.Ok(ToResponse(
            request, await events.AskAsync(query.Filter.Reach, (store, token) => store.UsageAsync(query, token), cancellationToken)));
    }

    private static void Check(UsageRequest request, FieldErrors errors)
    {
        errors.Demand(
            request.AggregationType == AggregationTypes.Count || !string.IsNullOrEmpty(request.PropertyName),
            "property_name",
            $"is required for {request.AggregationType}.");
        CheckMultiplier(request, errors);
        EventFilters.Check("filters", request.Filters, errors);
        var names = request.GroupBy ?? [];
        for (var index = 0; index < names.Count; index++)
        {
            var field = string.Create(CultureInfo.InvariantCulture, $"group_by[{index}]");
            errors.Demand(names[index].Length > 0, field, "must not be empty.");
            errors.Demand(names[index].Length <= Limits.MaxEventTextLength, field, $"must have at most {Limits.MaxEventTextLength} characters.");
            errors.Demand(!names.Take(index).Contains(names[index]), field, "is there twice.");
        }
    }

    private static void CheckMultiplier(UsageRequest request, FieldErrors errors)
    {
        var isMeant = request.AggregationType == AggregationTypes.SumWithMultiplier;
        errors.Demand(
            isMeant == request.Multiplier is not null,
            "multiplier",
            isMeant ? "is required for SUM_WITH_MULTIPLIER." : "needs the aggregation_type SUM_WITH_MULTIPLIER.");
        errors.Demand(
            request.Multiplier is not { } multiplier || ExactDecimalText.TryCanonical(multiplier.ToString(), out _),
            "multiplier",
            $"must have at most {ExactDecimalText.MaxWholeDigits} digits ahead of the point and {ExactDecimalText.MaxFractionDigits} behind it.");
    }

    private static EventGroup GroupOf(string name) => new(
        name switch
        {
            "external_customer_id" => EventGroupKind.ExternalCustomerId,
            "customer_id" => EventGroupKind.CustomerId,
            "source" => EventGroupKind.Source,
            _ => EventGroupKind.Property,
        },
        name);

    private static UsageResponse ToResponse(UsageRequest request, UsageResult result) => new()
    {
        Results =
        [
            .. result.Buckets.Select(bucket => new UsageResultResponse
            {
                WindowSize = bucket.WindowStart,
                Value = ValueOf(request, bucket.Value),
                Group = request.GroupBy is { Count: > 0 } names
                    ? names.Zip(bucket.Group).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal)
                    : null,
            }),
        ],
        Value = ValueOf(request, result.Value),
        EventName = request.EventName,
        Type = request.AggregationType,
        Skipped = result.Skipped,
    };

    private static ExactNumber? ValueOf(UsageRequest request, ExactDecimal? value) =>
        value is { } known ? ExactNumber.FromUnscaled(known.Unscaled, known.Scale) * (request.Multiplier ?? ExactNumber.FromUnscaled(1, 0)) : null;
}
