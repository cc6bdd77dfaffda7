using Tollgate.Contracts;

namespace Tollgate.Dashboard;

// CA1515: components are public, and with them what their parameters are made of.
#pragma warning disable CA1515

/// <summary>Which events a page is about, as its URL says; the names in it are those of the API.</summary>
public sealed record EventSearch
{
    /// <summary>Only events of this name.</summary>
    public string? EventName { get; init; }

    /// <summary>Only events of this customer.</summary>
    public string? ExternalCustomerId { get; init; }

    /// <summary>Only this event.</summary>
    public string? EventId { get; init; }

    /// <summary>Only events from this source.</summary>
    public string? Source { get; init; }

    /// <summary>Only events that this key sent.</summary>
    public string? ApiKeyId { get; init; }

    /// <summary>Only events that this account sent.</summary>
    public string? AccountId { get; init; }

    /// <summary>Only events with these properties, like <c>region:eu,us;plan:pro</c>.</summary>
    public string? PropertyFilters { get; init; }

    /// <summary>Whether it is about all events.</summary>
    public bool IsEmpty => this == new EventSearch();

    /// <summary>Whether it restricts by what is seldom asked for.</summary>
    public bool IsSpecial => (EventId ?? Source ?? ApiKeyId ?? AccountId ?? PropertyFilters) is not null;

    /// <summary>For the URL; null removes.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Query() =>
    [
        new("event_name", EventName),
        new("external_customer_id", ExternalCustomerId),
        new("event_id", EventId),
        new("source", Source),
        new("api_key_id", ApiKeyId),
        new("account_id", AccountId),
        new("property_filters", PropertyFilters),
    ];

    /// <summary>The question, about these events.</summary>
    public T About<T>(T question)
        where T : EventFilterQuery => (T)((EventFilterQuery)question with
        {
            EventName = EventName,
            ExternalCustomerId = ExternalCustomerId,
            EventId = EventId,
            Source = Source,
            ApiKeyId = ApiKeyId,
            AccountId = AccountId,
            PropertyFilters = PropertyFilters,
        });
}
