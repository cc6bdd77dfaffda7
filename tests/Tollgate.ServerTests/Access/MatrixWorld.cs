using System.Globalization;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary>Two tenants in one server, and principals of every kind, made through the public API alone.</summary>
public sealed class MatrixWorld : IAsyncLifetime
{
    /// <summary>In every text of the second tenant.</summary>
    internal const string Canary = "CANARY";

    private static readonly string[] AllPermissions = [.. Permissions.All];
    private static readonly string[] ReadPermissions = [.. AllPermissions.Where(name => name.EndsWith(":read", StringComparison.Ordinal))];

    private readonly List<Principal> _principals = [];
    private HttpClient? _admin;
    private Person? _adminPerson;
    private int _unique;

    public TollgateServer Server { get; } = new();

    internal IReadOnlyList<Principal> Principals => _principals;

    /// <summary>The routes that the server has; another test says that they are the expected ones.</summary>
    internal IReadOnlyList<ExpectedRoute> Routes { get; private set; } = [];

    /// <summary>Objects of the first tenant that stay.</summary>
    internal SampleObjects Standing { get; private set; } = null!;

    /// <summary>Every role of the first tenant with its permissions as the model sees them.</summary>
    internal Dictionary<string, IReadOnlySet<string>> Roles { get; } = new()
    {
        [BuiltInRoles.SuperAdmin] = AllPermissions.ToHashSet(),
        [BuiltInRoles.AllWriter] = AllPermissions.ToHashSet(),
        [BuiltInRoles.AllReader] = ReadPermissions.ToHashSet(),
        [BuiltInRoles.EventIngestor] = new HashSet<string> { "event:write" },
        [BuiltInRoles.EventReader] = new HashSet<string> { "event:read" },
    };

