using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.UnitTests.Access;

/// <summary>
/// Whatever happens to roles, accounts and keys, in whatever order: a key can do exactly what its snapshot and its account's live
/// roles both allow (decision 5). The oracle works with sets of names and knows nothing of bits.
/// </summary>
public sealed class AccessHistoryTests
{
    private const int Histories = 2000;
    private const int Accounts = 4;
    private const int CustomRoles = 3;

    private static readonly string[] RoleIds =
    [
        BuiltInRoles.SuperAdmin, BuiltInRoles.AllWriter, BuiltInRoles.AllReader, BuiltInRoles.EventIngestor, BuiltInRoles.EventReader,
        "custom_0", "custom_1", "custom_2",
    ];

    private static readonly Gen<Step> AnyStep = Gen.Select(
        Gen.Enum<Act>(), Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Int[1, (1 << 24) - 1],
        (act, first, second, bits) => new Step(act, first, second, bits));

    [Fact]
    public void A_key_can_do_exactly_what_its_snapshot_and_its_accounts_live_roles_both_allow() =>
        AnyStep.Array[1, 40].Sample(
            steps =>
            {
                var world = new World();
                foreach (var step in steps)
                {
                    world.Do(step);
                    world.Check();
                }
            },
            iter: Histories);

    private enum Act
    {
        EditRole,
        SetRoles,
        Disable,
        Enable,
        Delete,
        CreateKey,
        RevokeKey,
        LetTimePass,
        Reload,
    }

    private sealed record Step(Act Act, int First, int Second, int Bits);

    /// <summary>The directory and the gate, beside a model of plain sets that is told the same things.</summary>
    private sealed class World
    {
        private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(56));
        private readonly Ids _ids;
        private readonly string _tenantId;
        private readonly TenantEnvironment _environment;
        private readonly List<Account> _accounts = [];
        private readonly Dictionary<string, CustomRole> _roles = [];
        private readonly List<(ApiKey Row, string Secret, HashSet<string> Snapshot)> _keys = [];
        private AccessDirectory _directory = new();
        private AccessGate _gate;

        public World()
        {
            _ids = new Ids(_time);
            _tenantId = _ids.Tenant();
            _environment = new TenantEnvironment
            {
                Id = _ids.Environment(),
                TenantId = _tenantId,
                Name = "Sandbox",
                Type = "development",
                CreatedAt = _time.GetUtcNow(),
                UpdatedAt = _time.GetUtcNow(),
            };
            for (var index = 0; index < CustomRoles; index++)
            {
                Edit($"custom_{index}", [Permissions.EventRead], AccountTypes.All);
            }

            for (var index = 0; index < Accounts; index++)
            {
                _accounts.Add(NewAccount(index % 2 == 0 ? AccountTypes.User : AccountTypes.ServiceAccount));
            }

            _gate = NewGate();
            Publish();
        }

        public void Do(Step step)
        {
            var account = _accounts[step.First % Accounts];
            switch (step.Act)
            {
                case Act.EditRole:
                    var assignable = (step.Second % 3) switch { 0 => [AccountTypes.User], 1 => [AccountTypes.ServiceAccount], _ => AccountTypes.All };
                    Edit($"custom_{step.First % CustomRoles}", NamesOf(step.Bits), assignable);
                    _directory.PutRoles(_tenantId, _roles.Values);
                    break;
                case Act.SetRoles:
                    account.Roles.Clear();
                    account.Roles.AddRange(RoleIds.Where((_, index) => (step.Bits >> index & 1) != 0)
                        .Select(role => new AccountRole { AccountId = account.Id, RoleId = role }));
                    _directory.Put(account);
                    break;
                case Act.Disable or Act.Enable or Act.Delete when account.Status != Statuses.Deleted:
                    account.Status = step.Act switch
                    {
                        Act.Disable => Statuses.Archived,
                        Act.Enable => Statuses.Published,
                        _ => Statuses.Deleted,
                    };
                    _directory.Put(account);
                    break;
                case Act.CreateKey:
                    CreateKey(account, step.Second % 2 == 0 ? null : _time.GetUtcNow().AddMinutes(step.Second));
                    break;
                case Act.RevokeKey when _keys.Count > 0:
                    var key = _keys[step.First % _keys.Count].Row;
                    key.Status = Statuses.Deleted;
                    _directory.Put(key);
                    break;
                case Act.LetTimePass:
                    _time.Advance(TimeSpan.FromMinutes(step.Second));
                    break;
                case Act.Reload:
                    // As a restart: from the rows alone.
                    _directory = new AccessDirectory();
                    _gate = NewGate();
                    Publish();
                    break;
                default:
                    break;
            }
        }

