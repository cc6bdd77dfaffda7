using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Access;

/// <summary>
/// A POST with an <c>Idempotency-Key</c>: repeated with the same credential, it gets the first answer for 24 hours. The answer is stored in
/// the transaction of the change, so that there is never one without the other, and sealed, because it may hold a new key or password:
/// the sealing key comes from the caller's credential, which the server does not store (decision 0023).
/// </summary>
internal sealed class IdempotentRequest
{
    private const string Header = "Idempotency-Key";
    private const int MaxKeyLength = 255;
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private static readonly byte[] Purpose = "tollgate idempotency-key 1"u8.ToArray();

    private readonly byte[] _sealingKey;

    private IdempotentRequest(byte[] scope, byte[] request, byte[] sealingKey) => (Scope, Request, _sealingKey) = (scope, request, sealingKey);

    /// <summary>Tells the client's keys apart, those of different credentials and environments too.</summary>
    public byte[] Scope { get; }

    /// <summary>Tells whether it is the same request: route, query and body.</summary>
    public byte[] Request { get; }

    /// <summary>What the request asks for; null without the header, and for methods that may be repeated anyway.</summary>
    /// <exception cref="ProblemException">400: the header is there twice, empty, too long or not printable.</exception>
    public static IdempotentRequest? Of(HttpContext context, Caller caller, AccessGate gate)
    {
        var request = context.Request;
        var header = request.Headers[Header];
        if (header.Count == 0 || !HttpMethods.IsPost(request.Method))
        {
            return null;
        }

        if (header.Count > 1)
        {
            throw new ProblemException(Problem.Invalid(Header, "may be sent once."));
        }

        if (header[0] is not { Length: > 0 and <= MaxKeyLength } key || key.Any(character => character is < ' ' or > '~'))
        {
            throw new ProblemException(Problem.Invalid(Header, $"must be 1 to {MaxKeyLength} printable ASCII characters."));
        }

        // A copy of the database yields neither the credential nor, without it, anything that could be tried out.
        var secret = HKDF.Extract(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(gate.SecretOf(request)), Purpose);
        // No part can hold a NUL, so no two requests have the same text.
        var named = $"{caller.EnvironmentId}\0{key}";
        var asked = $"{named}\0{request.Method} {request.Path}{request.QueryString}\0{Convert.ToHexString(SHA256.HashData(RequestText.Of(context).Span))}";
        return new IdempotentRequest(Derive(secret, $"scope\0{named}"), Derive(secret, $"request\0{asked}"), Derive(secret, $"answer\0{asked}"));
    }

    /// <summary>The answer that this request got before; null when it did not.</summary>
    /// <exception cref="ProblemException">409: another request had the key.</exception>
    public async Task<RepeatedAnswer?> FindAnswerAsync(ControlDb db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var oldest = now - Limits.IdempotencyKept;
        var row = await db.IdempotentAnswers.AsNoTracking()
            .SingleOrDefaultAsync(stored => stored.Scope == Scope && stored.CreatedAt > oldest, cancellationToken);
        return row is null ? null
            : CryptographicOperations.FixedTimeEquals(row.Request, Request) ? Open(row.Answer)
            : throw new ProblemException(new Problem(409, ErrorCodes.Conflict, $"The {Header} was used for another request.")
            {
                Error = "Conflict",
                Detail = "A key stands for one request: the same route with the same body. Send this one with a key of its own.",
            });
    }

    /// <summary>Stores the answer within the change, and forgets those whose time is over.</summary>
    public async Task KeepAsync(ControlDb db, string tenantId, RepeatedAnswer answer, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await ForgetAsync(db, now, cancellationToken);
        db.IdempotentAnswers.Add(new IdempotentAnswer
        {
            Scope = Scope,
            TenantId = tenantId,
            Request = Request,
            Answer = Seal(answer),
            CreatedAt = now,
        });
    }

    /// <summary>Deletes the answers whose time is over.</summary>
    public static Task ForgetAsync(ControlDb db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var oldest = now - Limits.IdempotencyKept;
        return db.IdempotentAnswers.Where(stored => stored.CreatedAt <= oldest).ExecuteDeleteAsync(cancellationToken);
    }

    private static byte[] Derive(byte[] secret, string purpose) =>
        HKDF.Expand(HashAlgorithmName.SHA256, secret, SHA256.HashSizeInBytes, Encoding.UTF8.GetBytes(purpose));

    private byte[] Seal(RepeatedAnswer answer)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Options);
        var stored = new byte[NonceLength + text.Length + TagLength];
        var nonce = stored.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(_sealingKey, TagLength);
        cipher.Encrypt(nonce, text, stored.AsSpan(NonceLength, text.Length), stored.AsSpan(NonceLength + text.Length), Scope);
        return stored;
    }

    private RepeatedAnswer Open(byte[] stored)
    {
        var length = stored.Length - NonceLength - TagLength;
        var text = new byte[length];
        using var cipher = new AesGcm(_sealingKey, TagLength);
        cipher.Decrypt(stored.AsSpan(0, NonceLength), stored.AsSpan(NonceLength, length), stored.AsSpan(NonceLength + length), text, Scope);
        return JsonSerializer.Deserialize<RepeatedAnswer>(text, WireJson.Options)!;
    }
}

/// <summary>An answer as it was given first.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Location">Its header Location.</param>
/// <param name="Body">Its body; null for none.</param>
internal sealed record RepeatedAnswer(int Status, string? Location, string? Body) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.Headers["Idempotency-Replayed"] = "true";
        if (Location is not null)
        {
            response.Headers.Location = Location;
        }

        if (Body is null)
        {
            return Task.CompletedTask;
        }

        response.ContentType = "application/json; charset=utf-8";
        return response.WriteAsync(Body, httpContext.RequestAborted);
    }
}

/// <summary>Ends a request that was answered before with that answer.</summary>
internal sealed class AnsweredBeforeException(RepeatedAnswer answer) : Exception("The request was answered before.")
{
    public RepeatedAnswer Answer { get; } = answer;
}
