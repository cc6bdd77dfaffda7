namespace Tollgate.Dashboard.State;

/// <summary>The environment that the person looks at; every request acts in it.</summary>
internal sealed class ChosenEnvironment
{
    private readonly AsyncLocal<string?> _tried = new();

    private string? _id;

    /// <summary><c>env_…</c>; null until it is known: the tenant's first.</summary>
    public string? Id
    {
        get => _tried.Value ?? _id;
        set => _id = value;
    }

    /// <summary>
    /// Asks something in another environment, before anything is said to be in it: the page that is open, its buttons and its timers stay where they are.
    /// </summary>
    public async Task<T> InAsync<T>(string id, Func<Task<T>> ask)
    {
        _tried.Value = id;
        return await ask();
    }
}
