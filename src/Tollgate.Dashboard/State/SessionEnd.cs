namespace Tollgate.Dashboard.State;

/// <summary>Tells that the server no longer knows the session, whichever request found it out.</summary>
internal sealed class SessionEnd
{
    public event Action? Found;

    public void Tell() => Found?.Invoke();
}
