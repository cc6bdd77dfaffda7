using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Customers;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary>Holds the events of a request to the constraints of the key that sends them.</summary>
internal sealed class EventConstraints(ControlStore control, RequestBounds bounds)
{
    private const int MaxShownValues = 5;
    private const int MaxShownLength = 64;

    /// <summary>Makes each event that is outside one that is not fit to be logged, with the reason.</summary>
    /// <param name="caller">Who sends them.</param>
    /// <param name="receivedAt">The time of receipt, which ages are counted from.</param>
    /// <param name="events">The events as they were read.</param>
    /// <param name="cancellationToken">Ends the look for customers.</param>
    public async Task HoldAsync(Caller caller, DateTimeOffset receivedAt, List<ParsedEvent> events, CancellationToken cancellationToken)
    {
        if (caller.Constraints is not { LimitsData: true } constraints)
        {
            return;
        }

        var customers = await AllowedCustomersAsync(caller, constraints, events, cancellationToken);
        for (var index = 0; index < events.Count; index++)
        {
            if (events[index].Logged is { } logged && Refuse(constraints, customers, logged, receivedAt) is { } refusal)
            {
                events[index] = events[index] with { Logged = null, Errors = [refusal.Error], Constraint = refusal.Constraint };
            }
        }
    }

    /// <summary>The 403 of a request with an event outside; null when there is none.</summary>
    /// <param name="caller">Who sends them.</param>
    /// <param name="events">The events, held to the constraints.</param>
    /// <param name="pathOf">Where a member of an event is in the request.</param>
    public Problem? Refusal(Caller caller, List<ParsedEvent> events, Func<int, string, string> pathOf)
    {
        const int MaxErrors = 100;
        var outside = events.Select((parsed, index) => (parsed, index)).Where(each => each.parsed.Constraint is not null).ToList();
        if (outside.Count == 0)
        {
            return null;
        }

        var errors = outside.Take(MaxErrors).ToDictionary(
            each => pathOf(each.index, each.parsed.Errors[0].Path), each => new List<string> { each.parsed.Errors[0].Text });
        var (field, texts) = errors.First();
        var more = outside.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({outside.Count - 1} more)");
        return bounds.Violation(
            caller,
            outside[0].parsed.Constraint!,
            $"{field}: {texts[0]}{more}",
            "Nothing of the request was stored. The constraints of a key never change: use another key, or leave out what is outside of this one's.",
            errors);
    }

    private static (EventError Error, string Constraint)? Refuse(
        ConstraintSet constraints, HashSet<string> customers, LoggedEvent logged, DateTimeOffset receivedAt) =>
        constraints.Refusing(logged.EventName, logged.ExternalCustomerId, logged.Source, receivedAt - logged.Timestamp) switch
        {
            ConstraintSet.EventNamesName =>
                (new EventError("event_name", Only(constraints.Wire.EventNames!)), ConstraintSet.EventNamesName),
            ConstraintSet.CustomersName =>
                (new EventError("external_customer_id", Only(constraints.Wire.ExternalCustomerIds!)), ConstraintSet.CustomersName),
            ConstraintSet.SourcesName =>
                (new EventError("source", Only(constraints.Wire.Sources!)), ConstraintSet.SourcesName),
            ConstraintSet.AgeName =>
                (new EventError("timestamp", string.Create(
                    CultureInfo.InvariantCulture, $"this key may send only events of the last {constraints.Wire.MaxEventAgeSeconds} seconds.")),
                    ConstraintSet.AgeName),
            _ => constraints.Customers is not null && logged.CustomerId is { Length: > 0 } id && !customers.Contains(id)
                ? (new EventError("customer_id", "must be the id of a customer that this key may send events of, or absent."), ConstraintSet.CustomersName)
                : null,
        };

    /// <summary>A few of the values, which is enough to see what is meant; all of them are in <c>details.constraints</c>.</summary>
    private static string Only(IReadOnlyList<string> allowed)
    {
        var shown = allowed.Take(MaxShownValues).Select(text => text.Length <= MaxShownLength ? text : text[..MaxShownLength] + "…");
        var more = allowed.Count <= MaxShownValues ? "" : string.Create(CultureInfo.InvariantCulture, $", … ({allowed.Count} in all)");
        return $"this key may send only: {string.Join(", ", shown)}{more}";
    }

    /// <summary>
    /// Of the customers that events name by our id, those that the key may know of. The other name of an event's customer must not be a
    /// way round the constraint.
    /// </summary>
    private async Task<HashSet<string>> AllowedCustomersAsync(
        Caller caller, ConstraintSet constraints, List<ParsedEvent> events, CancellationToken cancellationToken)
    {
        var ids = constraints.Customers is null
            ? []
            : events.Select(parsed => parsed.Logged?.CustomerId).Where(id => id is { Length: > 0 }).Distinct(StringComparer.Ordinal).ToList();
        if (ids.Count == 0)
        {
            return [];
        }

        await using var db = control.CreateContext();
        return await db.Customers.AsNoTracking().Of(caller)
            .Where(row => row.Status != Statuses.Deleted && ids.Contains(row.Id))
            .Select(row => row.Id)
            .ToHashSetAsync(cancellationToken);
    }
}
