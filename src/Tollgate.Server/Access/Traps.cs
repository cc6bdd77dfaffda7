using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Access;

/// <summary>
/// Looks for honeytokens in requests that no working credential let in, wherever one may stand: in any credential header, however it is
/// written, and in the address. Each is an alarm in the audit log; the answer says nothing of it.
/// </summary>
internal sealed class Traps(AccessDirectory directory, TimeProvider time)
{
    private const int MostInOneRequest = 4;

    public async Task WatchAsync(HttpContext context)
    {
        if (!directory.HasHoneytokens)
        {
            return;
        }

        foreach (var (owner, key) in In(context.Request).Distinct().Take(MostInOneRequest).ToList())
        {
            lock (owner.Admission)
            {
                owner.Use.AddAttempt(key, RequestMark.Of(context, time.GetUtcNow()));
            }

            await context.RequestServices.GetRequiredService<DecisionLog>()
                .RecordTrapAsync(owner.TenantId, Ids.Text(Ids.ApiKeyPrefix, key), context);
        }
    }

    private IEnumerable<(AccountState Owner, UInt128 Key)> In(HttpRequest request)
    {
        string?[] texts =
        [
            .. request.Headers["x-api-key"], .. request.Headers.Authorization, .. request.Headers.Cookie, request.Path.Value, request.QueryString.Value,
        ];
        foreach (var key in texts.SelectMany(text => SecretText.KeysIn(text ?? "")))
        {
            if (directory.TryFindKey(SecretText.Digest(key), out var entry, out var owner, out _) && entry.State == KeyState.Honeytoken)
            {
                yield return (owner, entry.Key);
            }
        }
    }
}
