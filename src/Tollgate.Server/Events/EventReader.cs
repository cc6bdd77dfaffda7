using System.Globalization;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary>
/// The one way to ask the event store: after everything that was accepted before the question came is in it, in turn with other tenants
/// (decision 0029), and not for longer than a query may take.
/// </summary>
internal sealed class EventReader(IEventLog log, IEventStore store, EventIdIndex index, EventWriter writer, FairSlots slots, TimeProvider time)
{
    private const string AskForLess = "Ask for less at once: a shorter interval, fewer windows or groups, a narrower filter.";

    /// <exception cref="ProblemException">
    /// The store is too far behind, is being made anew, or the query takes too long: a 503. Too many queries of the tenant wait: a 429.
    /// </exception>
    public async Task<T> AskAsync<T>(EventReach reach, Func<IEventStore, CancellationToken, Task<T>> question, CancellationToken cancellationToken)
    {
        var generation = store.Generation;
        if (!await CatchUpAsync(log.DurableSequence, Limits.ReadYourWrites, cancellationToken))
        {
            throw Behind();
        }

        return await AskNowAsync(reach, question, generation, cancellationToken);
    }

    /// <summary>As <see cref="AskAsync"/>, of what can be read by then when the store does not catch up soon.</summary>
    /// <exception cref="ProblemException">As for <see cref="AskAsync"/>, but for the store being behind.</exception>
    public async Task<T> AskBehindAsync<T>(
        EventReach reach, Func<IEventStore, CancellationToken, Task<T>> question, TimeSpan patience, CancellationToken cancellationToken)
    {
        await CatchUpAsync(log.DurableSequence, patience, cancellationToken);
        return await AskNowAsync(reach, question, store.Generation, cancellationToken);
    }

    private async Task<T> AskNowAsync<T>(
        EventReach reach, Func<IEventStore, CancellationToken, Task<T>> question, int generation, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limits.EventQuery, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var slot = await slots.TakeAsync(reach.Scope.TenantId, either.Token) ?? throw new ProblemException(TooMany);
            var answer = await question(store, either.Token);

            // A store that began anew on the way may have answered before everything was in it again.
            return store.Generation == generation ? answer : throw Behind();
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ProblemException(Problem.Unavailable("The query takes too long.") with { Detail = AskForLess });
        }
        catch (EventQueryTooLargeException)
        {
            throw new ProblemException(Problem.Invalid("query", "takes more memory than one query may.") with { Detail = AskForLess });
        }
        catch (EventStoreResetException)
        {
            // It is made anew from the log.
            writer.Wake();
            throw Behind();
        }
    }

    /// <summary>The event with this id, whenever it happened; null when there is none.</summary>
    /// <exception cref="ProblemException">As for <see cref="AskAsync"/>.</exception>
    /// <exception cref="LogUnavailableException">The part of the index that would know is being made anew.</exception>
    public Task<StoredEvent?> FindAsync(EventReach reach, string eventId, CancellationToken cancellationToken)
    {
        var durable = log.DurableSequence;
        return AskAsync(
            reach,
            async (asked, token) =>
            {
                while (index.CoveredSequence < durable)
                {
                    // An event is acknowledged as soon as it is durable; the index hears of it within microseconds.
                    await Task.Delay(TimeSpan.FromMilliseconds(1), token);
                }

                return index.TryFind(EventIdIndex.KeyOf(reach.Scope.EnvironmentId, eventId), out var found)
                    ? await asked.FindBySequenceAsync(reach, found.Sequence, token)
                    : null;
            },
            cancellationToken);
    }

    private async Task<bool> CatchUpAsync(long sequence, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            await writer.WaitForAsync(sequence, cancellationToken).WaitAsync(patience, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static Problem TooMany => new(429, ErrorCodes.TooManyRequests, "Too many queries of events wait.")
    {
        Error = "Too Many Requests",
        Detail = string.Create(
            CultureInfo.InvariantCulture,
            $"Of one organisation {Limits.MaxQueriesPerTenant} queries run and {Limits.MaxQueriesWaitingPerTenant} wait at once. Ask again after the seconds in Retry-After."),
        Details = new { policy = "queries", limit = Limits.MaxQueriesPerTenant + Limits.MaxQueriesWaitingPerTenant },
        Headers = new Dictionary<string, string> { ["Retry-After"] = "1" },
    };

    private static ProblemException Behind() => new(Problem.Unavailable("Not all accepted events can be read yet.") with
    {
        Detail = "They are stored, and on their way to where they are read. Ask again.",
    });
}