    /// <summary>A person with <c>super_admin</c>, logged in.</summary>
    private HttpClient Admin => _admin ?? throw new InvalidOperationException("The world is not made yet.");

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        var served = ServedRoutes.Of(Server);
        Routes = [.. ExpectedRoute.All.Where(route => served.Contains(route.Name))];
        _adminPerson = await Server.CreatePersonAsync(BuiltInRoles.SuperAdmin);
        _admin = Server.ClientWithSession(await Server.LoginAsync(_adminPerson.Email, _adminPerson.Password));
        Standing = await ObjectsOfAsync(Server.ClientWith(Server.Secrets.ApiKey), Server.Secrets.TenantId, Server.Secrets.EnvironmentId, "standing");
        await AddServiceAccountsAsync();
        await AddPeopleAsync();
        await AddChangedAccountsAsync();
        await AddInvalidCredentialsAsync();
        await AddFlawedRequestsAsync();
        await AddSecondTenantAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _admin?.Dispose();
        await Server.DisposeAsync();
    }

    internal string NextUnique() => string.Create(CultureInfo.InvariantCulture, $"m_{Interlocked.Increment(ref _unique):000000}");

    /// <summary>Objects for a request that will be let in: what it changes or deletes is new, and may be seen by the principal.</summary>
    internal async Task<SampleObjects> FreshAsync(ExpectedRoute route, Principal principal)
    {
        var objects = Standing with
        {
            Unique = NextUnique(),
            GrantableRole = principal.GrantableRole,
            Email = principal.Login?.Email ?? Standing.Email,
            Password = principal.Login?.Password ?? Standing.Password,
        };
        if (route.Path.StartsWith("/v1/secrets/api/keys/", StringComparison.Ordinal) && principal.NewKey is not null)
        {
            return objects with { KeyId = await principal.NewKey() };
        }

        if (route.Name is "DELETE /v1/users/{id}/sessions/{session_id}" or "POST /v1/users/{id}/invite" or "POST /v1/auth/invitations/accept")
        {
            var (personId, personSessionId, token) = await InvitePersonAsync(Server.AdminClient);
            return objects with { PersonId = personId, PersonSessionId = personSessionId, InvitationToken = token };
        }

        if (!route.ChangesSomething || !route.NamesAnObject)
        {
            return objects;
        }

        if (route.Path.StartsWith("/v1/users/", StringComparison.Ordinal))
        {
            return objects with { AccountId = (await Server.CreateServiceAccountAsync(BuiltInRoles.EventReader)).Id };
        }

        if (route.Path.StartsWith("/v1/rbac/roles/", StringComparison.Ordinal))
        {
            return objects with { RoleId = await CreateRoleAsync(NextUnique(), ["event:read"]) };
        }

        if (route.Path.StartsWith("/v1/meters/", StringComparison.Ordinal) || route.Path.StartsWith("/v1/prices", StringComparison.Ordinal))
        {
            var meterId = await CreateAsync(Server.AdminClient, "/v1/meters", RouteSamples.Meter(NextUnique()));
            return route.Path.StartsWith("/v1/prices/", StringComparison.Ordinal)
                ? objects with { PriceId = await CreateAsync(Server.AdminClient, "/v1/prices", RouteSamples.Price(meterId, "eur")) }
                : objects with { MeterId = meterId };
        }

        if (route.Path.StartsWith("/v1/invoices", StringComparison.Ordinal))
        {
            var (id, _) = await CreateCustomerAsync(Server.AdminClient, NextUnique());
            return route.Path.Contains('{', StringComparison.Ordinal)
                ? objects with { InvoiceId = await CreateAsync(Server.AdminClient, "/v1/invoices", RouteSamples.Invoice(id)) }
                : objects with { CustomerId = id };
        }

        if (route.Path.StartsWith("/v1/customers", StringComparison.Ordinal))
        {
            var (id, externalId) = await CreateCustomerAsync(Server.AdminClient, NextUnique());
            return objects with { CustomerId = id, CustomerExternalId = externalId };
        }

        if (route.Path.StartsWith("/v1/events/quarantine/", StringComparison.Ordinal))
        {
            return objects with { QuarantineId = await QuarantineAsync(Server.AdminClient, Standing.KeyId) };
        }

        return route.Path.StartsWith("/v1/auth/sessions/", StringComparison.Ordinal) && principal.Login is { } login
            ? objects with { SessionId = await LoginForIdAsync(login.Email, login.Password) }
            : objects;
    }

    /// <summary>A person who has a second factor, or is about to confirm one, in place of a principal who shall have none.</summary>
    internal async Task<(string Cookie, SampleObjects Objects)> WithSecondFactorAsync(SampleObjects objects, string role, bool confirmed)
    {
        var person = await Server.CreatePersonAsync(role);
        var cookie = await Server.LoginAsync(person.Email, person.Password);
        var app = await Authenticator.EnrollAsync(Server.ClientWithSession(cookie), person.Password);
        objects = objects with { Email = person.Email, Password = person.Password, Code = app.CodeAt(Server.Now) };
        if (confirmed)
        {
            var (next, codes) = await app.ConfirmAsync(Server.ClientWithSession(cookie), Server.Now);
            return (next, objects with { RecoveryCode = codes[0] });
        }

        return (cookie, objects);
    }

    /// <summary>A new person who was invited and has logged in with the first password.</summary>
    private async Task<(string Id, string SessionId, string Token)> InvitePersonAsync(HttpClient admin)
    {
        var email = $"{NextUnique()}@people.example";
        using var created = await admin.PostJsonAsync("/v1/users", new { type = AccountTypes.User, email });
        var person = await created.ReadAsync<CreatedUserResponse>(201);
        return (person.Id, await LoginForIdAsync(email, person.Password ?? ""), person.InviteUrl?.Split("#token=")[1] ?? "");
    }

    private async Task AddServiceAccountsAsync()
    {
        foreach (var permission in AllPermissions)
        {
            await AddWithRoleAsync($"only {permission}", $"only_{permission.Replace(':', '_')}", [permission]);
            await AddWithRoleAsync($"all but {permission}", $"all_but_{permission.Replace(':', '_')}", [.. AllPermissions.Where(name => name != permission)]);
        }

        await AddWithRoleAsync("everything", "everything", AllPermissions, "*:*");
        await AddWithRoleAsync("every read", "every_read", ReadPermissions, "*:read");
        foreach (var role in new[] { BuiltInRoles.EventIngestor, BuiltInRoles.EventReader, BuiltInRoles.SuperAdmin })
        {
            var account = await Server.CreateServiceAccountAsync(role);
            Add(await KeyOfAsync($"service account {role}", account, Roles[role], role));
        }
    }

    private async Task AddWithRoleAsync(string name, string role, string[] permissions, params string[] grants)
    {
        await CreateRoleAsync(role, grants.Length > 0 ? grants : permissions);
        Roles[role] = permissions.ToHashSet();
        Add(await KeyOfAsync(name, await Server.CreateServiceAccountAsync(role), permissions, role));
    }

    private async Task AddPeopleAsync()
    {
        foreach (var role in new[] { BuiltInRoles.SuperAdmin, BuiltInRoles.AllWriter })
        {
            var person = await Server.CreatePersonAsync(role);
            var session = await SessionOfAsync($"person {role}", person, Roles[role], role);
            Add(session);
            var (key, _) = await CreateOwnKeyAsync(Server.ClientWithSession(session.Headers[0].Value["__Host-sid=".Length..]));
            Add(session with { Name = $"key of person {role}", Session = false, Headers = [("x-api-key", key)] });
        }

        // Who only reads can't make a key; this person made one while they could do more.
        var reader = await Server.CreatePersonAsync(BuiltInRoles.AllWriter);
        var client = Server.ClientWithSession(await Server.LoginAsync(reader.Email, reader.Password));
        var (readersKey, readersKeyId) = await CreateOwnKeyAsync(client);
        await SetRolesAsync(reader.Account.Id, BuiltInRoles.AllReader);
        var reading = await SessionOfAsync("person all_reader", reader, ReadPermissions, BuiltInRoles.AllReader);
        reading = reading with { NewKey = () => Task.FromResult(readersKeyId) };
        Add(reading);
        Add(reading with { Name = "key of a person demoted to all_reader", Session = false, Headers = [("x-api-key", readersKey)] });
    }

    /// <summary>Accounts that gained or lost something after their key was made.</summary>
    private async Task AddChangedAccountsAsync()
    {
        await CreateRoleAsync("fading", ["event:read"]);
        var fading = await Server.CreateServiceAccountAsync("fading");
        var nothing = await KeyOfAsync("a key with nothing left", fading, [], "fading");
        await UpdateRoleAsync("fading", ["event:write"]);
        Roles["fading"] = new HashSet<string> { "event:write" };
        Add(nothing);

        var demoted = await Server.CreateServiceAccountAsync("everything");
        var key = await KeyOfAsync("a key after its account was demoted", demoted, ["event:read"], BuiltInRoles.EventReader);
        await SetRolesAsync(demoted.Id, BuiltInRoles.EventReader);
        Add(key);

        var promoted = await Server.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        key = await KeyOfAsync("a key from before its account was promoted", promoted, ["event:read"], BuiltInRoles.SuperAdmin);
        await SetRolesAsync(promoted.Id, BuiltInRoles.SuperAdmin);
        Add(key);

        var risen = await Server.CreatePersonAsync(BuiltInRoles.AllWriter);
        var (before, _) = await CreateOwnKeyAsync(Server.ClientWithSession(await Server.LoginAsync(risen.Email, risen.Password)));
        await SetRolesAsync(risen.Account.Id, BuiltInRoles.SuperAdmin);
        var session = await SessionOfAsync("a person made administrator", risen, AllPermissions, BuiltInRoles.SuperAdmin);
        Add(session with
        {
            Name = "a key from before its person became administrator",
            Session = false,
            Administrator = false,
            AccountHoldsMore = true,
            Headers = [("x-api-key", before)],
        });

        var fallen = await Server.CreatePersonAsync(BuiltInRoles.SuperAdmin);
        var (after, _) = await CreateOwnKeyAsync(Server.ClientWithSession(await Server.LoginAsync(fallen.Email, fallen.Password)));
        await SetRolesAsync(fallen.Account.Id, BuiltInRoles.AllWriter);
        session = await SessionOfAsync("a person who was administrator", fallen, AllPermissions, BuiltInRoles.AllWriter);
        Add(session with { Name = "a key from when its person was administrator", Session = false, Headers = [("x-api-key", after)] });
    }

    private async Task AddInvalidCredentialsAsync()
    {
        var good = Server.Secrets.ApiKey;
        var other = (await Server.CreateKeyAsync(await Server.CreateServiceAccountAsync("everything"))).ApiKey;
        AddInvalid("no credential");
        AddInvalid("a malformed key", ("x-api-key", "key"));
        AddInvalid("an unknown key", ("x-api-key", SecretText.NewKey()));
        AddInvalid("a key with a wrong checksum", ("x-api-key", good[..^1] + (good[^1] == 'a' ? 'b' : 'a')));
        AddInvalid("a key cut short", ("x-api-key", good[..^1]));
        AddInvalid("a key with its case changed", ("x-api-key", "tgsk_" + SwapCase(good[5..])));
        AddInvalid("a key twice", ("x-api-key", good), ("x-api-key", good));
        AddInvalid("two keys", ("x-api-key", good), ("Authorization", $"Bearer {other}"));
        AddInvalid("a bad key beside a good one", ("x-api-key", "key"), ("Authorization", $"Bearer {good}"));
        AddInvalid("a key in Basic", ("Authorization", $"Basic {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{good}:"))}"));
        AddInvalid("a key without a scheme", ("Authorization", good));
        AddInvalid("a key in the session's cookie", ("Cookie", $"__Host-sid={good}"), ("Sec-Fetch-Site", "same-origin"));
        AddInvalid("a key in a cookie", ("Cookie", $"x-api-key={good}"));
        _principals.Add(new Principal("a key in the URL") { Flaw = Flaw.Credential, Query = $"api_key={good}" });
        _principals.Add(new Principal("a key in the URL beside one in the header")
        {
            Flaw = Flaw.Credential,
            Query = $"api_key={good}",
            Headers = [("x-api-key", good)],
        });

        var expired = await Server.CreateKeyAsync(
            await Server.CreateServiceAccountAsync("everything"), TimeProvider.System.GetUtcNow().AddMilliseconds(500));
        AddDead("an expired key", expired.Id, expired.ApiKey);
        var revoked = await Server.CreateKeyAsync(await Server.CreateServiceAccountAsync("everything"));
        await DoAsync(HttpMethod.Delete, $"/v1/secrets/api/keys/{revoked.Id}", client: Server.AdminClient);
        AddDead("a revoked key", revoked.Id, revoked.ApiKey);
        foreach (var (what, method, path) in new[] { ("disabled", HttpMethod.Post, "/disable"), ("deleted", HttpMethod.Delete, "") })
        {
            var account = await Server.CreateServiceAccountAsync("everything");
            var key = await Server.CreateKeyAsync(account);
            await DoAsync(method, $"/v1/users/{account.Id}{path}");
            AddDead($"a key of a {what} service account", key.Id, key.ApiKey);

            var person = await Server.CreatePersonAsync(BuiltInRoles.SuperAdmin);
            var cookie = await Server.LoginAsync(person.Email, person.Password);
            var (personsKey, personsKeyId) = await CreateOwnKeyAsync(Server.ClientWithSession(cookie));
            await DoAsync(method, $"/v1/users/{person.Account.Id}{path}");
            AddDead($"a key of a {what} person", personsKeyId, personsKey);
            _principals.Add(new Principal($"a session of a {what} person")
            {
                Flaw = Flaw.Credential,
                AccountId = person.Account.Id,
                Headers = [("Cookie", $"__Host-sid={cookie}"), ("Sec-Fetch-Site", "same-origin")],
            });
        }

        var left = await Server.LoginAsync(AdminPerson.Email, AdminPerson.Password);
        await DoAsync(HttpMethod.Post, "/v1/auth/logout", client: Server.ClientWithSession(left));
        AddInvalid("a session after its logout", ("Cookie", $"__Host-sid={left}"), ("Sec-Fetch-Site", "same-origin"));
        var demoted = await Server.CreatePersonAsync(BuiltInRoles.SuperAdmin);
        var old = await Server.LoginAsync(demoted.Email, demoted.Password);
        await SetRolesAsync(demoted.Account.Id, BuiltInRoles.AllReader);
        AddInvalid("a session from before its person was demoted", ("Cookie", $"__Host-sid={old}"), ("Sec-Fetch-Site", "same-origin"));

        // Half a second has long passed by the time the matrix runs; this makes sure.
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
    }

    private async Task AddFlawedRequestsAsync()
    {
        var key = (await Server.CreateKeyAsync(await Server.CreateServiceAccountAsync("everything"))).ApiKey;
        _principals.Add(new Principal("a key that names another environment")
        {
            Flaw = Flaw.Environment,
            Headers = [("x-api-key", key), ("X-Environment-ID", await OtherEnvironmentAsync())],
        });
        _principals.Add(new Principal("a key that names an environment that does not exist")
        {
            Flaw = Flaw.Environment,
            Headers = [("x-api-key", key), ("X-Environment-ID", "env_0")],
        });
        var person = await Server.CreatePersonAsync(BuiltInRoles.SuperAdmin);
        var session = await SessionOfAsync("a session from a page of another origin", person, AllPermissions, BuiltInRoles.SuperAdmin);
        foreach (var header in new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "https://evil.example") })
        {
            Add(session with { Name = $"{session.Name} ({header.Item1}: {header.Item2})", Flaw = Flaw.ForeignPage, Headers = [session.Headers[0], header] });
        }

        Add(session with { Name = "a session from nobody knows where", Flaw = Flaw.ForeignPage, Headers = [session.Headers[0]] });
        var email = $"{NextUnique()}@people.example";
        using var created = await Admin.PostJsonAsync("/v1/users", new { type = AccountTypes.User, email, roles = new[] { BuiltInRoles.SuperAdmin } });
        var account = await created.ReadAsync<CreatedUserResponse>(201);
        var first = new Person(account, email, account.Password ?? "");
        Add((await SessionOfAsync("a person with a first password", first, AllPermissions, BuiltInRoles.SuperAdmin)) with { Flaw = Flaw.FirstPassword });
    }

    private async Task AddSecondTenantAsync()
    {
        var other = await Server.SecondTenantAsync($"{Canary} organisation");
        Add(new Principal("the administrator of another tenant, by key")
        {
            AtHome = false,
            Permissions = AllPermissions.ToHashSet(),
            Administrator = true,
            Roles = [BuiltInRoles.SuperAdmin],
            Headers = [("x-api-key", other.ApiKey)],
        });
        var cookie = await Server.LoginAsync(other.Email, other.Password);
        Add(new Principal("the administrator of another tenant, by session")
        {
            AtHome = false,
            Permissions = AllPermissions.ToHashSet(),
            Administrator = true,
            Session = true,
            Roles = [BuiltInRoles.SuperAdmin],
            Login = (other.Email, other.Password),
            Headers = [("Cookie", $"__Host-sid={cookie}"), ("Sec-Fetch-Site", "same-origin")],
        });
        ForeignObjects = await ObjectsOfAsync(Server.ClientWith(other.ApiKey), other.TenantId, other.EnvironmentId, Canary);
        ForeignObjects = ForeignObjects with { SessionId = await LoginForIdAsync(other.Email, other.Password) };
    }

    /// <summary>Objects of the second tenant.</summary>
    internal SampleObjects ForeignObjects { get; private set; } = null!;

    private Person AdminPerson => _adminPerson ?? throw new InvalidOperationException("The world is not made yet.");

    private void Add(Principal principal) => _principals.Add(principal);

    private void AddInvalid(string name, params (string Name, string Value)[] headers) =>
        _principals.Add(new Principal(name) { Flaw = Flaw.Credential, Headers = headers });

    private void AddDead(string name, string keyId, string key) =>
        _principals.Add(new Principal(name) { Flaw = Flaw.Credential, DeadKeyId = keyId, Headers = [("x-api-key", key)] });

    private async Task<Principal> KeyOfAsync(string name, UserResponse account, IEnumerable<string> permissions, string role)
    {
        var key = await Server.CreateKeyAsync(account);
        return new Principal(name)
        {
            AccountId = account.Id,
            Roles = [role],
            Permissions = permissions.ToHashSet(),
            Headers = [("x-api-key", key.ApiKey)],
            GrantableRole = role,
            NewKey = async () => (await Server.CreateKeyAsync(account)).Id,
        };
    }

    private async Task<Principal> SessionOfAsync(string name, Person person, IEnumerable<string> permissions, string role)
    {
        var cookie = await Server.LoginAsync(person.Email, person.Password);
        return new Principal(name)
        {
            AccountId = person.Account.Id,
            Roles = [role],
            Permissions = permissions.ToHashSet(),
            Administrator = role == BuiltInRoles.SuperAdmin,
            Session = true,
            Login = (person.Email, person.Password),
            Headers = [("Cookie", $"__Host-sid={cookie}"), ("Sec-Fetch-Site", "same-origin")],
            NewKey = async () => (await CreateOwnKeyAsync(Server.ClientWithSession(cookie))).Id,
        };
    }

    private static async Task<(string Key, string Id)> CreateOwnKeyAsync(HttpClient client)
    {
        using var response = await client.PostJsonAsync("/v1/secrets/api/keys", new { name = "own key", type = "private_key" });
        var key = await response.ReadAsync<CreatedApiKeyResponse>(201);
        return (key.ApiKey, key.Id);
    }

    private async Task<string> CreateRoleAsync(string id, string[] grants)
    {
        await DoAsync(HttpMethod.Post, "/v1/rbac/roles", new
        {
            id,
            name = id,
            permissions = grants.Select(grant => grant.Split(':')).GroupBy(parts => parts[0], parts => parts[1])
                .ToDictionary(entity => entity.Key, entity => entity.ToArray()),
            assignable_to = AccountTypes.All,
        });
        return id;
    }

    private Task UpdateRoleAsync(string id, string[] grants) => DoAsync(HttpMethod.Put, $"/v1/rbac/roles/{id}", new
    {
        name = id,
        permissions = grants.ToDictionary(grant => grant.Split(':')[0], grant => new[] { grant.Split(':')[1] }),
        assignable_to = AccountTypes.All,
    });

    private Task SetRolesAsync(string accountId, string role) =>
        DoAsync(HttpMethod.Put, $"/v1/users/{accountId}/roles", new { roles = new[] { role } });

    private async Task DoAsync(HttpMethod method, string path, object? body = null, HttpClient? client = null)
    {
        using var response = await (client ?? Admin).SendAsync(method, path, body);
        await response.ShouldSucceedAsync();
    }

    private async Task<string> OtherEnvironmentAsync()
    {
        if (!Routes.Any(route => route.Name == "GET /v1/environments"))
        {
            return "env_00000000000000000000000000";
        }

        using var response = await Admin.GetPathAsync("/v1/environments");
        var environments = await response.ReadAsync<EnvironmentsResponse>(200);
        return environments.Environments.First(environment => environment.Id != Server.Secrets.EnvironmentId).Id;
    }

    private async Task<string> LoginForIdAsync(string email, string password)
    {
        using var response = await Server.AnonymousClient.PostJsonAsync("/v1/auth/login", new { email, password });
        return (await response.ReadAsync<LoginResponse>(200)).Session.Id;
    }

    private async Task<(string Id, string ExternalId)> CreateCustomerAsync(HttpClient client, string externalId)
    {
        if (!Routes.Any(route => route.Name == "POST /v1/customers"))
        {
            return ("cust_0", externalId);
        }

        return (await CreateAsync(client, "/v1/customers", new { external_id = externalId, name = externalId }), externalId);
    }

    private static async Task<string> CreateAsync(HttpClient client, string path, object body)
    {
        using var response = await client.PostJsonAsync(path, body);
        return (await response.JsonAsync(201)).GetProperty("id").GetString() ?? "";
    }

    /// <summary>One object of each kind, made by the tenant's administrator.</summary>
    private async Task<SampleObjects> ObjectsOfAsync(HttpClient admin, string tenantId, string environmentId, string name)
    {
        using (admin)
        {
            var role = $"{name}_role".ToLowerInvariant();
            using (var made = await admin.PostJsonAsync("/v1/rbac/roles", new
            {
                id = role,
                name,
                permissions = new Dictionary<string, string[]> { ["event"] = ["read"] },
                assignable_to = AccountTypes.All,
            }))
            {
                await made.ShouldBeAsync(201);
                Roles.TryAdd(role, new HashSet<string> { "event:read" });
            }

            using var created = await admin.PostJsonAsync("/v1/users", new { type = AccountTypes.ServiceAccount, name, roles = new[] { BuiltInRoles.EventReader } });
            var account = await created.ReadAsync<CreatedUserResponse>(201);
            var key = await Server.CreateKeyAsync(account, creator: admin);
            var (customerId, externalId) = await CreateCustomerAsync(admin, $"{name}-external");
            var eventId = $"{name}-event";
            if (Routes.Any(route => route.Name == "POST /v1/events"))
            {
                using var sent = await admin.PostJsonAsync(
                    "/v1/events", new { event_name = RouteSamples.EventName, external_customer_id = externalId, event_id = eventId });
                await sent.ShouldBeAsync(202);
            }

            var meterId = await CreateAsync(admin, "/v1/meters", RouteSamples.Meter($"{name}-meter"));
            var priceId = await CreateAsync(admin, "/v1/prices", RouteSamples.Price(meterId, "usd"));
            var invoiceId = await CreateAsync(admin, "/v1/invoices", RouteSamples.Invoice(customerId));
            var (personId, personSessionId, token) = await InvitePersonAsync(admin);
            var quarantineId = await QuarantineAsync(admin, key.Id);
            var removalId = await EraseAsync(admin, $"{name}-erased");
            using var logs = await admin.GetPathAsync("/v1/audit/logs?limit=1");
            return new SampleObjects
            {
                AuditRecordId = (await logs.ReadAsync<ListResponse<AuditLogResponse>>(200)).Items.Single().Id,
                Unique = NextUnique(),
                TenantId = tenantId,
                EnvironmentId = environmentId,
                AccountId = account.Id,
                KeyId = key.Id,
                RoleId = role,
                CustomerId = customerId,
                CustomerExternalId = externalId,
                EventId = eventId,
                MeterId = meterId,
                PriceId = priceId,
                InvoiceId = invoiceId,
                QuarantineId = quarantineId,
                RemovalId = removalId,
                SessionId = await LoginForIdAsync(AdminPerson.Email, AdminPerson.Password),
                GrantableRole = BuiltInRoles.EventReader,
                Email = AdminPerson.Email,
                Password = AdminPerson.Password,
                PersonId = personId,
                PersonSessionId = personSessionId,
                InvitationToken = token,
            };
        }
    }

    private static async Task<string> QuarantineAsync(HttpClient admin, string keyId)
    {
        using var made = await admin.PostJsonAsync("/v1/events/quarantine", new { api_key_id = keyId, reason = "It was in a log file." });
        return (await made.ReadAsync<QuarantineResponse>(201)).Id!;
    }

    /// <summary>Erases a customer's events, and waits until that is over.</summary>
    private static async Task<string> EraseAsync(HttpClient admin, string customer)
    {
        using var made = await admin.PostJsonAsync("/v1/events/erase", new { external_customer_id = customer, sums = "keep", reason = "They asked for it." });
        var id = (await made.ReadAsync<RemovalResponse>(201)).Id!;
        await Corrections.Removals.CompletedAsync(admin, id);
        return id;
    }

    private static string SwapCase(string text) =>
        string.Concat(text.Select(letter => char.IsAsciiLetterUpper(letter) ? char.ToLowerInvariant(letter) : char.ToUpperInvariant(letter)));
}
