using System.Globalization;
using System.Net;
using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Access;

/// <summary>
/// The constraints of a key, compiled when they are read and not when a request comes. Immutable; keys with the same constraints share one.
/// </summary>
internal sealed class ConstraintSet
{
    public const string EventNamesName = "event_names";
    public const string CustomersName = "external_customer_ids";
    public const string SourcesName = "sources";
    public const string CidrsName = "allowed_cidrs";
    public const string RateName = "rate_limit_per_minute";
    public const string AgeName = "max_event_age_seconds";

    private ConstraintSet(KeyConstraints wire, IReadOnlyList<Network>? networks)
    {
        Wire = wire;
        Json = JsonSerializer.Serialize(wire, WireJson.Options);
        EventNames = wire.EventNames is null ? null : new TextPatterns(wire.EventNames);
        Customers = wire.ExternalCustomerIds is null ? null : new TextPatterns(wire.ExternalCustomerIds);
        Networks = networks;
    }

    /// <summary>As they are answered; networks in canonical form.</summary>
    public KeyConstraints Wire { get; }

    /// <summary>As they are stored, and the same text for the same constraints.</summary>
    public string Json { get; }

    /// <summary>Null: any.</summary>
    public TextPatterns? EventNames { get; }

    /// <summary>Null: any.</summary>
    public TextPatterns? Customers { get; }

    /// <summary>Null: any, and none.</summary>
    public IReadOnlyList<string>? Sources => Wire.Sources;

    /// <summary>Null: from anywhere.</summary>
    public IReadOnlyList<Network>? Networks { get; }

    public int? RatePerMinute => Wire.RateLimitPerMinute;

    public TimeSpan? MaxEventAge => Wire.MaxEventAgeSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Whether they leave out some of the data. Such a key comes to no route whose data they can't be applied to.</summary>
    public bool LimitsData =>
        EventNames is not null || Customers is not null || Sources is not null || Wire.MaxEventAgeSeconds is not null;

    /// <summary>Compiles what a request asks for; null when that limits nothing. What is wrong is added to the errors.</summary>
    public static ConstraintSet? From(KeyConstraints? asked, string field, FieldErrors errors)
    {
        if (asked is null || asked == new KeyConstraints())
        {
            return null;
        }

        CheckTexts(asked.EventNames, $"{field}.{EventNamesName}", isTrimmed: true, hasPrefixes: true, errors);
        CheckTexts(asked.ExternalCustomerIds, $"{field}.{CustomersName}", isTrimmed: false, hasPrefixes: true, errors);
        CheckTexts(asked.Sources, $"{field}.{SourcesName}", isTrimmed: false, hasPrefixes: false, errors);
        var networks = NetworksOf(asked.AllowedCidrs, $"{field}.{CidrsName}", errors);
        return errors.Any
            ? null
            : new ConstraintSet(asked with { AllowedCidrs = networks is null ? null : [.. networks.Select(network => network.ToString())] }, networks);
    }

    /// <summary>Compiles what a key was stored with; null for none.</summary>
    /// <exception cref="FormatException">It was not written by this class; a key must not lose its limits in silence.</exception>
    public static ConstraintSet? FromJson(string? json)
    {
        if (json is null)
        {
            return null;
        }

        var errors = new FieldErrors();
        var stored = JsonSerializer.Deserialize<KeyConstraints>(json, WireJson.Options);
        return From(stored, "constraints", errors) ?? throw new FormatException("The constraints of a stored API key can't be read.");
    }

    public bool AllowsEventName(string name) => EventNames is null || EventNames.Match(name);

    public bool AllowsCustomer(string externalCustomerId) => Customers is null || Customers.Match(externalCustomerId);

    public bool AllowsSource(string? source) => Sources is null || (source is not null && Sources.Contains(source, StringComparer.Ordinal));

    /// <summary>Whether an event that happened this long ago may be sent and seen.</summary>
    public bool AllowsAge(TimeSpan age) => MaxEventAge is not { } oldest || age <= oldest;

    /// <summary>Whether the key may be used from this address. Without one, never where there are networks.</summary>
    public bool AllowsAddress(IPAddress? address) =>
        Networks is null || (address is not null && Networks.Any(network => network.Contains(address)));

