using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary>
/// The one way to ask the event store: after everything that was accepted before the question came is in it, and not for longer than a
/// query may take.
/// </summary>
internal sealed class EventReader(IEventLog log, IEventStore store, EventWriter writer, TimeProvider time)
{
    /// <exception cref="ProblemException">The store is too far behind, is being made anew, or the query takes too long: a 503.</exception>
    public async Task<T> AskAsync<T>(Func<IEventStore, CancellationToken, Task<T>> question, CancellationToken cancellationToken)
    {
        await CatchUpAsync(log.DurableSequence, cancellationToken);
        using var limit = new CancellationTokenSource(Limits.EventQuery, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await question(store, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ProblemException(Problem.Unavailable("The query takes too long.") with
            {
                Detail = "Ask for less at once: a shorter interval, fewer windows or groups, a narrower filter.",
            });
        }
        catch (EventStoreResetException)
        {
            // The writer makes it anew from the log.
            throw Behind();
        }
    }

    private async Task CatchUpAsync(long sequence, CancellationToken cancellationToken)
    {
        try
        {
            await writer.WaitForAsync(sequence, cancellationToken).WaitAsync(Limits.ReadYourWrites, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Behind();
        }
    }

    private static ProblemException Behind() => new(Problem.Unavailable("Not all accepted events can be read yet.") with
    {
        Detail = "They are stored, and on their way to where they are read. Ask again.",
    });
}
