namespace Tollgate.Server.Events;

/// <summary>
/// So many at once, shared fairly between tenants: none has more than its share of the slots while it runs, those that wait are served in
/// turn by tenant and within a tenant in the order of their coming, and what waits of one tenant is bounded.
/// </summary>
/// <param name="slots">How many run at once, of all tenants.</param>
/// <param name="perTenant">How many of one tenant.</param>
/// <param name="waitingPerTenant">How many of one tenant wait; one more is refused.</param>
internal sealed class FairSlots(int slots, int perTenant, int waitingPerTenant)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);

    // Tenants of which somebody waits and who are below their share, in turn.
    private readonly LinkedList<Tenant> _turns = [];
    private int _free = slots;

    /// <summary>How many tenants have anything running or waiting.</summary>
    public int Tenants
    {
        get
        {
            lock (_gate)
            {
                return _tenants.Count;
            }
        }
    }

    /// <summary>A slot, which is given back when it is disposed; null when too many of the tenant wait already.</summary>
    public async Task<IDisposable?> TakeAsync(string tenant, CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource<IDisposable>> waiter;
        Tenant of;
        lock (_gate)
        {
            if (!_tenants.TryGetValue(tenant, out of!))
            {
                _tenants[tenant] = of = new Tenant(tenant);
            }

            if (of.Waiting.Count == waitingPerTenant && (_free == 0 || of.Running == perTenant))
            {
                return null;
            }

            waiter = of.Waiting.AddLast(new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously));
            TakeTurn(of);
            Serve();
        }

        try
        {
            return await waiter.Value.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            if (!TryLeave(of, waiter))
            {
                // It was served at the very moment in which it left.
                (await waiter.Value.Task).Dispose();
            }

            throw;
        }
    }

    private bool TryLeave(Tenant of, LinkedListNode<TaskCompletionSource<IDisposable>> waiter)
    {
        lock (_gate)
        {
            if (waiter.List is null)
            {
                return false;
            }

            of.Waiting.Remove(waiter);
            ForgetIfIdle(of);
            return true;
        }
    }

    private void Return(Tenant of)
    {
        lock (_gate)
        {
            _free++;
            of.Running--;
            TakeTurn(of);
            Serve();
            ForgetIfIdle(of);
        }
    }

    private void TakeTurn(Tenant of)
    {
        if (of.Turn is null && of.Waiting.Count > 0 && of.Running < perTenant)
        {
            of.Turn = _turns.AddLast(of);
        }
    }

    private void Serve()
    {
        while (_free > 0 && _turns.First is { } turn)
        {
            var of = turn.Value;
            _turns.RemoveFirst();
            of.Turn = null;
            if (of.Waiting.First is { } first)
            {
                of.Waiting.RemoveFirst();
                _free--;
                of.Running++;
                // CA2000: whoever took it disposes it.
#pragma warning disable CA2000
                first.Value.SetResult(new Slot(this, of));
#pragma warning restore CA2000
                TakeTurn(of);
            }
        }
    }

    private void ForgetIfIdle(Tenant of)
    {
        if (of.Running == 0 && of.Waiting.Count == 0)
        {
            if (of.Turn is not null)
            {
                _turns.Remove(of.Turn);
                of.Turn = null;
            }

            _tenants.Remove(of.Name);
        }
    }

    private sealed class Tenant(string name)
    {
        public string Name => name;

        public int Running { get; set; }

        public LinkedList<TaskCompletionSource<IDisposable>> Waiting { get; } = [];

        public LinkedListNode<Tenant>? Turn { get; set; }
    }

    private sealed class Slot(FairSlots slots, Tenant of) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                slots.Return(of);
            }
        }
    }
}
