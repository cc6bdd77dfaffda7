using DuckDB.NET.Data;

namespace Tollgate.Storage.Events;

/// <summary>The numbers that scopes have in the store's file.</summary>
internal sealed class StoreScopes
{
    private readonly Dictionary<EventScope, int> _numbers = [];

    // Those of the transaction that is under way; only the writer knows them.
    private readonly Dictionary<EventScope, int> _added = [];

    public int? Find(EventScope scope)
    {
        lock (_numbers)
        {
            return _numbers.TryGetValue(scope, out var number) ? number : null;
        }
    }

    public int ForWriting(EventScope scope)
    {
        if (Find(scope) is { } known)
        {
            return known;
        }

        if (!_added.TryGetValue(scope, out var number))
        {
            lock (_numbers)
            {
                number = _numbers.Count + _added.Count + 1;
            }

            _added[scope] = number;
        }

        return number;
    }

    public void Load(DuckDBConnection connection)
    {
        lock (_numbers)
        {
            _numbers.Clear();
            foreach (var (scope, number) in new DuckDbSql().Add("SELECT tenant_id, environment_id, id FROM scopes")
                .Rows(connection, reader => (new EventScope(reader.GetString(0), reader.GetString(1)), reader.GetInt32(2))))
            {
                _numbers[scope] = number;
            }
        }
    }

    /// <summary>Forgets what a transaction that failed has added.</summary>
    public void Begin() => _added.Clear();

    public void Write(DuckDBConnection connection)
    {
        foreach (var (scope, number) in _added)
        {
            new DuckDbSql().Add("INSERT INTO scopes VALUES (").Parameter(number).Add(", ").Parameter(scope.TenantId)
                .Add(", ").Parameter(scope.EnvironmentId).Add(")").Execute(connection);
        }
    }

    public void Committed()
    {
        lock (_numbers)
        {
            foreach (var (scope, number) in _added)
            {
                _numbers[scope] = number;
            }
        }

        _added.Clear();
    }
}
