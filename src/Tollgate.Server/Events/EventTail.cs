using Microsoft.AspNetCore.Http.Features;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>
/// Follows the log for those who read along (decision 0026). A stream keeps nothing but its place: it reads on when its reader has taken what
/// was sent, so that a slow one costs no memory, and one that is too far behind is told what it missed.
/// </summary>
internal sealed class EventTail(
    EventReader events,
    EventWriter writer,
    EventStreams streams,
    StreamPlaces places,
    AccessGate gate,
    IHostApplicationLifetime lifetime,
    TimeProvider time)
{
    // Under a flood of single events a stream reads ten times a second, and not for each of them.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100);

    /// <summary>Answers with the events behind the place and those that come, until the client goes, the right to read them or the time ends.</summary>
    public async Task FollowAsync(HttpContext context, EventSelection selection, long place, TimeSpan? length)
    {
        using var entry = streams.Enter(context.Features.GetRequiredFeature<Caller>().TenantId);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var response = context.Response;
        response.ContentType = ServerSentMessages.ContentType;
        response.Headers.CacheControl = "no-store";
        // What nginx and its like need to be told to pass on what they get.
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        var stream = new Stream(context, selection, new ServerSentMessages(response.BodyWriter), place, time.GetTimestamp());
        StreamEndResponse? end;
        try
        {
            end = await FollowAsync(stream, length, over.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            end = new StreamEndResponse { Reason = "shutdown", Message = "The server stops. Come back with the id of the last message." };
        }

        if (end is not null)
        {
            await EndAsync(stream, end);
        }
    }

    /// <summary>Sends the last message. A reader who has not even taken what came before is cut off: nothing shall wait for them.</summary>
    private async Task EndAsync(Stream stream, StreamEndResponse end)
    {
        stream.Messages.Send(StreamMessages.End, id: null, end);
        var flush = stream.Context.Response.BodyWriter.FlushAsync(stream.Context.RequestAborted).AsTask();
        if (await Task.WhenAny(flush, Task.Delay(Limits.StreamJudged, time, CancellationToken.None)) != flush)
        {
            stream.Context.Abort();
        }
    }

    /// <summary>Why the stream ends; null when there is nobody to tell.</summary>
    private async Task<StreamEndResponse?> FollowAsync(Stream stream, TimeSpan? length, CancellationToken over)
    {
        stream.Messages.Begin(PlaceOf(stream));
        for (var began = time.GetTimestamp(); ;)
        {
            var (caller, end) = Judge(stream);
            if (caller is null)
            {
                return end;
            }

            var more = await ReadAsync(stream, caller, over);
            if (Judge(stream).End is { } lost)
            {
                return lost;
            }

            var sent = SendPage(stream);
            if (!sent && time.GetElapsedTime(stream.LastSent) >= Limits.StreamKeepAlive)
            {
                stream.Messages.KeepAlive(PlaceOf(stream));
                stream.LastSent = time.GetTimestamp();
            }

            if (!await FlushAsync(stream, over))
            {
                return null;
            }

            if (!more && time.GetElapsedTime(began) >= length)
            {
                return new StreamEndResponse { Reason = "time", Message = "max_seconds have passed." };
            }

            if (!more)
            {
                await WaitAsync(stream, caller, over);
            }
        }
    }

    /// <summary>The caller as they stand now, or the message with which the stream ends.</summary>
    private (Caller? Caller, StreamEndResponse? End) Judge(Stream stream)
    {
        var (caller, problem) = gate.JudgeOnceMore(stream.Context);
        return problem is null ? (caller, null) : (null, new StreamEndResponse { Reason = problem.Code, Message = problem.Message });
    }

    /// <summary>Reads what comes behind the place, and leaves out what is too far behind; whether there is more.</summary>
    private async Task<bool> ReadAsync(Stream stream, Caller caller, CancellationToken over)
    {
        var query = new EventQuery
        {
            Filter = stream.Selection.ToFilter(caller.ReachAt(time.GetUtcNow())),
            Sort = EventSort.Arrival,
            Descending = false,
            PageSize = Limits.StreamPageSize,
            After = new EventPosition("", default, stream.Place),
        };
        try
        {
            var (page, missed, applied) = await events.AskAsync(
                query.Filter.Reach,
                async (store, token) =>
                {
                    // Looked at before the question: what comes in between is behind the place that the stream then has.
                    var carried = store.AppliedSequence;
                    return await IsTooFarBehindAsync(store, query, stream.Place, carried, token)
                        ? (new EventPage([], HasMore: false), true, carried)
                        : (await store.QueryAsync(query, token), false, carried);
                },
                over);
            stream.Page = page.Events;
            stream.Missed = missed ? (stream.Place, applied) : null;
            var last = page.Events.Count > 0 ? page.Events[^1].Sequence : stream.Place;
            // What is not meant need not be looked at again.
            stream.Place = page.HasMore ? last : Math.Max(last, applied);
            return page.HasMore;
        }
        catch (ProblemException)
        {
            // What can't be read now can be soon, and a stream has time.
            stream.Page = [];
            return false;
        }
    }

    private static async Task<bool> IsTooFarBehindAsync(IEventStore store, EventQuery query, long place, long applied, CancellationToken cancellationToken)
    {
        if (applied - place <= Limits.MaxStreamLag)
        {
            return false;
        }

        // Most of what lies in between may be others'. The newest event that would be one too many tells.
        var edge = await store.QueryAsync(
            query with { Descending = true, After = null, PageSize = 1, Offset = Limits.MaxStreamLag }, cancellationToken);
        return edge.Events is [var found] && found.Sequence > place;
    }

    /// <summary>Writes what was read; whether it was anything.</summary>
    private bool SendPage(Stream stream)
    {
        if (stream.Missed is { } missed)
        {
            stream.Missed = null;
            var through = places.Write(stream.Scope, missed.Through);
            stream.Messages.Send(
                StreamMessages.Missed, through, new MissedEventsResponse { After = places.Write(stream.Scope, missed.After), Through = through });
            stream.LastSent = time.GetTimestamp();
            return true;
        }

        foreach (var each in stream.Page)
        {
            stream.Messages.Send(StreamMessages.Event, places.Write(stream.Scope, each.Sequence), each.ToLine());
            stream.LastSent = time.GetTimestamp();
        }

        return stream.Page.Count > 0;
    }

    /// <summary>Waits until the reader has taken what was sent. One who does not, and loses the right meanwhile, is cut off.</summary>
    private async Task<bool> FlushAsync(Stream stream, CancellationToken over)
    {
        var flush = stream.Context.Response.BodyWriter.FlushAsync(over).AsTask();
        while (!flush.IsCompleted)
        {
            await Task.WhenAny(flush, Task.Delay(Limits.StreamJudged, time, over));
            if (!flush.IsCompleted && Judge(stream).End is not null)
            {
                stream.Context.Abort();
                return false;
            }
        }

        return !(await flush).IsCompleted;
    }

    /// <summary>Waits for the next event, and not for longer than the caller may go unjudged.</summary>
    private async Task WaitAsync(Stream stream, Caller caller, CancellationToken over)
    {
        using var limit = new CancellationTokenSource(Limits.StreamJudged, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over, limit.Token);
        try
        {
            await writer.WaitForNewAsync(new EventScope(caller.TenantId, caller.EnvironmentId), stream.Place, either.Token);
            await Task.Delay(Gather, time, either.Token);
        }
        catch (OperationCanceledException) when (!over.IsCancellationRequested)
        {
            // Time to judge again.
        }
    }

    private string PlaceOf(Stream stream) => places.Write(stream.Scope, stream.Place);

    /// <summary>Where a stream is.</summary>
    private sealed class Stream(HttpContext context, EventSelection selection, ServerSentMessages messages, long place, long lastSent)
    {
        public HttpContext Context => context;

        public EventSelection Selection => selection;

        public ServerSentMessages Messages => messages;

        public EventScope Scope { get; } = ScopeOf(context.Features.GetRequiredFeature<Caller>());

        /// <summary>The number of the last event that was read, or was not meant.</summary>
        public long Place { get; set; } = place;

        public IReadOnlyList<StoredEvent> Page { get; set; } = [];

        /// <summary>What is left out: behind the first number, up to the second.</summary>
        public (long After, long Through)? Missed { get; set; }

        public long LastSent { get; set; } = lastSent;

        private static EventScope ScopeOf(Caller caller) => new(caller.TenantId, caller.EnvironmentId);
    }
}
