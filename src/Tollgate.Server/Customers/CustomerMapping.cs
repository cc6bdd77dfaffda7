using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Customers;

internal static class CustomerMapping
{
    public static CustomerResponse ToResponse(this Customer row) => new()
    {
        Id = row.Id,
        ExternalId = row.ExternalId,
        Name = row.Name,
        Email = row.Email,
        Contact = row.Contact,
        AddressLine1 = row.AddressLine1,
        AddressLine2 = row.AddressLine2,
        AddressCity = row.AddressCity,
        AddressState = row.AddressState,
        AddressPostalCode = row.AddressPostalCode,
        AddressCountry = row.AddressCountry,
        Timezone = row.Timezone,
        Metadata = row.Metadata,
        ParentCustomerId = null,
        ParentCustomer = null,
        Status = row.Status,
        TenantId = row.TenantId,
        EnvironmentId = row.EnvironmentId,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        CreatedBy = row.CreatedBy,
        UpdatedBy = row.UpdatedBy,
    };

    /// <summary>The customers that the caller can reach: those of its environment, within the constraints of its key.</summary>
    public static IQueryable<Customer> Of(this IQueryable<Customer> customers, Caller caller)
    {
        var (tenant, environment) = (caller.TenantId, caller.EnvironmentId);
        return customers.Where(row => row.TenantId == tenant && row.EnvironmentId == environment)
            .Within(caller.Constraints?.Customers, row => row.ExternalId);
    }

    /// <summary>The 403 of a key that would give a customer a name outside of its constraints; null when it may.</summary>
    public static Problem? RefusalOf(this RequestBounds bounds, Caller caller, string externalId) =>
        caller.Constraints?.AllowsCustomer(externalId) != false
            ? null
            : bounds.Violation(
                caller,
                ConstraintSet.CustomersName,
                "external_id: this key is limited to certain customers, and this is none of them",
                "Nothing of the request was stored. details.constraints lists which customers the key may see and change.",
                new Dictionary<string, List<string>> { ["external_id"] = ["is outside of what this key is limited to."] });

    /// <summary>The customer with this id or, when that is null, with this external id; deleted ones are gone.</summary>
    /// <exception cref="ProblemException">404: there is none.</exception>
    public static async Task<Customer> CustomerAsync(
        this ControlDb db, Caller caller, string? id, string? externalId, CancellationToken cancellationToken)
    {
        var rows = db.Customers.Of(caller).Where(row => row.Status != Statuses.Deleted);
        return await (id is not null ? rows.Where(row => row.Id == id) : rows.Where(row => row.ExternalId == externalId))
            .SingleOrDefaultAsync(cancellationToken)
            ?? throw new ProblemException(Problem.NotFound("customer"));
    }

    /// <summary>The 409 of a second customer with one external id.</summary>
    public static Problem Exists(string externalId) =>
        new(409, ErrorCodes.AlreadyExists, $"There is a customer with the external_id {externalId} already.")
        {
            Error = "Conflict",
            Detail = "Choose another, or change the one that exists.",
        };

    /// <summary>What a wire type can't say of a customer's members.</summary>
    public static void Check(
        string? email, string? country, string? timezone, IReadOnlyDictionary<string, string>? metadata, FieldErrors errors)
    {
        CheckEmail(email, "email", errors);
        errors.Demand(country is null or "" || Countries.Has(country), "address_country", Countries.Unknown);
        errors.Demand(timezone is null or "" || TimeZones.Find(timezone) is not null, "timezone", TimeZones.Unknown);
        Metadata.Check(metadata, "metadata", errors);
    }

    /// <summary>An address that mail could be sent to; absent and empty are fine.</summary>
    public static void CheckEmail(string? email, string path, FieldErrors errors) =>
        errors.Demand(email is null or "" || IsEmail(email), path, "must be an e-mail address.");

    // Customers' addresses are kept as they were sent, in any script; only the shape is looked at.
    private static bool IsEmail(string text)
    {
        var at = text.LastIndexOf('@');
        return at > 0 && at < text.Length - 1 && !text.Any(char.IsWhiteSpace) && !text.Any(char.IsControl);
    }
}
