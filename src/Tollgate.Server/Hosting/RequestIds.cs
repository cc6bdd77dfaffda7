using System.Text.RegularExpressions;

namespace Tollgate.Server.Hosting;

/// <summary>The id of each request: the client's when it is a valid one, else ours. It is in every answer, log line and audit record.</summary>
internal static partial class RequestIds
{
    public const string Header = "X-Request-ID";

    public static string Of(HttpContext context) => context.TraceIdentifier;

    public static Task AssignAsync(HttpContext context, RequestDelegate next, Ids ids)
    {
        var sent = context.Request.Headers[Header];
        context.TraceIdentifier = sent.Count == 1 && Valid().IsMatch(sent[0]!) ? sent[0]! : ids.Request();
        context.Response.Headers[Header] = context.TraceIdentifier;
        return next(context);
    }

    // Nothing that could break a log line, a header or a terminal.
    [GeneratedRegex(@"\A[A-Za-z0-9._:-]{1,128}\z")]
    private static partial Regex Valid();
}
