using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Dashboard;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.UnitTests.Access;

/// <summary>
/// Whatever happens to roles, accounts and keys of several tenants, in whatever order, by whomever: a key can do exactly what its snapshot
/// and its account's live roles both allow (decision 5), and nobody holds what no holder gave them. The oracle works with sets of names and
/// knows nothing of bits.
/// </summary>
public sealed class AccessHistoryTests
{
    private const int Histories = 10_000;
    private const int Tenants = 3;
    private const int AccountsPerTenant = 4;
    private const int CustomRoles = 3;
    private const string Administrator = "administrator";

    private static readonly string[] RoleIds =
    [
        BuiltInRoles.SuperAdmin, BuiltInRoles.AllWriter, BuiltInRoles.AllReader, BuiltInRoles.EventIngestor, BuiltInRoles.EventReader,
        "custom_0", "custom_1", "custom_2",
    ];

    private static readonly Gen<Step> AnyStep = Gen.Select(
        Gen.Enum<Act>(), Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Int[1, (1 << 24) - 1],
        (act, actor, first, second, bits) => new Step(act, actor, first, second, bits));

    private static readonly RouteRule Anybody = RouteRule.AnyPrincipal("The test asks who is calling.");
    private static readonly RouteRule ChangesRoles = RouteRule.Administrator(Permissions.RoleWrite);
    private static readonly RouteRule ChangesAccounts = RouteRule.Administrator(Permissions.UserWrite);
    private static readonly RouteRule CreatesAccounts = RouteRule.Requires(Permissions.UserWrite);
    private static readonly RouteRule ChangesKeys = RouteRule.Requires(Permissions.SecretWrite);

    [Fact]
    public void A_key_can_do_exactly_what_its_snapshot_and_its_accounts_live_roles_both_allow()
    {
        var done = new long[Enum.GetValues<Act>().Length];
        AnyStep.Array[1, 30].Sample(
            steps =>
            {
                var world = new World();
                foreach (var step in steps)
                {
                    if (world.Do(step))
                    {
                        Interlocked.Increment(ref done[(int)step.Act]);
                        world.Check();
                    }
                }
            },
            iter: Histories);

        // A history in which everything is refused would hold for any code.
        Assert.All(Enum.GetValues<Act>(), act => Assert.True(done[(int)act] > Histories / 20, $"{act} was done {done[(int)act]} times."));
    }

    private enum Act
    {
        EditRole,
        SetRoles,
        SetRolesAgain,
        CreateAccount,
        Disable,
        Enable,
        Delete,
        CreateKey,
        CreateKeyAgain,
        RotateKey,
        DisableKey,
        EnableKey,
        RevokeKey,
        LetTimePass,
        Reload,
    }

    private sealed record Step(Act Act, int Actor, int First, int Second, int Bits);

    /// <summary>A key, and the names that it was made with.</summary>
    private sealed record Key(ApiKey Row, string Secret, HashSet<string> Snapshot, Tenant Tenant, Account Account);

    /// <summary>A tenant with its own idea of what <c>custom_0</c> means, and a first administrator, whom nobody touches.</summary>
    private sealed class Tenant(TenantEnvironment environment)
    {
        public string Id => Environment.TenantId;

        public TenantEnvironment Environment { get; } = environment;

        public List<Account> Accounts { get; } = [];

        public Dictionary<string, CustomRole> Roles { get; } = [];
    }

    /// <summary>The directory and the gate, beside a model of plain sets that is told the same things.</summary>
    private sealed class World
    {
        private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(56));
        private readonly Ids _ids;
        private readonly List<Tenant> _tenants = [];
        private readonly List<Key> _keys = [];

        // For each account all that was ever given to it by somebody who held it at that moment.
        private readonly Dictionary<string, HashSet<string>> _given = [];
        private AccessDirectory _directory = new();
        private AccessGate _gate;

        public World()
        {
            _ids = new Ids(_time);
            _gate = NewGate();
            for (var index = 0; index < Tenants; index++)
            {
                var tenant = new Tenant(NewEnvironment());
                _tenants.Add(tenant);
                for (var role = 0; role < CustomRoles; role++)
                {
                    Put(tenant, $"custom_{role}", [Permissions.All[(index + role) % Permissions.All.Count]], AccountTypes.All);
                }

                var root = NewAccount(tenant, AccountTypes.User, BuiltInRoles.SuperAdmin);
                _given[root.Id] = [.. Permissions.All, Administrator];
                for (var account = 1; account < AccountsPerTenant; account++)
                {
                    NewAccount(tenant, account % 2 == 0 ? AccountTypes.User : AccountTypes.ServiceAccount);
                }
            }

            Publish();
            foreach (var tenant in _tenants)
            {
                AddKey(tenant, tenant.Accounts[0], Live(tenant, tenant.Accounts[0]), tenant.Accounts[0].Roles.Select(role => role.RoleId), null);
            }
        }

