using System.Net;
using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>The server refused a request, and said why; or its answer can't be read.</summary>
public sealed class TollgateException : Exception
{
    internal TollgateException(HttpStatusCode status, ProblemResponse? problem, TimeSpan? retryAfter)
        : base(problem?.Message ?? $"The server answered {(int)status}.") =>
        (Status, Problem, RetryAfter) = (status, problem, retryAfter);

    internal TollgateException(HttpStatusCode status, Exception unreadable)
        : base("The server's answer is not what this program understands. One of the two is older than the other: load the page, or update the client.", unreadable) =>
        Status = status;

    /// <summary>The HTTP status.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>What the server said; null when what answered was no Tollgate.</summary>
    public ProblemResponse? Problem { get; }

    /// <summary>How long to wait before the next try, when the server says so.</summary>
    public TimeSpan? RetryAfter { get; }
}
