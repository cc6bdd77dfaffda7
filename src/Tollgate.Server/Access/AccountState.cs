using System.Net;
using Tollgate.Contracts;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Access;

/// <summary>An account as requests meet it.</summary>
internal sealed class AccountState(string id, string tenantId, string type, int place)
{
    private volatile AccountRights _rights = AccountRights.None;
    private AccountUse _use = new();
    private StoringWave _storing = new();
    private Task _stored = Task.CompletedTask;

    public string Id => id;

    public string TenantId => tenantId;

    public string Type => type;

    public int Place => place;

    public bool IsPerson => type == AccountTypes.User;

    /// <summary>Replaced whole, so that a request sees one state or the other and never a mixture.</summary>
    public AccountRights Rights
    {
        get => _rights;
        set
        {
            lock (Admission)
            {
                _rights = value;
            }
        }
    }

    /// <summary>
    /// Held while a request of this account is let in and recorded, and while what lets it in is taken away: so each request is either
    /// recorded before the taking, or judged after it.
    /// </summary>
    public Lock Admission { get; } = new();

    /// <summary>To be used under <see cref="Admission"/>.</summary>
    public AccountUse Use => _use;

    /// <summary>
    /// The last request that any of the account's credentials let in since the server started, or that one of its living sessions did before;
    /// null for none. Written under <see cref="Admission"/>.
    /// </summary>
    public LastAccepted? LastAccepted { get; set; }

    /// <summary>What was recorded since the last taking; null for nothing.</summary>
    public AccountUse? TakeUse()
    {
        lock (Admission)
        {
            if (_use.IsEmpty)
            {
                return null;
            }

            var taken = _use;
            _use = new AccountUse();
            return taken;
        }
    }

    /// <summary>Takes back what could not be written down.</summary>
    public void GiveBack(AccountUse taken)
    {
        lock (Admission)
        {
            taken.Add(_use);
            _use = taken;
        }
    }

    /// <summary>What is recorded of the key and not written down yet, if it let something in; else null.</summary>
    public KeyUse? LastAcceptedOf(UInt128 key)
    {
        lock (Admission)
        {
            return _use.Keys.TryGetValue(key, out var use) && use.LastAccepted is not null ? use : null;
        }
    }

    /// <summary>
    /// Marks, under <see cref="Admission"/>, that a request which was just judged for the last time is about to store something. What it gets
    /// is for <see cref="EndStoring"/>.
    /// </summary>
    public StoringWave BeginStoring()
    {
        _storing.Count++;
        return _storing;
    }

    public void EndStoring(StoringWave wave)
    {
        lock (Admission)
        {
            wave.Count--;
            wave.EndIfEmpty();
        }
    }

    /// <summary>
    /// Ends when every request that was judged before this call has stored what it had to, so that nothing comes after an answer that says
    /// the credential is dead. Requests that come now are of the next wave, and keep nobody waiting.
    /// </summary>
    public Task StoredAsync()
    {
        lock (Admission)
        {
            var wave = _storing;
            _storing = new StoringWave();
            wave.IsLast = true;
            wave.EndIfEmpty();
            return _stored = _stored.IsCompleted ? wave.Ended : Task.WhenAll(_stored, wave.Ended);
        }
    }
}

/// <summary>Requests of one account that are storing something. Guarded by the account's <see cref="AccountState.Admission"/>.</summary>
internal sealed class StoringWave
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Count { get; set; }

    /// <summary>Whether no further request comes to it.</summary>
    public bool IsLast { get; set; }

    public Task Ended => _ended.Task;

    public void EndIfEmpty()
    {
        if (IsLast && Count == 0)
        {
            _ended.TrySetResult();
        }
    }
}

/// <summary>A request that was let in.</summary>
internal sealed record LastAccepted(RequestMark Mark, string Route, string? ApiKeyId)
{
    /// <summary>The last request that a session let in, as it was written down; null for none.</summary>
    public static LastAccepted? Of(Session row) => row.LastAcceptedAt is { } at
        ? new LastAccepted(
            new RequestMark(at, row.LastAcceptedRequestId ?? "", IPAddress.TryParse(row.LastAcceptedIp, out var address) ? address : IPAddress.None),
            row.LastAcceptedRoute ?? "",
            ApiKeyId: null)
        : null;
}

/// <summary>What an account holds now.</summary>
internal sealed record AccountRights(bool Active, bool MustChangePassword, IReadOnlyList<string> Roles, PermissionSet Permissions)
{
    public static AccountRights None { get; } = new(false, false, [], PermissionSet.Empty);
}
