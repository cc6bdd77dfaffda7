namespace Tollgate.ServerTests.Access;

/// <summary>A valid request of a route.</summary>
internal sealed record Sample(string Path, object? Body = null);

/// <summary>The objects that samples name.</summary>
internal sealed record SampleObjects
{
    /// <summary>A text that no other sample has.</summary>
    public required string Unique { get; init; }

    public required string TenantId { get; init; }

    public required string EnvironmentId { get; init; }

    public required string AccountId { get; init; }

    public required string KeyId { get; init; }

    public required string RoleId { get; init; }

    public required string CustomerId { get; init; }

    public required string CustomerExternalId { get; init; }

    public required string EventId { get; init; }

    public required string MeterId { get; init; }

    /// <summary>The price of that meter in US dollars.</summary>
    public required string PriceId { get; init; }

    /// <summary>An invoice of the customer in US dollars, over <see cref="RouteSamples.InvoicedStart"/> to <see cref="RouteSamples.InvoicedEnd"/>.</summary>
    public required string InvoiceId { get; init; }

    public required string QuarantineId { get; init; }

    public required string RemovalId { get; init; }

    public required string SessionId { get; init; }

    public required string AuditRecordId { get; init; }

    public required string GrantableRole { get; init; }

    public required string Email { get; init; }

    public required string Password { get; init; }

    /// <summary>A person who was invited and has not come yet.</summary>
    public required string PersonId { get; init; }

    /// <summary>A session of that person.</summary>
    public required string PersonSessionId { get; init; }

    /// <summary>The token of that person's invitation.</summary>
    public required string InvitationToken { get; init; }

    /// <summary>The code that a second factor shows; empty where there is none.</summary>
    public string Code { get; init; } = "";

    /// <summary>A code that gets in where the code was used up.</summary>
    public string RecoveryCode { get; init; } = "";
}

/// <summary>One valid request for every route, written by hand.</summary>
internal static class RouteSamples
{
    public const string EventName = "matrix";

    public const string InvoicedStart = "2020-01-01T00:00:00Z";
    public const string InvoicedEnd = "2020-02-01T00:00:00Z";

    private static readonly Dictionary<string, string[]> RolePermissions = new() { ["event"] = ["read"] };

