using System.Text.RegularExpressions;

namespace Tollgate.Server.Hosting;

/// <summary>The time zones of the IANA database, by their exact names.</summary>
internal static partial class TimeZones
{
    public const string Unknown = "must be the IANA name of a time zone, for example Europe/Berlin.";

    public static TimeZoneInfo? Find(string name)
    {
        if (name is "UTC" or "Etc/UTC")
        {
            return TimeZoneInfo.Utc;
        }

        return Name().IsMatch(name)
            && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
            && zone.Id == name
            ? zone
            : null;
    }

    // Nothing that could be a path to somewhere else, and not the folders of variants that Linux keeps beside the zones.
    [GeneratedRegex(@"\A(?!posix/|right/|posixrules|localtime|Factory)[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}\z")]
    private static partial Regex Name();
}