    /// <summary>The first constraint that an event is outside of; null when it is inside of all.</summary>
    public string? Refusing(string eventName, string externalCustomerId, string? source, TimeSpan age) =>
        !AllowsEventName(eventName) ? EventNamesName
        : !AllowsCustomer(externalCustomerId) ? CustomersName
        : !AllowsSource(source) ? SourcesName
        : !AllowsAge(age) ? AgeName
        : null;

    /// <summary>
    /// Whether a route is open to the key, going by the data behind it: null, or the constraint that closes it. Events and customers are
    /// bounded row by row, what is the caller's own needs no bounds, and everything else is closed to a key that is limited to some data.
    /// </summary>
    public string? RefusingRoute(RouteRule rule) =>
        rule.IsBounded || !LimitsData ? null
        : Customers is not null ? CustomersName
        : EventNames is not null ? EventNamesName
        : Sources is not null ? SourcesName
        : AgeName;

    /// <summary>Whether a key with the other constraints can do nothing that one with these can't.</summary>
    public bool Covers(ConstraintSet? other) => WidenedBy(other).Count == 0;

    /// <summary>The constraints that the other set lacks, or has wider. Empty: the other is the same or narrower.</summary>
    public IReadOnlyList<string> WidenedBy(ConstraintSet? other)
    {
        var wider = new List<string>();
        Demand(EventNames is null || other?.EventNames is { } names && EventNames.Covers(names), EventNamesName);
        Demand(Customers is null || other?.Customers is { } customers && Customers.Covers(customers), CustomersName);
        Demand(Sources is null || other?.Sources is { } sources && sources.All(AllowsSource), SourcesName);
        Demand(Networks is null || other?.Networks is { } networks && networks.All(each => Networks.Any(own => own.Covers(each))), CidrsName);
        Demand(RatePerMinute is null || other?.RatePerMinute <= RatePerMinute, RateName);
        Demand(MaxEventAge is null || other?.MaxEventAge <= MaxEventAge, AgeName);
        return wider;

        void Demand(bool isCovered, string name)
        {
            if (!isCovered)
            {
                wider.Add(name);
            }
        }
    }

    private static void CheckTexts(IReadOnlyList<string>? texts, string field, bool isTrimmed, bool hasPrefixes, FieldErrors errors)
    {
        for (var index = 0; index < (texts?.Count ?? 0); index++)
        {
            var text = texts![index];
            if (ErrorOf(text, isTrimmed, hasPrefixes) is { } error)
            {
                errors.Add(At(field, index), error);
            }
            else if (texts.Take(index).Contains(text, StringComparer.Ordinal))
            {
                errors.Add(At(field, index), "is there twice.");
            }
        }
    }

    private static string? ErrorOf(string text, bool isTrimmed, bool hasPrefixes)
    {
        var star = text.IndexOf(TextPatterns.Wildcard, StringComparison.Ordinal);
        return text.Length == 0 ? "must not be empty."
            : text.Length > Limits.MaxEventTextLength
                ? string.Create(CultureInfo.InvariantCulture, $"must have at most {Limits.MaxEventTextLength} characters.")
            : isTrimmed && text.Trim().Length < text.Length ? "must not begin or end with white space: no event's name does."
            : star < 0 ? null
            : !hasPrefixes ? "must not contain *: sources are compared to the letter, and have no prefixes."
            : star < text.Length - 1 ? "may have one * at its end, for a prefix, and none elsewhere."
            : star == 0 ? "must not be * alone, which would be no limit: leave the constraint out."
            : null;
    }

    private static List<Network>? NetworksOf(IReadOnlyList<string>? texts, string field, FieldErrors errors)
    {
        if (texts is null)
        {
            return null;
        }

        var networks = new List<Network>();
        for (var index = 0; index < texts.Count; index++)
        {
            var error = Network.TryParse(texts[index], out var network);
            error ??= networks.Contains(network) ? "is there twice." : null;
            if (error is not null)
            {
                errors.Add(At(field, index), error);
            }

            networks.Add(network);
        }

        return networks;
    }

    private static string At(string field, int index) => string.Create(CultureInfo.InvariantCulture, $"{field}[{index}]");
}