        /// <summary>Whether the act was let through.</summary>
        public bool Do(Step step)
        {
            // Half of all acts are the first administrators', or most histories would be of refusals.
            var actor = step.Actor % 2 == 0 ? _keys[step.Actor / 2 % Tenants] : _keys[step.Actor % _keys.Count];
            var tenant = actor.Tenant;
            return step.Act switch
            {
                Act.EditRole => EditRole(tenant, actor, step),
                Act.SetRoles or Act.SetRolesAgain => SetRoles(tenant, actor, tenant.Accounts[step.First % tenant.Accounts.Count], RolesOf(step)),
                Act.CreateAccount => tenant.Accounts.Count < 2 * AccountsPerTenant && CreateAccount(tenant, actor, step),
                Act.Disable or Act.Enable or Act.Delete => SetStatus(actor, tenant.Accounts[step.First % tenant.Accounts.Count], step.Act),
                Act.CreateKey or Act.CreateKeyAgain => CreateKey(tenant, actor, tenant.Accounts[step.First % tenant.Accounts.Count], step.Second),
                Act.RotateKey => RotateKey(tenant, actor),
                Act.DisableKey or Act.EnableKey or Act.RevokeKey => _keys.Count > Tenants && SetState(actor, _keys[Tenants + (step.First % (_keys.Count - Tenants))], step.Act),
                Act.LetTimePass => LetTimePass(step.Second),
                Act.Reload => Reload(),
                _ => throw new InvalidOperationException($"{step.Act} is no act."),
            };
        }

        public void Check()
        {
            foreach (var tenant in _tenants)
            {
                foreach (var account in tenant.Accounts)
                {
                    Assert.True(_given[account.Id].IsSupersetOf(Live(tenant, account)), $"{account.Id} holds what nobody gave.");
                }
            }

            foreach (var key in _keys)
            {
                var effective = Effective(key);
                var caller = CallerWith(key, Anybody);
                Assert.Equal(effective is not null, caller is not null);
                if (caller is not null)
                {
                    var names = caller.Permissions.Names.Concat(caller.IsAdministrator ? [Administrator] : []).ToHashSet();
                    Assert.True(key.Snapshot.IsSupersetOf(names) && names.SetEquals(effective!), $"{key.Row.Id} can do {string.Join(' ', names)}.");
                    Assert.Equal(key.Row.TenantId, caller.TenantId);
                }
            }
        }

        private bool EditRole(Tenant tenant, Key actor, Step step)
        {
            var id = $"custom_{step.First % CustomRoles}";
            var permissions = NamesOf(step.Bits);
            var added = permissions.Except(tenant.Roles[id].Permissions).ToHashSet();
            if (CallerWith(actor, ChangesRoles) is not { } caller || !Grants.Covers(caller.Permissions, PermissionSet.OfGrants(added)))
            {
                return false;
            }

            var holding = Effective(actor)!;
            Assert.Contains(Administrator, holding);
            Assert.Subset(holding, added);
            var assignable = (step.Second % 3) switch { 0 => [AccountTypes.User], 1 => [AccountTypes.ServiceAccount], _ => AccountTypes.All };
            Put(tenant, id, permissions, assignable);
            _directory.PutRoles(tenant.Id, tenant.Roles.Values);
            foreach (var account in tenant.Accounts.Where(account => account.Roles.Any(role => role.RoleId == id)))
            {
                // What was in the role before was given to whoever got the role then; what is added is given now.
                _given[account.Id].UnionWith(added);
                _given[account.Id].UnionWith(tenant.Roles[id].Permissions.Where(holding.Contains));
            }

            return true;
        }

        private bool SetRoles(Tenant tenant, Key actor, Account account, string[] roles)
        {
            if (account == tenant.Accounts[0] || account.Id == actor.Row.AccountId || account.Status == Statuses.Deleted
                || CallerWith(actor, ChangesAccounts) is not { } caller
                || RoleAssignment.Check(_directory, caller, account.Type, roles) is not (var given, null))
            {
                return false;
            }

            Assert.Contains(Administrator, Effective(actor)!);
            return Give(tenant, actor, account, given);
        }

        private bool CreateAccount(Tenant tenant, Key actor, Step step)
        {
            var type = step.Second % 2 == 0 ? AccountTypes.User : AccountTypes.ServiceAccount;
            if (CallerWith(actor, CreatesAccounts) is not { } caller
                || (type == AccountTypes.User && !caller.IsAdministrator)
                || RoleAssignment.Check(_directory, caller, type, RolesOf(step)) is not (var given, null))
            {
                return false;
            }

            return Give(tenant, actor, NewAccount(tenant, type), given);
        }

