using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.ApiKeys;

/// <summary>
/// <c>POST /v1/secrets/leaks/github</c>: GitHub tells which of our keys it found in public. Signed over the raw bytes; what follows for a key
/// is its tenant's policy: reported in the audit log, or revoked as well. A report may be repeated.
/// </summary>
internal static class ReportGitHubLeaks
{
    private const string TruePositive = "true_positive";
    private const string FalsePositive = "false_positive";

    public static void MapReportGitHubLeaks(this Api v1) => v1.Post(
        "/secrets/leaks/github", RouteRule.Public("The body is signed with a key of GitHub's; off unless one is configured."), HandleAsync);

    private static async Task<Results<Ok<IReadOnlyList<LeakedTokenResponse>>, Problem>> HandleAsync(
        LeakReport report,
        AccessDirectory directory,
        ControlChanges changes,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        var answers = new List<LeakedTokenResponse>();
        foreach (var found in report.Tokens)
        {
            var digest = SecretText.Digest(found.Token);
            var ours = directory.TryFindKey(digest, out _, out var owner, out _);
            if (ours)
            {
                await ReportAsync(owner, directory, digest, found, changes, context, cancellationToken);
            }

            answers.Add(new LeakedTokenResponse
            {
                TokenHash = Convert.ToBase64String(digest),
                TokenType = found.Type,
                Label = ours ? TruePositive : FalsePositive,
            });
        }

        return TypedResults.Ok<IReadOnlyList<LeakedTokenResponse>>(answers);
    }

    private static async Task ReportAsync(
        AccountState owner,
        AccessDirectory directory,
        byte[] digest,
        LeakedToken found,
        ControlChanges changes,
        HttpContext context,
        CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(owner.TenantId, AuditActor.Outside(context), cancellationToken);
        var key = await change.Db.ApiKeys.SingleAsync(row => row.Digest == digest, cancellationToken);
        var policy = (await change.Db.TenantSettings.FindAsync([owner.TenantId], cancellationToken)).ToResponse().LeakedKeyPolicy;
        var dies = policy == LeakedKeyPolicies.Revoke && key.Status != Statuses.Deleted;
        if (!dies && key.LeakedAt is not null && (key.Status == Statuses.Deleted || key.LeakedWhere == found.Url))
        {
            // The same report again. One that comes after the policy was made stricter is not.
            return;
        }

        var before = key.ToAudit();
        key.LeakedAt ??= change.Now;
        key.LeakedWhere = found.Url;
        key.UpdatedAt = change.Now;
        change.Record("api_key.leaked", "api_key", key.Id, before, key.ToAudit(), AuditSeverities.Alert);
        if (dies)
        {
            KeyRevocation.Revoke(change, directory, key, "leaked");
        }

        change.Publish(access => access.Put(key));
        await change.SaveAsync(cancellationToken);
    }
}

/// <summary>A signed report of finds.</summary>
internal sealed class LeakReport(IReadOnlyList<LeakedToken> tokens) : IEndpointParameterMetadataProvider
{
    public IReadOnlyList<LeakedToken> Tokens => tokens;

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(IReadOnlyList<LeakedToken>)));

    public static async ValueTask<LeakReport?> BindAsync(HttpContext context)
    {
        var signature = context.RequestServices.GetRequiredService<GitHubSignature>();
        if (!signature.IsConfigured)
        {
            throw new ProblemException(ErrorAnswers.UnknownRoute);
        }

        var headers = context.Request.Headers;
        if (headers.ContentEncoding.Count > 0)
        {
            // The signature is over the bytes that come; what they would unpack to is signed by nobody.
            throw new ProblemException(ErrorAnswers.ForStatus(415));
        }

        var bytes = await RequestText.ReadAsync(context.Request, Limits.MaxBodyBytes, context.RequestAborted);
        if (!signature.IsValid(headers["Github-Public-Key-Identifier"], headers["Github-Public-Key-Signature"], bytes.Span))
        {
            throw new ProblemException(Problem.Unauthenticated);
        }

        return new LeakReport(Read(bytes));
    }

    private static LeakedToken[] Read(ReadOnlyMemory<byte> bytes)
    {
        var errors = new FieldErrors();
        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new ProblemException(Problem.Invalid("body", "must be a list."));
            }

            if (document.RootElement.GetArrayLength() > Limits.MaxLeakedTokens)
            {
                throw new ProblemException(ErrorAnswers.ForStatus(413));
            }

            var index = 0;
            foreach (var item in document.RootElement.EnumerateArray())
            {
                WireShape.Of(typeof(LeakedToken)).Check(item, $"[{index++}]", errors);
            }

            errors.ThrowIfAny();
            return document.RootElement.Deserialize<LeakedToken[]>(WireJson.Options)!;
        }
        catch (JsonException exception)
        {
            throw new ProblemException(Problem.Invalid("body", $"is not valid JSON (line {exception.LineNumber + 1})."));
        }
    }
}
