using Tollgate.Client;
using Tollgate.Contracts;

namespace Tollgate.Dashboard.Parts;

/// <summary>People and service accounts together, and where their pages are.</summary>
internal static class Accounts
{
    private const int Most = 1000;

    /// <summary>The accounts of both types that a search finds: a search is for one type.</summary>
    public static async Task<List<UserResponse>> SearchAllTypesAsync(
        this AccountsClient accounts, SearchUsersRequest request, CancellationToken cancellationToken = default)
    {
        var (found, _) = await accounts.SearchAndCountAsync(request, cancellationToken);
        return found;
    }

    /// <summary>The same, and how many there are in all: very many are not all found.</summary>
    public static async Task<(List<UserResponse> Found, long Total)> SearchAndCountAsync(
        this AccountsClient accounts, SearchUsersRequest request, CancellationToken cancellationToken = default)
    {
        var found = new List<UserResponse>();
        var total = 0L;
        foreach (var type in AccountTypes.All)
        {
            var page = await accounts.SearchAsync(request with { Type = type, Limit = request.Limit ?? Most }, cancellationToken);
            found.AddRange(page.Items);
            total += page.Pagination.Total;
        }

        return (found, total);
    }

    /// <summary>What an account is called.</summary>
    public static string NameOf(UserResponse account) => account.Name ?? account.Email ?? account.Id;

    /// <summary>Its type in words.</summary>
    public static string TypeOf(UserResponse account) => account.Type == AccountTypes.ServiceAccount ? "service account" : "person";

    /// <summary>The address of its page.</summary>
    public static string PageOf(string type, string id) => $"/{(type == AccountTypes.ServiceAccount ? "service-accounts" : "people")}/{id}";
}