        private bool Give(Tenant tenant, Key actor, Account account, IReadOnlyList<string> roles)
        {
            var holding = Effective(actor)!;
            account.Roles.Clear();
            account.Roles.AddRange(roles.Select(role => new AccountRole { AccountId = account.Id, RoleId = role }));
            // Also to a disabled account nothing is given that it would have when it is enabled.
            var granted = Held(tenant, account);
            Assert.Subset(holding, granted);
            _given[account.Id].UnionWith(granted);
            _directory.Put(account);
            return true;
        }

        private bool SetStatus(Key actor, Account account, Act act)
        {
            if (_tenants.Any(tenant => tenant.Accounts[0] == account) || account.Status == Statuses.Deleted || CallerWith(actor, ChangesAccounts) is null)
            {
                return false;
            }

            account.Status = act switch
            {
                Act.Disable => Statuses.Archived,
                Act.Enable => Statuses.Published,
                _ => Statuses.Deleted,
            };
            _directory.Put(account);
            return true;
        }

        private bool CreateKey(Tenant tenant, Key actor, Account account, int minutes)
        {
            if (account.Status != Statuses.Published || CallerWith(actor, ChangesKeys) is not { } caller
                || (account.Id != caller.AccountId && (!caller.IsAdministrator || account.Type != AccountTypes.ServiceAccount))
                || !Grants.Covers(caller.Permissions, _directory.Compile(tenant.Id, account.Type, account.Roles.Select(role => role.RoleId))))
            {
                return false;
            }

            var live = Live(tenant, account);
            Assert.Subset(Effective(actor)!, live);
            AddKey(tenant, account, live, account.Roles.Select(role => role.RoleId), minutes % 2 == 0 ? null : _time.GetUtcNow().AddMinutes(minutes));
            return true;
        }

        /// <summary>The key makes one that can do what it can itself at this moment, and is revoked.</summary>
        private bool RotateKey(Tenant tenant, Key key)
        {
            if (CallerWith(key, Anybody) is not { } caller || _keys.IndexOf(key) < Tenants)
            {
                return false;
            }

            var names = caller.Permissions.Names.Concat(caller.IsAdministrator ? [Administrator] : []).ToHashSet();
            AddKey(tenant, key.Account, names, key.Row.Roles.Where(role => role != BuiltInRoles.SuperAdmin || caller.IsAdministrator), key.Row.ExpiresAt);
            key.Row.Status = Statuses.Deleted;
            _directory.Put(key.Row);
            return true;
        }

        private bool SetState(Key actor, Key key, Act act)
        {
            if (CallerWith(actor, ChangesKeys) is not { } caller || caller.TenantId != key.Row.TenantId
                || (key.Row.AccountId != caller.AccountId && !caller.IsAdministrator))
            {
                return false;
            }

            if (act == Act.RevokeKey)
            {
                key.Row.Status = Statuses.Deleted;
            }
            else
            {
                key.Row.DisabledAt = act == Act.DisableKey ? _time.GetUtcNow() : null;
            }

            _directory.Put(key.Row);
            return true;
        }

        private bool LetTimePass(int minutes)
        {
            _time.Advance(TimeSpan.FromMinutes(minutes));
            return true;
        }

        /// <summary>As a restart: from the rows alone.</summary>
        private bool Reload()
        {
            _directory = new AccessDirectory();
            _gate = NewGate();
            Publish();
            _keys.ForEach(key => _directory.Add(key.Row));
            return true;
        }

