using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Access;

/// <summary>
/// Who exists and what each may do now, complete and in memory, so that no request reads the database to be let in or refused. Filled
/// at start; <see cref="ControlChanges"/> writes to it, after the commit and before the answer, one change at a time. Sessions that have
/// ended by themselves are taken out at any time.
/// </summary>
internal sealed class AccessDirectory
{
    private readonly KeyDirectory _keys = new();
    private readonly ConcurrentDictionary<string, AccountState> _accounts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, EnvironmentState> _environments = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<KeyDigest, SessionState> _sessions = new();
    private readonly ConcurrentDictionary<string, IReadOnlyList<Role>> _roles = new(StringComparer.Ordinal);

    // What a KeyEntry points to by number. Grown by replacement; entries are never moved or taken out.
    private volatile AccountState[] _accountsByPlace = [];
    private volatile EnvironmentState[] _environmentsByPlace = [];

    // Sets that are the same are one, for keys are made by the thousand with the same constraints. Place 0 is none.
    private readonly Dictionary<string, int> _constraintPlaces = new(StringComparer.Ordinal);
    private volatile ConstraintSet?[] _constraintsByPlace = [null];

    public IEnumerable<AccountState> AllAccounts => _accounts.Values;

    /// <summary>Whether there is a key that another system made, whose text follows other rules.</summary>
    public bool HasImportedKeys { get; private set; }

    /// <summary>Whether there is a honeytoken to watch for.</summary>
    public bool HasHoneytokens { get; private set; }

    public async Task LoadAsync(ControlDb db, TimeProvider time, CancellationToken cancellationToken)
    {
        var roles = await db.Roles.AsNoTracking().ToListAsync(cancellationToken);
        foreach (var tenant in roles.GroupBy(role => role.TenantId))
        {
            PutRoles(tenant.Key, tenant);
        }

        foreach (var environment in await db.Environments.AsNoTracking().OrderBy(row => row.Id).ToListAsync(cancellationToken))
        {
            Put(environment);
        }

        await foreach (var account in db.Accounts.AsNoTracking().Include(row => row.Roles).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            Put(account);
        }

        await foreach (var key in db.ApiKeys.AsNoTracking().AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            Add(key);
        }

        var now = time.GetUtcNow();
        await foreach (var session in db.Sessions.AsNoTracking().Where(row => row.ExpiresAt > now)
            .AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            Add(session);
        }
    }

    /// <summary>The key with this digest, whatever its state: its entry, account and environment.</summary>
    public bool TryFindKey(ReadOnlySpan<byte> digest, out KeyEntry entry, out AccountState account, out EnvironmentState environment)
    {
        if (!_keys.TryFind(digest, out entry))
        {
            (account, environment) = (null!, null!);
            return false;
        }

        account = _accountsByPlace[entry.Account];
        environment = _environmentsByPlace[entry.Environment];
        return true;
    }

    /// <summary>What the key is limited to; null for nothing.</summary>
    public ConstraintSet? ConstraintsOf(in KeyEntry entry) => _constraintsByPlace[entry.Constraints];

    public SessionState? FindSession(ReadOnlySpan<byte> digest) => _sessions.GetValueOrDefault(new KeyDigest(digest));

    public IReadOnlyList<SessionState> SessionsOf(string accountId) =>
        [.. _sessions.Values.Where(session => session.Account.Id == accountId)];

    public AccountState? FindAccount(string id) => _accounts.GetValueOrDefault(id);

    /// <summary>Every account of the tenant, those that do nothing any more included.</summary>
    public IEnumerable<AccountState> AccountsOf(string tenantId) => _accounts.Values.Where(account => account.TenantId == tenantId);

    public EnvironmentState? FindEnvironment(string tenantId, string id) =>
        _environments.GetValueOrDefault(id) is { } environment && environment.TenantId == tenantId ? environment : null;

    /// <summary>The environment of a person who names none: the tenant's first.</summary>
    public EnvironmentState DefaultEnvironment(string tenantId) =>
        _environmentsByPlace.First(environment => environment.TenantId == tenantId);

    /// <summary>The tenant that the installation began with.</summary>
    public string FirstTenantId => _environmentsByPlace[0].TenantId;

    /// <summary>Built-in roles first, then the tenant's own by id.</summary>
    public IReadOnlyList<Role> RolesOf(string tenantId) => _roles.GetValueOrDefault(tenantId) ?? Role.BuiltInOnes;

    public Role? FindRole(string tenantId, string id) => RolesOf(tenantId).FirstOrDefault(role => role.Id == id);

    /// <summary>What an account of this type may do through these roles.</summary>
    public PermissionSet Compile(string tenantId, string accountType, IEnumerable<string> roleIds) =>
        Compile(RolesOf(tenantId), accountType, roleIds);

    /// <summary>The same with roles that the tenant may have otherwise.</summary>
    public static PermissionSet Compile(IReadOnlyList<Role> known, string accountType, IEnumerable<string> roleIds) =>
        roleIds.Select(id => known.FirstOrDefault(role => role.Id == id))
            .Where(role => role is not null && role.AssignableTo.Contains(accountType))
            .Aggregate(PermissionSet.Empty, (all, role) => all | role!.PermissionsFor(accountType));

