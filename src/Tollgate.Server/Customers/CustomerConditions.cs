using System.Globalization;
using System.Linq.Expressions;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Customers;

/// <summary>The <c>filters</c> and <c>sort</c> of a search for customers, made into a query. What a client sends is only ever a parameter.</summary>
internal static class CustomerConditions
{
    private const string MetadataPrefix = "metadata.";

    private static readonly Dictionary<string, Expression<Func<Customer, string?>>> Texts = new(StringComparer.Ordinal)
    {
        ["id"] = row => row.Id,
        ["external_id"] = row => row.ExternalId,
        ["name"] = row => row.Name,
        ["email"] = row => row.Email,
        ["contact"] = row => row.Contact,
        ["address_line1"] = row => row.AddressLine1,
        ["address_line2"] = row => row.AddressLine2,
        ["address_city"] = row => row.AddressCity,
        ["address_state"] = row => row.AddressState,
        ["address_postal_code"] = row => row.AddressPostalCode,
        ["address_country"] = row => row.AddressCountry,
        ["timezone"] = row => row.Timezone,
        ["created_by"] = row => row.CreatedBy,
        ["updated_by"] = row => row.UpdatedBy,
    };

    private static readonly Dictionary<string, Expression<Func<Customer, DateTimeOffset>>> Times = new(StringComparer.Ordinal)
    {
        ["created_at"] = row => row.CreatedAt,
        ["updated_at"] = row => row.UpdatedAt,
    };

    /// <summary>The customers for which every condition holds; adds what is wrong with the conditions.</summary>
    public static IQueryable<Customer> Matching(IQueryable<Customer> rows, IReadOnlyList<FilterCondition> conditions, FieldErrors errors)
    {
        for (var index = 0; index < conditions.Count; index++)
        {
            var (condition, path) = (conditions[index], string.Create(CultureInfo.InvariantCulture, $"filters[{index}]"));
            if (Times.TryGetValue(condition.Field, out var time))
            {
                rows = TimeMatching(rows, time, condition, path, errors);
            }
            else if (TextOf(condition.Field) is { } text)
            {
                rows = TextMatching(rows, text, condition, path, errors);
            }
            else
            {
                errors.Demand(
                    false,
                    $"{path}.field",
                    $"must be one of: {string.Join(", ", Texts.Keys.Concat(Times.Keys).Order(StringComparer.Ordinal))}, or metadata. and a name without quotation marks and backslashes.");
            }
        }

        return rows;
    }

    /// <summary>In the order that is asked for; the id settles ties, so that pages neither skip nor repeat.</summary>
    public static IQueryable<Customer> Ordered(IQueryable<Customer> rows, IReadOnlyList<(string Field, bool Ascending)> sort, FieldErrors errors)
    {
        IOrderedQueryable<Customer>? ordered = null;
        for (var index = 0; index < sort.Count; index++)
        {
            var (field, ascending) = sort[index];
            if (Times.TryGetValue(field, out var time))
            {
                ordered = Then(ordered, rows, time, ascending);
            }
            else if (Texts.TryGetValue(field, out var text))
            {
                ordered = Then(ordered, rows, text, ascending);
            }
            else
            {
                errors.Demand(
                    false,
                    string.Create(CultureInfo.InvariantCulture, $"sort[{index}].field"),
                    $"must be one of: {string.Join(", ", Texts.Keys.Concat(Times.Keys).Order(StringComparer.Ordinal))}.");
            }
        }

        return Then(ordered, rows, Texts["id"], sort.Count > 0 && sort[^1].Ascending);
    }

    private static IOrderedQueryable<Customer> Then<T>(
        IOrderedQueryable<Customer>? ordered, IQueryable<Customer> rows, Expression<Func<Customer, T>> member, bool ascending) => (ordered, ascending) switch
        {
            (null, true) => rows.OrderBy(member),
            (null, false) => rows.OrderByDescending(member),
            (_, true) => ordered.ThenBy(member),
            (_, false) => ordered.ThenByDescending(member),
        };

    private static Expression<Func<Customer, string?>>? TextOf(string field)
    {
        if (Texts.TryGetValue(field, out var text))
        {
            return text;
        }

        if (!field.StartsWith(MetadataPrefix, StringComparison.Ordinal) || field.Length == MetadataPrefix.Length || field.AsSpan().ContainsAny('"', '\\'))
        {
            return null;
        }

        // In quotation marks a name may have any other character; it is a parameter, as all the rest.
        var path = $"$.\"{field[MetadataPrefix.Length..]}\"";
        return row => ControlDb.JsonText(row.Metadata, path);
    }

    private static IQueryable<Customer> TimeMatching(
        IQueryable<Customer> rows, Expression<Func<Customer, DateTimeOffset>> member, FilterCondition condition, string path, FieldErrors errors)
    {
        errors.Demand(
            condition.Value is { Date: not null, String: null, Array: null } && condition.DataType is null or "date", $"{path}.value", "must have date, and nothing else.");
        var asked = condition.Value.Date ?? DateTimeOffset.UnixEpoch;
        return condition.Operator switch
        {
            FilterOperators.Eq => rows.Where(RowConditions.On(member, time => time == asked)),
            FilterOperators.Lt or FilterOperators.Before => rows.Where(RowConditions.On(member, time => time < asked)),
            FilterOperators.Gt or FilterOperators.After => rows.Where(RowConditions.On(member, time => time > asked)),
            _ => Refused(rows, path, "must be one of eq, lt, gt, before, after for a time.", errors),
        };
    }

    private static IQueryable<Customer> TextMatching(
        IQueryable<Customer> rows, Expression<Func<Customer, string?>> member, FilterCondition condition, string path, FieldErrors errors)
    {
        var isList = condition.Operator is FilterOperators.In or FilterOperators.NotIn;
        var value = condition.Value;
        errors.Demand(
            isList
                ? value is { Array: not null, String: null, Date: null } && condition.DataType is null or "array"
                : value is { String: not null, Array: null, Date: null } && condition.DataType is null or "string",
            $"{path}.value",
            isList ? "must have array, and nothing else." : "must have string, and nothing else.");
        var (asked, any) = (value.String ?? "", value.Array ?? []);
        // CA1304, CA1311, CA1862: these are expressions that become SQL, where lower() knows A to Z and no culture.
#pragma warning disable CA1304, CA1311, CA1862
        var small = asked.ToLowerInvariant();
        return condition.Operator switch
        {
            FilterOperators.Eq => rows.Where(RowConditions.On(member, text => text == asked)),
            FilterOperators.Contains => rows.Where(RowConditions.On(member, text => text != null && text.ToLower().Contains(small))),
            FilterOperators.NotContains => rows.Where(RowConditions.On(member, text => text == null || !text.ToLower().Contains(small))),
            FilterOperators.In => rows.Where(RowConditions.On(member, text => any.Contains(text))),
            FilterOperators.NotIn => rows.Where(RowConditions.On(member, text => text == null || !any.Contains(text))),
            FilterOperators.Gt => rows.Where(RowConditions.On(member, text => string.Compare(text, asked) > 0)),
            FilterOperators.Lt => rows.Where(RowConditions.On(member, text => string.Compare(text, asked) < 0)),
            _ => Refused(rows, path, "must be one of eq, contains, not_contains, in, not_in, gt, lt for a text.", errors),
        };
#pragma warning restore CA1304, CA1311, CA1862
    }

    private static IQueryable<Customer> Refused(IQueryable<Customer> rows, string path, string why, FieldErrors errors)
    {
        errors.Demand(false, $"{path}.operator", why);
        return rows;
    }
}