        private Caller? CallerWith(Key key, RouteRule rule)
        {
            var context = new DefaultHttpContext();
            context.Request.Method = "GET";
            context.Request.Headers["x-api-key"] = key.Secret;
            context.Response.Body = Stream.Null;
            context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(rule), "test"));
            var answered = _gate.InvokeAsync(context, _ => Task.CompletedTask);
            // A refusal is written to the audit log before it is answered, and outside of a server there is none to write to.
            Assert.True(answered.IsCompletedSuccessfully || (answered.IsFaulted && context.Features.Get<Caller>() is null), $"{answered.Exception}");
            return context.Features.Get<Caller>();
        }

        private void AddKey(Tenant tenant, Account account, HashSet<string> snapshot, IEnumerable<string> roles, DateTimeOffset? expiresAt)
        {
            var secret = SecretText.NewKey();
            var row = new ApiKey
            {
                Id = _ids.ApiKey(),
                TenantId = tenant.Id,
                EnvironmentId = tenant.Environment.Id,
                AccountId = account.Id,
                Name = "key",
                DisplayId = SecretText.DisplayId(secret),
                Digest = SecretText.Digest(secret),
                Roles = [.. roles],
                Permissions = [.. snapshot.Where(name => name != Administrator)],
                ExpiresAt = expiresAt,
                Status = Statuses.Published,
                CreatedAt = _time.GetUtcNow(),
                UpdatedAt = _time.GetUtcNow(),
                CreatedBy = account.Id,
            };
            _directory.Add(row);
            _keys.Add(new Key(row, secret, [.. snapshot], tenant, account));
        }

        /// <summary>What the key can do now, from the names alone; null when it does not work.</summary>
        private HashSet<string>? Effective(Key key)
        {
            return key.Row.Status == Statuses.Published && key.Row.DisabledAt is null && key.Account.Status == Statuses.Published
                && (key.Row.ExpiresAt is null || key.Row.ExpiresAt > _time.GetUtcNow())
                    ? [.. key.Snapshot.Intersect(Live(key.Tenant, key.Account))]
                    : null;
        }

        private static HashSet<string> Live(Tenant tenant, Account account) => account.Status == Statuses.Published ? Held(tenant, account) : [];

        /// <summary>What the account's roles give it, from the roles as they are written.</summary>
        private static HashSet<string> Held(Tenant tenant, Account account)
        {
            var held = new HashSet<string>();
            foreach (var role in account.Roles.Select(role => role.RoleId))
            {
                held.UnionWith(role switch
                {
                    BuiltInRoles.SuperAdmin when account.Type == AccountTypes.User => [.. Permissions.All, Administrator],
                    BuiltInRoles.SuperAdmin => Permissions.All,
                    BuiltInRoles.AllWriter when account.Type == AccountTypes.User => Permissions.All,
                    BuiltInRoles.AllReader when account.Type == AccountTypes.User => Permissions.All.Where(name => name.EndsWith(":read", StringComparison.Ordinal)),
                    BuiltInRoles.EventIngestor when account.Type == AccountTypes.ServiceAccount => ["event:write"],
                    BuiltInRoles.EventReader when account.Type == AccountTypes.ServiceAccount => ["event:read"],
                    _ when tenant.Roles.TryGetValue(role, out var custom) && custom.AssignableTo.Contains(account.Type) => custom.Permissions,
                    _ => [],
                });
            }

            return held;
        }

        private void Put(Tenant tenant, string id, IReadOnlyList<string> permissions, IReadOnlyList<string> assignableTo) => tenant.Roles[id] = new CustomRole
        {
            TenantId = tenant.Id,
            Id = id,
            Name = id,
            Description = "",
            Permissions = permissions,
            AssignableTo = assignableTo,
            CreatedAt = _time.GetUtcNow(),
            UpdatedAt = _time.GetUtcNow(),
        };

        private TenantEnvironment NewEnvironment() => new()
        {
            Id = _ids.Environment(),
            TenantId = _ids.Tenant(),
            Name = "Sandbox",
            Type = "development",
            CreatedAt = _time.GetUtcNow(),
            UpdatedAt = _time.GetUtcNow(),
        };

        private Account NewAccount(Tenant tenant, string type, params string[] roles)
        {
            var account = new Account
            {
                Id = _ids.Account(),
                TenantId = tenant.Id,
                Type = type,
                Status = Statuses.Published,
                Metadata = new Dictionary<string, string>(),
                CreatedAt = _time.GetUtcNow(),
                UpdatedAt = _time.GetUtcNow(),
            };
            account.Roles.AddRange(roles.Select(role => new AccountRole { AccountId = account.Id, RoleId = role }));
            tenant.Accounts.Add(account);
            _given[account.Id] = [];
            return account;
        }

        private AccessGate NewGate() => new(
            _directory,
            new RequestBounds(new RateLimits(ServerOptions.Read([], new Dictionary<string, string>()), _time), _ids, NullLogger<RequestBounds>.Instance),
            new Traps(_directory, _time),
            new DashboardPage(),
            _time,
            _ids,
            NullLogger<AccessGate>.Instance);

        private void Publish()
        {
            foreach (var tenant in _tenants)
            {
                _directory.PutRoles(tenant.Id, tenant.Roles.Values);
                _directory.Put(tenant.Environment);
                tenant.Accounts.ForEach(_directory.Put);
            }
        }

        /// <summary>One role, or two.</summary>
        private static string[] RolesOf(Step step) => step.Second % 2 == 0
            ? [RoleIds[step.Bits % RoleIds.Length]]
            : [RoleIds[step.Bits % RoleIds.Length], RoleIds[step.Second % RoleIds.Length]];

        private static string[] NamesOf(int bits) => [.. Permissions.All.Where((_, index) => (bits >> index & 1) != 0)];
    }
}