    public void Put(TenantEnvironment row)
    {
        if (_environments.ContainsKey(row.Id))
        {
            return;
        }

        var environment = new EnvironmentState(row.Id, row.TenantId, _environmentsByPlace.Length);
        _environmentsByPlace = [.. _environmentsByPlace, environment];
        _environments[row.Id] = environment;
    }

    /// <summary>Takes over what the account's row says now. What its keys and sessions may do follows at once.</summary>
    public void Put(Account row)
    {
        string[] roles = [.. row.Roles.Select(role => role.RoleId).Order(StringComparer.Ordinal)];
        var active = row.Status == Statuses.Published;
        var rights = new AccountRights(
            active, row.MustChangePassword, roles, active ? Compile(row.TenantId, row.Type, roles) : PermissionSet.Empty);
        if (_accounts.TryGetValue(row.Id, out var known))
        {
            known.Rights = rights;
            return;
        }

        var places = _accountsByPlace;
        if (places.Length <= _accounts.Count)
        {
            Array.Resize(ref places, Math.Max(64, places.Length * 2));
        }

        var account = new AccountState(row.Id, row.TenantId, row.Type, _accounts.Count) { Rights = rights };
        places[account.Place] = account;
        _accountsByPlace = places;
        _accounts[row.Id] = account;
    }

    /// <summary>Takes over a tenant's own roles; every account that holds one of them follows.</summary>
    public void PutRoles(string tenantId, IEnumerable<CustomRole> rows)
    {
        _roles[tenantId] =
            [.. Role.BuiltInOnes, .. rows.OrderBy(row => row.Id, StringComparer.Ordinal).Select(Role.From)];
        foreach (var account in _accounts.Values.Where(account => account.TenantId == tenantId))
        {
            var rights = account.Rights;
            account.Rights = rights with
            {
                Permissions = rights.Active ? Compile(tenantId, account.Type, rights.Roles) : PermissionSet.Empty,
            };
        }
    }

    public void Add(ApiKey row)
    {
        _keys.Add(row.Digest, new KeyEntry
        {
            Key = Ids.NumberOf(Ids.ApiKeyPrefix, row.Id),
            Account = _accounts[row.AccountId].Place,
            Environment = _environments[row.EnvironmentId].Place,
            Snapshot = SnapshotOf(row),
            // A dead key needs none, and there may be many.
            Constraints = row.Status == Statuses.Deleted ? 0 : PlaceOf(row.Constraints),
            ExpiresAt = ExpiryOf(row),
            State = StateOf(row),
        });
        HasImportedKeys |= row.Imported;
        HasHoneytokens |= row.Kind == ApiKeyKinds.Honeytoken;
    }

    /// <summary>Takes over what the key's row says now. A request that is admitted after this was judged by it.</summary>
    public void Put(ApiKey row)
    {
        lock (_accounts[row.AccountId].Admission)
        {
            _keys.Set(row.Digest, StateOf(row), ExpiryOf(row));
        }
    }

    private static long ExpiryOf(ApiKey row) => row.ExpiresAt is { } at ? at.ToMicroseconds() : long.MaxValue;

    private static KeyState StateOf(ApiKey row) =>
        row.Status == Statuses.Deleted ? KeyState.Revoked
        : row.Kind == ApiKeyKinds.Honeytoken ? KeyState.Honeytoken
        : row.DisabledAt is not null ? KeyState.Disabled
        : KeyState.Live;

    private int PlaceOf(string? constraints)
    {
        if (constraints is null)
        {
            return 0;
        }

        if (!_constraintPlaces.TryGetValue(constraints, out var place))
        {
            var sets = _constraintsByPlace;
            place = _constraintPlaces.Count + 1;
            if (place >= sets.Length)
            {
                Array.Resize(ref sets, Math.Max(64, sets.Length * 2));
            }

            sets[place] = ConstraintSet.FromJson(constraints);
            _constraintsByPlace = sets;
            _constraintPlaces[constraints] = place;
        }

        return place;
    }

    public void Add(Session row)
    {
        var session = new SessionState(
            row.Id, _accounts[row.AccountId], new KeyDigest(row.Digest), row.CreatedAt, row.ExpiresAt, row.Address, row.UserAgent)
        {
            LastSeenAt = row.LastSeenAt,
            WrittenLastSeenAt = row.LastSeenAt,
            LastAccepted = LastAccepted.Of(row),
        };
        if (session.LastAccepted?.Mark.At > (session.Account.LastAccepted?.Mark.At ?? DateTimeOffset.MinValue))
        {
            session.Account.LastAccepted = session.LastAccepted;
        }

        _sessions[session.Digest] = session;
    }

    /// <summary>Ends a session. A request that is admitted after this is not of it.</summary>
    public void RemoveSession(SessionState session)
    {
        lock (session.Account.Admission)
        {
            session.Ended = true;
            _sessions.TryRemove(session.Digest, out _);
        }
    }

    public IEnumerable<SessionState> AllSessions => _sessions.Values;

    /// <summary>What the key can do at the most, from the names it was stored with.</summary>
    public PermissionSet SnapshotOf(ApiKey row)
    {
        var named = PermissionSet.OfGrants(row.Permissions);
        return row.Roles.Contains(BuiltInRoles.SuperAdmin) && _accounts[row.AccountId].Type == AccountTypes.User
            ? named | PermissionSet.Administrator
            : named;
    }
}

/// <summary>An environment as requests meet it.</summary>
internal sealed record EnvironmentState(string Id, string TenantId, int Place);
