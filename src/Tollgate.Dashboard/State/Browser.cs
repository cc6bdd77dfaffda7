using Microsoft.JSInterop;

namespace Tollgate.Dashboard.State;

/// <summary>What the browser keeps and can do.</summary>
internal sealed class Browser(IJSRuntime js) : IAsyncDisposable
{
    private Task<IJSObjectReference>? _module;

    public async Task<bool> IsDarkAsync() => await AskAsync<string>("theme") == "dark";

    public Task SetDarkAsync(bool dark) => DoAsync("setTheme", dark ? "dark" : "light");

    /// <summary>What <see cref="KeepAsync"/> kept in this browser; null when nothing.</summary>
    public Task<string?> KeptAsync(string name) => AskAsync<string?>("get", name);

    public Task KeepAsync(string name, string value) => DoAsync("set", name, value);

    /// <summary>What <see cref="KeepByTabAsync"/> kept in this tab, or in any when this one is new.</summary>
    public Task<string?> KeptByTabAsync(string name) => AskAsync<string?>("getByTab", name);

    public Task KeepByTabAsync(string name, string value) => DoAsync("setByTab", name, value);

    /// <summary>Whether somebody looks at the page, as far as it can know: nothing is asked again by itself for nobody.</summary>
    public Task<bool> IsInUseAsync() => AskAsync<bool>("inUse");

    /// <summary>Whether the text is in the clipboard now: browsers refuse outside of secure contexts.</summary>
    public Task<bool> CopyAsync(string text) => AskAsync<bool>("copy", text);

    /// <summary>Hands over a file to keep. What reads it disposes the stream.</summary>
    /// <exception cref="HttpRequestException">What the stream comes from broke off; there is no file then.</exception>
    public async Task SaveAsync(string name, string type, Stream content)
    {
        using var reference = new DotNetStreamReference(content);
        try
        {
            await DoAsync("save", name, type, reference);
        }
        catch (JSException exception)
        {
            throw new BrowserException("The file broke off on the way and was not kept. Ask for it again.", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_module is not null)
        {
            await (await _module).DisposeAsync();
        }
    }

    private async Task<T> AskAsync<T>(string function, params object?[] arguments) =>
        await (await ModuleAsync()).InvokeAsync<T>(function, arguments);

    private async Task DoAsync(string function, params object?[] arguments) =>
        await (await ModuleAsync()).InvokeVoidAsync(function, arguments);

    private Task<IJSObjectReference> ModuleAsync() => _module ??= js.InvokeAsync<IJSObjectReference>("import", "./tollgate.js").AsTask();
}
