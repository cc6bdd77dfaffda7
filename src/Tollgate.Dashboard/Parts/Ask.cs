using MudBlazor;
using Tollgate.Dashboard.State;

namespace Tollgate.Dashboard.Parts;

/// <summary>Questions before what can't be undone, and changes whose failure is told.</summary>
internal static class Ask
{
    /// <summary>Whether the person agrees.</summary>
    public static async Task<bool> AgreesAsync(this IDialogService dialogs, string title, string text, string yes, bool danger = true)
    {
        var parameters = new DialogParameters<Confirm> { { it => it.Text, text }, { it => it.Yes, yes }, { it => it.Danger, danger } };
        var dialog = await dialogs.ShowAsync<Confirm>(title, parameters);
        return await dialog.Result is { Canceled: false };
    }

    /// <summary>Says whether a text is in the clipboard now.</summary>
    public static void Copied(this ISnackbar snackbar, bool copied) => snackbar.Add(
        copied ? "Copied" : "This browser lets no page copy here. Mark the text and copy it.",
        copied ? Severity.Success : Severity.Warning);

    /// <summary>Asks for another name and saves it. Whether it was renamed.</summary>
    public static async Task<bool> RenamesAsync(this IDialogService dialogs, string title, string? name, Func<string, Task> save)
    {
        var parameters = new DialogParameters<Rename> { { it => it.Name, name }, { it => it.Save, save } };
        var dialog = await dialogs.ShowAsync<Rename>(title, parameters);
        return await dialog.Result is { Canceled: false };
    }

    /// <summary>Does it, and says so or what went wrong. Whether it was done.</summary>
    public static async Task<bool> TriesAsync(this ISnackbar snackbar, Func<Task> change, string done)
    {
        try
        {
            await change();
            snackbar.Add(done, Severity.Success);
            return true;
        }
        catch (Client.TollgateException exception)
        {
            snackbar.Add(exception.Problem is { } problem ? $"{problem.Message} {problem.Detail}" : exception.Message, Severity.Error, options => options.RequireInteraction = true);
        }
        catch (HttpRequestException exception)
        {
            snackbar.Add(exception is BrowserException ? exception.Message : "The server can't be reached.", Severity.Error);
        }

        return false;
    }
}
