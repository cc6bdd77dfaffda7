using System.Diagnostics.CodeAnalysis;

namespace Tollgate.ServerTests.Access;

/// <summary>What is wrong with a principal's requests besides what it may do.</summary>
internal enum Flaw
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>There is no valid credential in them.</summary>
    Credential,

    /// <summary>They name another environment than the key's.</summary>
    Environment,

    /// <summary>A page of another origin sends them with a session's cookie.</summary>
    ForeignPage,

    /// <summary>The person has not yet changed the first password.</summary>
    FirstPassword,
}

/// <summary>A caller of the matrix, and what the model knows of it. The model works with names, never with the server's bits.</summary>
internal sealed record Principal(string Name)
{
    public string AccountId { get; init; } = "";

    /// <summary>The key of a credential that no longer works; a working one tells its own.</summary>
    public string? DeadKeyId { get; init; }

    public IReadOnlyList<string> Roles { get; init; } = [];

    public IReadOnlySet<string> Permissions { get; init; } = new HashSet<string>();

    public bool Administrator { get; init; }

    public bool Session { get; init; }

    public Flaw Flaw { get; init; }

    /// <summary>Whether it belongs to the tenant that the samples' objects belong to.</summary>
    public bool AtHome { get; init; } = true;

    /// <summary>Whether its account holds more than it does, so that a new key of the account would be wider.</summary>
    public bool AccountHoldsMore { get; init; }

    /// <summary>The headers that carry its credential.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>A query that goes behind every path.</summary>
    public string Query { get; init; } = "";

    /// <summary>A role that it may give to a service account: one that grants no more than it holds.</summary>
    public string GrantableRole { get; init; } = "event_reader";

    /// <summary>Makes a key of the principal's own account, which it may see, and returns its id.</summary>
    public Func<Task<string>>? NewKey { get; init; }

    /// <summary>How the person logs in.</summary>
    public (string Email, string Password)? Login { get; init; }

    /// <summary>
    /// The oracle: the status of a valid request, from the contract alone. 401 without a valid credential, or with a key where a
    /// session is asked for; 403 without the permission; 404 for an object of another tenant.
    /// </summary>
    [SuppressMessage("Maintainability", "CA1502", Justification = "One decision after the other, as the contract lists them.")]
    public int Expect(ExpectedRoute route)
    {
        if (route.Access == "public")
        {
            // A foreign page that says what it is may not log anybody in either.
            // A report of leaks is signed, wherever it comes from.
            return Flaw == Flaw.ForeignPage && Headers.Count > 1 && route.ChangesSomething && route.Name != "POST /v1/secrets/leaks/github"
                ? 403
                : route.Success;
        }

        if (Flaw == Flaw.Credential)
        {
            return 401;
        }

        if (Flaw == Flaw.Environment || (Flaw == Flaw.ForeignPage && route.ChangesSomething))
        {
            return 403;
        }

        if (route.Access == "session" && !Session)
        {
            return 401;
        }

        if (Flaw == Flaw.FirstPassword && route.Access != "session" && route.Name != "GET /v1/users/me")
        {
            return 403;
        }

        var needed = route.Permission ?? (Session ? null : route.KeyPermission);
        if ((needed is not null && !Permissions.Contains(needed)) || (route.Access == "administrator" && !Administrator))
        {
            return 403;
        }

        if (route.Name == "POST /v1/secrets/api/keys" && AccountHoldsMore)
        {
            return 403;
        }

        if (route.Name == "POST /v1/secrets/api/keys/{id}/rotate" && AccountHoldsMore)
        {
            // Refused cells name a standing key of another account, which it can't see.
            return 404;
        }

        if (route.Name == "POST /v1/secrets/api/keys/import" && !AtHome)
        {
            // The account that it names in its body does not exist for another tenant.
            return 400;
        }

        return route.NamesAnObject && !AtHome ? 404 : route.Success;
    }

    public override string ToString() => Name;
}
