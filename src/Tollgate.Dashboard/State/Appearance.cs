namespace Tollgate.Dashboard.State;

/// <summary>Light or dark, and how to change it.</summary>
internal sealed record Appearance(bool Dark, Func<bool, Task> SetDarkAsync);
