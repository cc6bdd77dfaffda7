using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary>
/// <c>POST /v1/secrets/identify</c>: which of the tenant's keys a text is, or is a piece of. A text that is none is only that: nothing tells
/// how near it was. The text itself goes into no log and no record.
/// </summary>
internal static class IdentifyKey
{
    public static void MapIdentifyKey(this Api v1) =>
        v1.Post("/secrets/identify", RouteRule.Administrator(Permissions.SecretRead), HandleAsync);

    private static async Task<Results<Ok<IdentifyKeyResponse>, Problem>> HandleAsync(
        Body<IdentifyKeyRequest> body, Caller caller, ControlDb db, AccessUse use, TimeProvider time, CancellationToken cancellationToken)
    {
        if ((body.Value.Token is null) == (body.Value.Fragment is null))
        {
            return Problem.Invalid("token", "or fragment: exactly one of the two must be sent.");
        }

        await use.WriteAsync(cancellationToken);
        var found = await Matching(db.ApiKeys.AsNoTracking().Where(key => key.TenantId == caller.TenantId), body.Value)
            .OrderBy(key => key.Id)
            .Join(db.Accounts.AsNoTracking(), key => key.AccountId, owner => owner.Id, (key, owner) => new { Key = key, Owner = owner })
            .ToListAsync(cancellationToken);
        var ids = found.Select(each => each.Key.Id).ToList();
        var uses = await db.ApiKeyUse.AsNoTracking().Where(row => ids.Contains(row.ApiKeyId)).ToDictionaryAsync(row => row.ApiKeyId, cancellationToken);
        var now = time.GetUtcNow();
        return TypedResults.Ok(new IdentifyKeyResponse
        {
            Found = found.Count > 0,
            Compared = found.Count == 0 ? null
                : body.Value.Token is not null ? "token"
                : found[0].Key.TailDigest is { } tail && tail.AsSpan().SequenceEqual(TailOf(body.Value.Fragment!)) ? "last_characters"
                : "first_characters",
            Keys = [.. found.Select(each => each.Key.ToResponse(each.Owner, now, uses.GetValueOrDefault(each.Key.Id)))],
        });
    }

    private static IQueryable<ApiKey> Matching(IQueryable<ApiKey> keys, IdentifyKeyRequest request)
    {
        if (request.Token is { } token)
        {
            var digest = SecretText.Digest(token);
            return keys.Where(key => key.Digest == digest);
        }

        // A piece with the prefix is taken for the beginning, and any other for the end or the beginning without it.
        var piece = request.Fragment!;
        var prefixed = piece.StartsWith(SecretText.KeyPrefix, StringComparison.Ordinal);
        var rest = prefixed ? piece[SecretText.KeyPrefix.Length..] : piece;
        var head = rest.Length < SecretText.PieceLength ? [] : SecretText.Digest(rest[..SecretText.PieceLength]);
        var tail = TailOf(piece);
        return keys.Where(key => key.HeadDigest == head || key.TailDigest == tail);
    }

    private static byte[] TailOf(string piece) => SecretText.Digest(piece[^SecretText.PieceLength..]);
}
