namespace Tollgate.Server.Hosting;

/// <summary>Time zones by their IANA names, from the machine's own database of them.</summary>
internal static class TimeZones
{
    public const string Unknown = "must be the IANA name of a time zone, for example Europe/Berlin.";

    public static bool TryFind(string name, out TimeZoneInfo zone)
    {
        zone = TimeZoneInfo.Utc;
        // The runtime takes some other names as well; only what the name says to everybody counts.
        return name is "UTC" || (name.Contains('/', StringComparison.Ordinal)
            && !name.StartsWith('/')
            && !name.Contains("..", StringComparison.Ordinal)
            && TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone!)
            && zone.HasIanaId
            && zone.Id == name);
    }
}
