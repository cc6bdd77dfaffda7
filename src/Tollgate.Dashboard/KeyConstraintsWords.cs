using System.Globalization;
using Tollgate.Contracts;

namespace Tollgate.Dashboard;

/// <summary>What a key is limited to, in words.</summary>
internal static class KeyConstraintsWords
{
    private const int SecondsOfDay = 86_400;

    /// <summary>One phrase for each limit.</summary>
    public static IEnumerable<string> Of(KeyConstraints constraints)
    {
        if (constraints.EventNames is { } names)
        {
            yield return $"events {string.Join(", ", names)}";
        }

        if (constraints.ExternalCustomerIds is { } customers)
        {
            yield return $"customers {string.Join(", ", customers)}";
        }

        if (constraints.Sources is { } sources)
        {
            yield return $"sources {string.Join(", ", sources)}";
        }

        if (constraints.AllowedCidrs is { } networks)
        {
            yield return $"from {string.Join(", ", networks)}";
        }

        if (constraints.RateLimitPerMinute is { } rate)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{rate:N0} requests a minute");
        }

        if (constraints.MaxEventAgeSeconds is { } age)
        {
            yield return age % SecondsOfDay == 0
                ? string.Create(CultureInfo.InvariantCulture, $"events of the last {age / SecondsOfDay} days")
                : string.Create(CultureInfo.InvariantCulture, $"events of the last {age:N0} seconds");
        }
    }
}
