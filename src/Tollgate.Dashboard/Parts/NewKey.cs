using MudBlazor;
using Tollgate.Contracts;

namespace Tollgate.Dashboard.Parts;

/// <summary>The side panel in which a key is made, from wherever it is asked for.</summary>
internal static class NewKey
{
    /// <summary>Shows the panel until it is closed; for an account, or one that is chosen there.</summary>
    public static async Task NewKeyAsync(this IDialogService dialogs, UserResponse? account = null)
    {
        var parameters = new DialogParameters<NewKeyPanel> { { it => it.Account, account } };
        // The key is shown once: a click beside the panel must not lose it.
        var options = new DialogOptions { Position = DialogPosition.CenterRight, BackdropClick = false, CloseOnEscapeKey = false, MaxWidth = MaxWidth.Small, FullWidth = true };
        var dialog = await dialogs.ShowAsync<NewKeyPanel>("New API key", parameters, options);
        await dialog.Result;
    }
}