    private static readonly Dictionary<string, Func<SampleObjects, Sample>> Samples = new()
    {
        ["GET /health"] = _ => new("/health"),
        ["GET /healthz/live"] = _ => new("/healthz/live"),
        ["GET /healthz/ready"] = _ => new("/healthz/ready"),
        ["GET /errors/{code}"] = _ => new("/errors/permission_denied"),
        ["GET /openapi/v1.json"] = _ => new("/openapi/v1.json"),

        ["POST /v1/auth/login"] = o => new("/v1/auth/login", new { email = o.Email, password = o.Password }),
        ["POST /v1/auth/logout"] = _ => new("/v1/auth/logout"),
        ["GET /v1/auth/sessions"] = _ => new("/v1/auth/sessions"),
        ["DELETE /v1/auth/sessions"] = _ => new("/v1/auth/sessions"),
        ["DELETE /v1/auth/sessions/{id}"] = o => new($"/v1/auth/sessions/{o.SessionId}"),
        ["POST /v1/auth/password"] = o => new(
            "/v1/auth/password", new { current_password = o.Password, new_password = $"a new password {o.Unique}" }),

        ["POST /v1/auth/invitations/preview"] = o => new("/v1/auth/invitations/preview", new { token = o.InvitationToken }),
        ["POST /v1/auth/invitations/accept"] = o => new(
            "/v1/auth/invitations/accept", new { token = o.InvitationToken, password = $"a new password {o.Unique}" }),
        ["GET /v1/auth/totp"] = _ => new("/v1/auth/totp"),
        ["POST /v1/auth/totp/enroll"] = o => new("/v1/auth/totp/enroll", new { current_password = o.Password }),
        ["POST /v1/auth/totp/confirm"] = o => new("/v1/auth/totp/confirm", new { code = o.Code }),
        ["DELETE /v1/auth/totp"] = o => new("/v1/auth/totp", new { current_password = o.Password }),
        ["POST /v1/auth/totp/recovery-codes"] = o => new(
            "/v1/auth/totp/recovery-codes", new { current_password = o.Password, recovery_code = o.RecoveryCode }),

        ["POST /v1/users"] = o => new("/v1/users", new { type = "service_account", name = o.Unique, roles = new[] { o.GrantableRole } }),
        ["GET /v1/users/me"] = _ => new("/v1/users/me"),
        ["PUT /v1/users/me"] = o => new("/v1/users/me", new { name = o.Unique }),
        ["GET /v1/users/{id}"] = o => new($"/v1/users/{o.AccountId}"),
        ["POST /v1/users/search"] = _ => new("/v1/users/search", new { }),
        ["PUT /v1/users/{id}"] = o => new($"/v1/users/{o.AccountId}", new { name = o.Unique }),
        ["PUT /v1/users/{id}/roles"] = o => new($"/v1/users/{o.AccountId}/roles", new { roles = new[] { "event_ingestor" } }),
        ["POST /v1/users/{id}/roles/preview"] = o => new($"/v1/users/{o.AccountId}/roles/preview", new { roles = new[] { "event_ingestor" } }),
        ["POST /v1/users/{id}/disable"] = o => new($"/v1/users/{o.AccountId}/disable"),
        ["POST /v1/users/{id}/enable"] = o => new($"/v1/users/{o.AccountId}/enable"),
        ["DELETE /v1/users/{id}"] = o => new($"/v1/users/{o.AccountId}"),
        ["POST /v1/users/{id}/invite"] = o => new($"/v1/users/{o.PersonId}/invite"),
        ["DELETE /v1/users/{id}/totp"] = o => new($"/v1/users/{o.PersonId}/totp"),
        ["GET /v1/users/{id}/sessions"] = o => new($"/v1/users/{o.PersonId}/sessions"),
        ["DELETE /v1/users/{id}/sessions"] = o => new($"/v1/users/{o.AccountId}/sessions"),
        ["DELETE /v1/users/{id}/sessions/{session_id}"] = o => new($"/v1/users/{o.PersonId}/sessions/{o.PersonSessionId}"),

        ["GET /v1/rbac/roles"] = _ => new("/v1/rbac/roles"),
        ["GET /v1/rbac/roles/{id}"] = o => new($"/v1/rbac/roles/{o.RoleId}"),
        ["GET /v1/rbac/manifest"] = _ => new("/v1/rbac/manifest"),
        ["POST /v1/rbac/can-i"] = _ => new("/v1/rbac/can-i", new { permission = "event:read" }),
        ["POST /v1/rbac/explain"] = o => new("/v1/rbac/explain", new { principal_id = o.AccountId, permission = "event:read" }),
        ["GET /v1/rbac/who-can"] = _ => new("/v1/rbac/who-can?permission=event:read"),
        ["GET /v1/rbac/recommendations"] = _ => new("/v1/rbac/recommendations"),
        ["POST /v1/rbac/roles"] = o => new(
            "/v1/rbac/roles", new { id = o.Unique, name = "A role", permissions = RolePermissions, assignable_to = new[] { "user" } }),
        ["PUT /v1/rbac/roles/{id}"] = o => new(
            $"/v1/rbac/roles/{o.RoleId}", new { name = "Another name", permissions = RolePermissions, assignable_to = new[] { "user" } }),
        ["DELETE /v1/rbac/roles/{id}"] = o => new($"/v1/rbac/roles/{o.RoleId}"),

        ["POST /v1/secrets/api/keys"] = o => new("/v1/secrets/api/keys", new { name = o.Unique, type = "private_key" }),
        ["GET /v1/secrets/api/keys"] = _ => new("/v1/secrets/api/keys"),
        ["GET /v1/secrets/api/keys/{id}"] = o => new($"/v1/secrets/api/keys/{o.KeyId}"),
        ["PUT /v1/secrets/api/keys/{id}"] = o => new($"/v1/secrets/api/keys/{o.KeyId}", new { name = o.Unique }),
        ["DELETE /v1/secrets/api/keys/{id}"] = o => new($"/v1/secrets/api/keys/{o.KeyId}"),

        ["POST /v1/secrets/api/keys/{id}/rotate"] = o => new($"/v1/secrets/api/keys/{o.KeyId}/rotate", new { overlap_seconds = 60 }),
        ["GET /v1/secrets/api/keys/{id}/rotation"] = o => new($"/v1/secrets/api/keys/{o.KeyId}/rotation"),
        ["POST /v1/secrets/api/keys/{id}/disable"] = o => new($"/v1/secrets/api/keys/{o.KeyId}/disable"),
        ["POST /v1/secrets/api/keys/{id}/enable"] = o => new($"/v1/secrets/api/keys/{o.KeyId}/enable"),
        ["GET /v1/secrets/api/keys/{id}/usage"] = o => new($"/v1/secrets/api/keys/{o.KeyId}/usage"),
        ["GET /v1/secrets/api/keys/{id}/revocation"] = o => new($"/v1/secrets/api/keys/{o.KeyId}/revocation"),
        ["POST /v1/secrets/api/keys/import"] = o => new("/v1/secrets/api/keys/import", new
        {
            keys = new[]
            {
                new
                {
                    sha256 = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(o.Unique))),
                    name = o.Unique,
                    service_account_id = o.AccountId,
                },
            },
        }),
        ["POST /v1/secrets/identify"] = _ => new("/v1/secrets/identify", new { fragment = "12345678" }),
        ["POST /v1/secrets/leaks/github"] = _ => new("/v1/secrets/leaks/github", new { }),
        ["GET /v1/settings/api-keys"] = _ => new("/v1/settings/api-keys"),
        ["PUT /v1/settings/api-keys"] = _ => new("/v1/settings/api-keys", new { max_lifetime_days = (int?)null, leaked_key_policy = "notify" }),

        ["POST /v1/environments"] = o => new("/v1/environments", new { name = o.Unique, type = "development" }),
        ["GET /v1/environments"] = _ => new("/v1/environments"),
        ["GET /v1/environments/{id}"] = o => new($"/v1/environments/{o.EnvironmentId}"),
        ["GET /v1/environments/{id}/retention"] = o => new($"/v1/environments/{o.EnvironmentId}/retention"),
        ["PUT /v1/environments/{id}/retention"] = o => new($"/v1/environments/{o.EnvironmentId}/retention", new { days = 36_500 }),
        ["PUT /v1/environments/{id}"] = o => new($"/v1/environments/{o.EnvironmentId}", new { name = o.Unique }),
        ["GET /v1/tenants/{id}"] = o => new($"/v1/tenants/{o.TenantId}"),
        ["PUT /v1/tenants/update"] = o => new("/v1/tenants/update", new { name = o.Unique }),

        ["GET /v1/audit/logs"] = _ => new("/v1/audit/logs"),
        ["GET /v1/audit/logs/{id}"] = o => new($"/v1/audit/logs/{o.AuditRecordId}"),
        ["GET /v1/audit/export"] = _ => new("/v1/audit/export?start_time=2100-01-01T00:00:00Z"),
        ["POST /v1/audit/verify"] = _ => new("/v1/audit/verify"),
        ["GET /v1/audit/checkpoints"] = _ => new("/v1/audit/checkpoints"),

        ["POST /v1/customers"] = o => new("/v1/customers", new { external_id = o.Unique, name = "A customer" }),
        ["GET /v1/customers"] = _ => new("/v1/customers"),
        ["GET /v1/customers/{id}"] = o => new($"/v1/customers/{o.CustomerId}"),
        ["GET /v1/customers/external/{external_id}"] = o => new($"/v1/customers/external/{o.CustomerExternalId}"),
        ["POST /v1/customers/search"] = _ => new("/v1/customers/search", new { }),
        ["PUT /v1/customers"] = o => new($"/v1/customers?id={o.CustomerId}", new { name = o.Unique }),
        ["PUT /v1/customers/{id}"] = o => new($"/v1/customers/{o.CustomerId}", new { name = o.Unique }),
        ["DELETE /v1/customers/{id}"] = o => new($"/v1/customers/{o.CustomerId}"),

        ["GET /v1/customers/{id}/usage"] = o => new($"/v1/customers/{o.CustomerId}/usage"),

        ["POST /v1/meters"] = o => new("/v1/meters", Meter(o.Unique)),
        ["GET /v1/meters"] = _ => new("/v1/meters"),
        ["GET /v1/meters/{id}"] = o => new($"/v1/meters/{o.MeterId}"),
        ["PUT /v1/meters/{id}"] = o => new($"/v1/meters/{o.MeterId}", new { name = o.Unique }),
        ["DELETE /v1/meters/{id}"] = o => new($"/v1/meters/{o.MeterId}"),
        ["POST /v1/events/usage/meter"] = o => new("/v1/events/usage/meter", new { meter_id = o.MeterId }),

        // Not in dollars: the standing meter's price is, and every priced meter is a line of every invoice.
        ["POST /v1/prices"] = o => new("/v1/prices", Price(o.MeterId, "eur")),
        ["GET /v1/prices"] = _ => new("/v1/prices"),
        ["POST /v1/prices/search"] = _ => new("/v1/prices/search", new { }),
        ["GET /v1/prices/{id}"] = o => new($"/v1/prices/{o.PriceId}"),
        ["PUT /v1/prices/{id}"] = o => new($"/v1/prices/{o.PriceId}", new { amount = "0.2" }),
        ["DELETE /v1/prices/{id}"] = o => new($"/v1/prices/{o.PriceId}"),
        ["POST /v1/invoices/preview"] = o => new("/v1/invoices/preview", Invoice(o.CustomerId)),
        ["POST /v1/invoices"] = o => new("/v1/invoices", Invoice(o.CustomerId)),
        ["GET /v1/invoices"] = _ => new("/v1/invoices"),
        ["POST /v1/invoices/search"] = _ => new("/v1/invoices/search", new { }),
        ["GET /v1/invoices/{id}"] = o => new($"/v1/invoices/{o.InvoiceId}"),
        ["POST /v1/invoices/{id}/void"] = o => new($"/v1/invoices/{o.InvoiceId}/void"),

        ["POST /v1/events"] = o => new("/v1/events", new { event_name = EventName, external_customer_id = "c", event_id = o.Unique }),
        ["POST /v1/events/bulk"] = o => new(
            "/v1/events/bulk", new { events = new[] { new { event_name = EventName, external_customer_id = "c", event_id = $"{o.Unique} bulk" } } }),
        ["GET /v1/events"] = _ => new("/v1/events"),
        ["POST /v1/events/query"] = _ => new("/v1/events/query", new { }),
        ["GET /v1/events/monitoring"] = _ => new("/v1/events/monitoring"),
        ["GET /v1/events/outcomes"] = _ => new("/v1/events/outcomes"),
        ["GET /v1/events/stream"] = _ => new("/v1/events/stream?max_seconds=0"),
        ["GET /v1/events/export"] = _ => new("/v1/events/export"),
        ["GET /v1/events/lookup"] = o => new($"/v1/events/lookup?id={o.EventId}"),
        ["GET /v1/events/diagnostics"] = _ => new("/v1/events/diagnostics"),
        ["GET /v1/events/{id}"] = o => new($"/v1/events/{o.EventId}"),
        ["POST /v1/events/quarantine"] = o => new("/v1/events/quarantine", new { api_key_id = o.KeyId, reason = o.Unique }),
        ["GET /v1/events/quarantine"] = _ => new("/v1/events/quarantine"),
        ["GET /v1/events/quarantine/{id}"] = o => new($"/v1/events/quarantine/{o.QuarantineId}"),
        ["DELETE /v1/events/quarantine/{id}"] = o => new($"/v1/events/quarantine/{o.QuarantineId}"),
        // Not in earnest: that goes on after the answer, and would change rows under other requests.
        ["POST /v1/events/erase"] = o => new("/v1/events/erase", new { external_customer_id = o.Unique, sums = "keep", dry_run = true }),
        ["GET /v1/events/removals"] = _ => new("/v1/events/removals"),
        ["GET /v1/events/removals/{id}"] = o => new($"/v1/events/removals/{o.RemovalId}"),
        ["POST /v1/events/usage"] = _ => new("/v1/events/usage", new { event_name = EventName, aggregation_type = "COUNT" }),
    };

    public static object Meter(string name) => new { name, event_name = EventName, aggregation = new { type = "COUNT" } };

    public static object Price(string meterId, string currency) => new { meter_id = meterId, currency, billing_model = "FLAT_FEE", amount = "0.1" };

    public static object Invoice(string customerId) =>
        new { customer_id = customerId, currency = "usd", period_start = InvoicedStart, period_end = InvoicedEnd };

    public static Sample For(ExpectedRoute route, SampleObjects objects) => Samples.TryGetValue(route.Name, out var sample)
        ? sample(objects)
        : throw new InvalidOperationException($"{route} has no sample.");
}
