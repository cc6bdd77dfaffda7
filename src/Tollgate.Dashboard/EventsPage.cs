using Microsoft.AspNetCore.Components;

namespace Tollgate.Dashboard;

// CA1515: components are public, and with them what their parameters are made of.
#pragma warning disable CA1515

/// <summary>A page about events, which its URL selects; one of them can be open beside the others.</summary>
public abstract class EventsPage : ComponentBase
{
    /// <summary>Where they are.</summary>
    [Inject]
    public required NavigationManager Navigation { get; init; }

    /// <summary>Only events of this name.</summary>
    [SupplyParameterFromQuery(Name = "event_name")]
    public string? EventName { get; set; }

    /// <summary>Only events of this customer.</summary>
    [SupplyParameterFromQuery(Name = "external_customer_id")]
    public string? ExternalCustomerId { get; set; }

    /// <summary>Only this event.</summary>
    [SupplyParameterFromQuery(Name = "event_id")]
    public string? EventId { get; set; }

    /// <summary>Only events from this source.</summary>
    [SupplyParameterFromQuery(Name = "source")]
    public string? Source { get; set; }

    /// <summary>Only events that this key sent.</summary>
    [SupplyParameterFromQuery(Name = "api_key_id")]
    public string? ApiKeyId { get; set; }

    /// <summary>Only events that this account sent.</summary>
    [SupplyParameterFromQuery(Name = "account_id")]
    public string? AccountId { get; set; }

    /// <summary>Only events with these properties.</summary>
    [SupplyParameterFromQuery(Name = "property_filters")]
    public string? PropertyFilters { get; set; }

    /// <summary>The event that is open.</summary>
    [SupplyParameterFromQuery(Name = "event")]
    public string? Open { get; set; }

    /// <summary>All of it.</summary>
    protected EventSearch Search => new()
    {
        EventName = OrNull(EventName),
        ExternalCustomerId = OrNull(ExternalCustomerId),
        EventId = OrNull(EventId),
        Source = OrNull(Source),
        ApiKeyId = OrNull(ApiKeyId),
        AccountId = OrNull(AccountId),
        PropertyFilters = OrNull(PropertyFilters),
    };

    /// <summary>This page with that event open; null: with none.</summary>
    protected string LinkTo(string? eventId) => Navigation.GetUriWithQueryParameter("event", eventId);

    /// <summary>Changes what the URL says.</summary>
    protected void Go(IEnumerable<KeyValuePair<string, object?>> query) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>(query)));

    private static string? OrNull(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
