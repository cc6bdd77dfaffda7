using System.Text.RegularExpressions;
using CsvHelper;
using Tollgate.Contracts;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>
/// Events as comma-separated values (RFC 4180) that a spreadsheet shows and does not run. Every text that it would take for a formula gets an
/// apostrophe ahead, and so does one that begins with an apostrophe already: whoever takes one apostrophe away has the text as it was sent.
/// </summary>
internal static partial class EventCsv
{
    private static readonly string[] Header =
    [
        "id", "event_name", "external_customer_id", "customer_id", "source", "timestamp", "ingested_at",
        "environment_id", "api_key_id", "service_account_id", "properties",
    ];

    public static byte[] ToLines(IReadOnlyList<StoredEvent> events, bool withHeader)
    {
        using var lines = new MemoryStream();
        using (var csv = CsvWriter.Create(lines, CsvWriterOptions.Default, leaveOpen: true))
        {
            if (withHeader)
            {
                csv.WriteHeader(Header);
            }

            foreach (var each in events)
            {
                csv.WriteRecord(
                    Harmless(each.EventId), Harmless(each.EventName), Harmless(each.ExternalCustomerId), Harmless(each.CustomerId), Harmless(each.Source),
                    Rfc3339.Format(each.Timestamp), Rfc3339.Format(each.IngestedAt),
                    each.EnvironmentId, each.ApiKeyId, each.ByServiceAccount ? each.AccountId : null, each.Properties);
            }
        }

        return lines.ToArray();
    }

    /// <summary>The text as a cell that is no formula. Numbers stay numbers, those below zero as well.</summary>
    internal static string? Harmless(string? text)
    {
        var first = text.AsSpan().TrimStart();
        return first.Length > 0 && first[0] is '=' or '+' or '-' or '@' or '\'' or '＝' or '＋' or '－' or '＠' && !IsNumber(text!)
            || text is ['\t' or '\r' or '\n', ..]
            ? "'" + text
            : text;
    }

    /// <summary>A minus, digits and at most one point between them: what a spreadsheet reads as a number and nothing else.</summary>
    private static bool IsNumber(string text) => Number().IsMatch(text);

    [GeneratedRegex(@"^-[0-9]+(\.[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
