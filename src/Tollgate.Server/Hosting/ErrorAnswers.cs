using Microsoft.AspNetCore.WebUtilities;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Audit;
using Tollgate.Storage.Control;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Hosting;

/// <summary>Turns everything that goes wrong into the one shape of errors. No stack, SQL, path or library name ever leaves.</summary>
internal sealed partial class ErrorAnswers(ILogger<ErrorAnswers> logger)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
            {
                await ForStatus(context.Response.StatusCode).ExecuteAsync(context);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone; there is nobody to answer.
        }
        catch (AnsweredBeforeException before)
        {
            await before.Answer.ExecuteAsync(context);
        }
        // CA1031: this is the last place that can answer; what it does not know becomes a 500 with its id in the log.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await AnswerAsync(context, exception);
        }
    }

    /// <summary>Nothing is mapped at the path.</summary>
    public static Problem UnknownRoute { get; } = new(404, ErrorCodes.NotFound, "No such route.")
    {
        Error = "Not Found",
        Detail = "Check the path; GET /openapi/v1.json lists every route.",
    };

    /// <summary>The problem for a bare status, whoever set it.</summary>
    public static Problem ForStatus(int status) => status switch
    {
        400 => new Problem(400, ErrorCodes.BadRequest, "The request is not valid HTTP."),
        404 => UnknownRoute,
        405 => new Problem(405, ErrorCodes.MethodNotAllowed, "The route does not have this method.")
        {
            Detail = "The header Allow lists the methods that it has.",
        },
        408 => new Problem(408, ErrorCodes.RequestTimeout, "The request did not arrive in time.")
        {
            Detail = "Nothing of the request was stored. Send it again.",
        },
        413 => new Problem(413, ErrorCodes.PayloadTooLarge, "The body is larger than the limit.")
        {
            Detail = "Nothing of the request was stored. Send less at once.",
        },
        414 => new Problem(414, ErrorCodes.UriTooLong, "The request line is longer than the limit.")
        {
            Detail = "Send long filters in the body of POST /v1/events/query.",
        },
        415 => new Problem(415, ErrorCodes.UnsupportedMediaType, "The body's type, charset or encoding is not one that the route reads.")
        {
            Detail = "Send Content-Type: application/json in UTF-8, and Content-Encoding gzip, br or none.",
        },
        431 => new Problem(431, ErrorCodes.HeadersTooLarge, "The headers are larger or more than the limit.")
        {
            Detail = "docs/reference/limits.md lists the limits.",
        },
        503 => Problem.Unavailable("The server can't do this now."),
        < 500 => new Problem(status, ErrorCodes.BadRequest, $"{ReasonPhrases.GetReasonPhrase(status)}."),
        _ => new Problem(status, ErrorCodes.InternalError, "The server failed.")
        {
            Detail = "The request id leads to the server's log.",
        },
    };

    private async Task AnswerAsync(HttpContext context, Exception exception)
    {
        var problem = exception switch
        {
            ProblemException refused => refused.Problem,
            // Kestrel's own findings while a handler reads the body: too large, too slow, broken chunks.
            BadHttpRequestException bad => ForStatus(bad.StatusCode),
            // How Kestrel says that a chunk's size is larger than any number it knows.
            IOException { InnerException: OverflowException } => ForStatus(400),
            AuditUnavailableException => Problem.Unavailable("The audit record can't be written, so nothing was changed.") with
            {
                Code = ErrorCodes.AuditUnavailable,
            },
            LogUnavailableException => Problem.Unavailable("Events can't be stored durably now."),
            _ when ControlStore.IsUnavailable(exception) => Problem.Unavailable("Changes can't be stored now."),
            _ => ForStatus(500),
        };
        if (problem.Status >= 500)
        {
            LogFailed(logger, exception, context.Request.Method, context.GetEndpoint()?.DisplayName, context.TraceIdentifier);
        }

        if (context.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return;
        }

        context.Response.Clear();
        context.Response.Headers[RequestIds.Header] = context.TraceIdentifier;
        await problem.ExecuteAsync(context);
    }

    [LoggerMessage(9001, LogLevel.Error, "{Method} {Route} failed, request {RequestId}")]
    private static partial void LogFailed(ILogger logger, Exception exception, string method, string? route, string requestId);
}
