using Microsoft.AspNetCore.Http.Features;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary>What both ingest routes do with events: stamp them with where they came from, and make them durable.</summary>
internal sealed class EventArrivals(
    EventIntake intake, IngestRate rate, IngestBudget budget, AccessGate gate, ServerOptions options, Ids ids, TimeProvider time)
{
    /// <summary>The time of receipt of a request whose body is complete.</summary>
    public DateTimeOffset Now => Rfc3339.ToMicroseconds(time.GetUtcNow());

    public EventMembers MembersFor(DateTimeOffset receivedAt) => new(receivedAt, options, ids);

    /// <summary>
    /// The body of a request with events, held to the limit of such bodies, to what its sender declares of it, and to what bodies of its
    /// tenant and of all may take at once. What it takes is given back at the end of the request.
    /// </summary>
    public RequestBytes BytesOf(HttpRequest request)
    {
        var context = request.HttpContext;
        // CA2000: the response disposes of it.
#pragma warning disable CA2000
        var share = budget.Of(context.Features.GetRequiredFeature<Caller>().TenantId);
#pragma warning restore CA2000
        context.Response.RegisterForDispose(share);
        return new RequestBytes(request, options.MaxIngestBodyBytes, withDigest: true, share.GrowTo);
    }

    /// <summary>
    /// The caller as they stand once the body is complete. A body may take its time; a key that was revoked meanwhile stores nothing.
    /// </summary>
    public (Caller? Caller, Problem? Problem) JudgeAgain(HttpContext context) => gate.JudgeOnceMore(context);

    /// <summary>
    /// Stores the events that are new. What is called accepted or a duplicate is durable when this returns. The caller is judged for the
    /// last time here: a revocation that is answered before stores nothing, and one that comes meanwhile waits for the storing.
    /// </summary>
    /// <exception cref="ProblemException">What let the caller in holds no longer, or the tenant sends more than it may.</exception>
    public async Task<IReadOnlyList<IntakeOutcome>> StoreAsync(
        HttpContext context,
        Caller caller,
        DateTimeOffset receivedAt,
        IReadOnlyList<LoggedEvent> events,
        IntakeMode mode,
        CancellationToken cancellationToken)
    {
        if (rate.Take(caller.TenantId, events.Count) is { } tooMany)
        {
            throw new ProblemException(tooMany);
        }

        var (judged, problem, storing) = gate.BeginStoring(context);
        if (judged is null || storing is null)
        {
            throw new ProblemException(problem!);
        }

        try
        {
            var outcomes = await intake.AcceptAsync(BatchOf(context, caller, receivedAt, events), mode, cancellationToken);
            Count(caller, receivedAt, OutcomesOf(outcomes));
            return outcomes;
        }
        finally
        {
            AccessGate.EndStoring(judged, storing);
        }
    }

    /// <summary>Counts events of which nothing is stored, for the overview of what was sent.</summary>
    public static void CountRefused(Caller caller, DateTimeOffset receivedAt, int events) =>
        Count(caller, receivedAt, new EventOutcomes(0, 0, events));

    /// <summary>What <see cref="StoreAsync"/> would say now. Stores nothing.</summary>
    public Task<IReadOnlyList<IntakeOutcome>> PreviewAsync(
        HttpContext context,
        Caller caller,
        DateTimeOffset receivedAt,
        IReadOnlyList<LoggedEvent> events,
        IntakeMode mode,
        CancellationToken cancellationToken) =>
        intake.PreviewAsync(BatchOf(context, caller, receivedAt, events), mode, cancellationToken);

    private static EventOutcomes OutcomesOf(IReadOnlyList<IntakeOutcome> outcomes)
    {
        var (accepted, duplicate) = (0, 0);
        foreach (var outcome in outcomes)
        {
            accepted += outcome.Result == IntakeResult.Accepted ? 1 : 0;
            duplicate += outcome.Result == IntakeResult.Duplicate ? 1 : 0;
        }

        return new EventOutcomes(accepted, duplicate, outcomes.Count - accepted - duplicate);
    }

    private static void Count(Caller caller, DateTimeOffset receivedAt, in EventOutcomes outcomes)
    {
        var place = new SentEventsKey(caller.KeyNumber, caller.EnvironmentId, AccountUse.Hour(receivedAt));
        lock (caller.Account.Admission)
        {
            caller.Account.Use.AddEvents(place, outcomes);
        }
    }

    private static EventBatch BatchOf(HttpContext context, Caller caller, DateTimeOffset receivedAt, IReadOnlyList<LoggedEvent> events) => new(
        new EventProvenance(
            caller.TenantId,
            caller.EnvironmentId,
            caller.AccountId,
            caller.IsServiceAccount,
            caller.ApiKeyId,
            RequestIds.Of(context),
            AuditActor.AddressOf(context)),
        receivedAt,
        events);

    /// <summary>The word on the wire. Nothing is withheld where an answer of single events is given.</summary>
    public static string StatusOf(IntakeResult result) => result switch
    {
        IntakeResult.Accepted => IngestStatuses.Accepted,
        IntakeResult.Duplicate => IngestStatuses.Duplicate,
        IntakeResult.Conflict => IngestStatuses.Conflict,
        _ => throw new InvalidOperationException($"{result} has no word on the wire."),
    };
}
