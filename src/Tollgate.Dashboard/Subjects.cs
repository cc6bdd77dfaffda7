using Tollgate.Client;
using Tollgate.Contracts;
using Tollgate.Dashboard.Parts;
using Tollgate.Dashboard.State;

namespace Tollgate.Dashboard;

// CA1515: components are public, and with them what their parameters are made of.
#pragma warning disable CA1515

/// <summary>Who acts: the accounts and keys of the environment, as far as the person may see them.</summary>
/// <param name="Accounts">People and service accounts.</param>
/// <param name="Keys">Keys, revoked ones included.</param>
public sealed record Subjects(IReadOnlyList<UserResponse> Accounts, IReadOnlyList<SecretResponse> Keys)
{
    private const int All = 1000;

    /// <summary>While the names are asked for, and when they can't be had.</summary>
    internal static Subjects None { get; } = new([], []);

    internal static async Task<Subjects> AskAsync(TollgateClient client, DashboardSession session, CancellationToken cancellationToken)
    {
        var accounts = session.May(Permissions.UserRead)
            ? await client.Accounts.SearchAllTypesAsync(new SearchUsersRequest(), cancellationToken)
            : (IReadOnlyList<UserResponse>)(session.Me is { } me ? [me] : []);
        var keys = session.May(Permissions.SecretRead)
            ? (await client.ApiKeys.ListAsync(new ListApiKeysQuery { Limit = All }, cancellationToken)).Items
            : (IReadOnlyList<SecretResponse>)[];
        return new Subjects(accounts, keys);
    }

    /// <summary>For pages that names only adorn: ids say who acts as well.</summary>
    internal static async Task<Subjects> AskOrNoneAsync(TollgateClient client, DashboardSession session, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(client, session, cancellationToken);
        }
        catch (Exception exception) when (exception is TollgateException or HttpRequestException or OperationCanceledException)
        {
            return None;
        }
    }

    /// <summary>What people call the account; null when they may not see it.</summary>
    public string? NameOfAccount(string? id) => Accounts.FirstOrDefault(each => each.Id == id) is { } account ? Parts.Accounts.NameOf(account) : null;

    /// <summary>What people call the key; null when they may not see it.</summary>
    public string? NameOfKey(string? id) => Keys.FirstOrDefault(each => each.Id == id)?.Name;

    /// <summary>What accounts can be chosen from.</summary>
    public IReadOnlyList<(string Id, string Text)> AccountChoices() =>
        [.. Accounts.Select(each => (each.Id, $"{Parts.Accounts.NameOf(each)} ({Parts.Accounts.TypeOf(each)})"))];

    /// <summary>What keys can be chosen from.</summary>
    public IReadOnlyList<(string Id, string Text)> KeyChoices() => [.. Keys.Select(each => (each.Id, $"{each.Name} (key {each.DisplayId})"))];
}
