namespace Tollgate.Server.Access;

/// <summary>What a request shows of who sent it.</summary>
internal static class RequestCredential
{
    /// <summary>The one credential of the request; null for none, for a malformed one and for more than one.</summary>
    public static (string? Secret, bool IsKey) Of(HttpRequest request, bool mayBeForeign)
    {
        var header = request.Headers["x-api-key"];
        var authorization = request.Headers.Authorization;
        var hasCookie = SessionCookie.TryRead(request, out var cookie);
        if (header.Count > 1 || authorization.Count > 1 || HoldsKey(request.Path.Value) || HoldsKey(request.QueryString.Value))
        {
            return (null, false);
        }

        var key = header.Count == 1 ? header[0] : null;
        if (authorization.Count == 1)
        {
            const string Scheme = "Bearer ";
            var text = authorization[0]!;
            if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || (key is not null && key != text[Scheme.Length..]))
            {
                return (null, false);
            }

            key = text[Scheme.Length..];
        }

        if (hasCookie)
        {
            return key is null ? (cookie, false) : (null, false);
        }

        return key is not null && (SecretText.IsKey(key) || (mayBeForeign && SecretText.MayBeForeign(key)))
            ? (key, true)
            : (null, false);
    }

    // An address ends up in histories and logs; a key that was sent in one is given away, and whoever sends it shall notice.
    private static bool HoldsKey(string? text) =>
        text?.Length > SecretText.KeyPrefix.Length && Uri.UnescapeDataString(text).Contains(SecretText.KeyPrefix, StringComparison.Ordinal);
}
