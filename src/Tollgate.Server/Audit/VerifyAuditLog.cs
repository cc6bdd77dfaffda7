using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Audit;

/// <summary>
/// <c>POST /v1/audit/verify</c>: walks along the whole log of the caller's tenant and names the first record that is not as it was written.
/// It must go through the head that the database keeps apart, the checkpoints in the database and in the folder, and those that the
/// caller kept elsewhere.
/// </summary>
internal static class VerifyAuditLog
{
    public static void MapVerifyAuditLog(this Api v1) => v1.Post("/audit/verify", RouteRule.Requires(Permissions.AuditRead), HandleAsync);

    private static async Task<Results<Ok<VerifyAuditLogResponse>, Problem>> HandleAsync(
        OptionalBody<VerifyAuditLogRequest> body,
        Caller caller,
        ControlDb db,
        AuditCheckpoints checkpoints,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var (given, problem) = Read(body.Value?.Checkpoints ?? [], caller.TenantId);
        if (problem is not null)
        {
            return problem;
        }

        var tenantId = caller.TenantId;
        var head = await HeadAsync(db, tenantId, cancellationToken);
        List<AuditMark> known = [.. given, .. await checkpoints.MarksAsync(db, tenantId, cancellationToken)];
        if (head is not null)
        {
            known.Add(new AuditMark(head.Number, head.Hash, "the head that the server keeps"));
        }

        var chain = new AuditChain(tenantId, known);
        await foreach (var row in db.AuditRecords.AsNoTracking().Where(row => row.TenantId == tenantId).OrderBy(row => row.Number)
            .AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            chain.Add(row.ToLink());
        }

        // Read anew: the log may have grown meanwhile, but never beyond its head.
        chain.End((await HeadAsync(db, tenantId, cancellationToken))?.Number ?? 0);
        return TypedResults.Ok(new VerifyAuditLogResponse
        {
            Valid = chain.Problem is null,
            Records = chain.Records,
            FirstNumber = chain.FirstNumber,
            LastNumber = chain.LastNumber,
            HeadHash = chain.HeadHash,
            VerifiedAt = Rfc3339.ToMicroseconds(time.GetUtcNow()),
            Problem = chain.Problem,
        });
    }

    private static Task<AuditHead?> HeadAsync(ControlDb db, string tenantId, CancellationToken cancellationToken) =>
        db.AuditHeads.AsNoTracking().SingleOrDefaultAsync(row => row.TenantId == tenantId, cancellationToken);

    private static (List<AuditMark> Marks, Problem? Problem) Read(IReadOnlyList<KnownAuditCheckpoint> given, string tenantId)
    {
        var errors = new FieldErrors();
        var marks = new List<AuditMark>();
        for (var index = 0; index < given.Count; index++)
        {
            var checkpoint = given[index];
            errors.Demand((checkpoint.TenantId ?? tenantId) == tenantId, $"checkpoints[{index}].tenant_id", "must be your own tenant.");
            if (checkpoint.Hash.All(char.IsAsciiHexDigit))
            {
                marks.Add(new AuditMark(checkpoint.Number, Convert.FromHexString(checkpoint.Hash), checkpoint.At is { } at
                    ? $"the checkpoint of {Rfc3339.Format(at)} in the request"
                    : "the checkpoint in the request"));
            }
            else
            {
                errors.Add($"checkpoints[{index}].hash", "must be 64 hexadecimal digits.");
            }
        }

        return (marks, errors.ToProblem());
    }
}
