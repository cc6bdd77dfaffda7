using System.Linq.Expressions;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Access;

/// <summary>What the constraints of a key leave of a table of the control database.</summary>
internal static class ConstrainedRows
{
    /// <summary>The rows whose member matches; all when there are no patterns.</summary>
    public static IQueryable<TRow> Within<TRow>(this IQueryable<TRow> rows, TextPatterns? allowed, Expression<Func<TRow, string>> member)
    {
        if (allowed is null)
        {
            return rows;
        }

        var (exact, prefixes) = (allowed.Exact, allowed.Prefixes);
        // Not StartsWith, which becomes LIKE, and that takes an A for an a. It begins with a prefix when the prefix and its rest are all of it.
        // CA1845: the expression becomes SQL, which has no spans.
#pragma warning disable CA1845
        return rows.Where(RowConditions.On(
            member, text => exact.Contains(text) || prefixes.Any(prefix => prefix + text.Substring(prefix.Length) == text)));
#pragma warning restore CA1845
    }
}