        public void Check()
        {
            foreach (var (row, secret, snapshot) in _keys)
            {
                var account = _accounts.Single(account => account.Id == row.AccountId);
                var live = Live(account);
                var works = row.Status == Statuses.Published && account.Status == Statuses.Published
                    && (row.ExpiresAt is null || row.ExpiresAt > _time.GetUtcNow());
                var caller = CallerWith(secret);

                Assert.Equal(works, caller is not null);
                if (caller is not null)
                {
                    var effective = caller.Permissions.Names.Concat(caller.IsAdministrator ? ["administrator"] : []).ToHashSet();
                    Assert.Subset(snapshot, effective);
                    Assert.Subset(live, effective);
                    Assert.Equal(snapshot.Intersect(live).ToHashSet(), effective);
                }
            }
        }

        private Caller? CallerWith(string secret)
        {
            var context = new DefaultHttpContext();
            context.Request.Method = "GET";
            context.Request.Headers["x-api-key"] = secret;
            context.Response.Body = Stream.Null;
            context.SetEndpoint(new Endpoint(
                null, new EndpointMetadataCollection(RouteRule.AnyPrincipal("The test asks who is calling.")), "test"));
            var answered = _gate.InvokeAsync(context, _ => Task.CompletedTask);
            Assert.True(answered.IsCompletedSuccessfully);
            return context.Features.Get<Caller>();
        }

        private void CreateKey(Account account, DateTimeOffset? expiresAt)
        {
            if (account.Status != Statuses.Published)
            {
                return;
            }

            var (secret, live) = (SecretText.NewKey(), Live(account));
            var row = new ApiKey
            {
                Id = _ids.ApiKey(),
                TenantId = _tenantId,
                EnvironmentId = _environment.Id,
                AccountId = account.Id,
                Name = "key",
                DisplayId = SecretText.DisplayId(secret),
                Digest = SecretText.Digest(secret),
                Roles = [.. account.Roles.Select(role => role.RoleId)],
                Permissions = [.. live.Where(name => name != "administrator")],
                ExpiresAt = expiresAt,
                Status = Statuses.Published,
                CreatedAt = _time.GetUtcNow(),
                UpdatedAt = _time.GetUtcNow(),
                CreatedBy = account.Id,
            };
            _directory.Add(row);
            _keys.Add((row, secret, live));
        }

        /// <summary>What the account holds now, from the roles as they are written.</summary>
        private HashSet<string> Live(Account account)
        {
            var held = new HashSet<string>();
            if (account.Status != Statuses.Published)
            {
                return held;
            }

            foreach (var role in account.Roles.Select(role => role.RoleId))
            {
                held.UnionWith(role switch
                {
                    BuiltInRoles.SuperAdmin when account.Type == AccountTypes.User => [.. Permissions.All, "administrator"],
                    BuiltInRoles.SuperAdmin => Permissions.All,
                    BuiltInRoles.AllWriter when account.Type == AccountTypes.User => Permissions.All,
                    BuiltInRoles.AllReader when account.Type == AccountTypes.User => Permissions.All.Where(name => name.EndsWith(":read", StringComparison.Ordinal)),
                    BuiltInRoles.EventIngestor when account.Type == AccountTypes.ServiceAccount => ["event:write"],
                    BuiltInRoles.EventReader when account.Type == AccountTypes.ServiceAccount => ["event:read"],
                    _ when _roles.TryGetValue(role, out var custom) && custom.AssignableTo.Contains(account.Type) => custom.Permissions,
                    _ => [],
                });
            }

            return held;
        }

        private void Edit(string id, IReadOnlyList<string> permissions, IReadOnlyList<string> assignableTo) => _roles[id] = new CustomRole
        {
            TenantId = _tenantId,
            Id = id,
            Name = id,
            Description = "",
            Permissions = permissions,
            AssignableTo = assignableTo,
            CreatedAt = _time.GetUtcNow(),
            UpdatedAt = _time.GetUtcNow(),
        };

        private Account NewAccount(string type) => new()
        {
            Id = _ids.Account(),
            TenantId = _tenantId,
            Type = type,
            Status = Statuses.Published,
            Metadata = new Dictionary<string, string>(),
            CreatedAt = _time.GetUtcNow(),
            UpdatedAt = _time.GetUtcNow(),
        };

        private AccessGate NewGate() => new(
            _directory,
            new RequestBounds(new RateLimits(ServerOptions.Read([], new Dictionary<string, string>()), _time), _ids, NullLogger<RequestBounds>.Instance),
            _time,
            _ids,
            NullLogger<AccessGate>.Instance);

        private void Publish()
        {
            _directory.PutRoles(_tenantId, _roles.Values);
            _directory.Put(_environment);
            _accounts.ForEach(_directory.Put);
            foreach (var (row, _, _) in _keys.Where(key => key.Row.Status == Statuses.Published))
            {
                _directory.Add(row);
            }
        }

        private static string[] NamesOf(int bits) => [.. Permissions.All.Where((_, index) => (bits >> index & 1) != 0)];
    }
}
