using Microsoft.AspNetCore.Http.Features;
using Tollgate.Server.Access;

namespace Tollgate.Server.Hosting;

/// <summary>
/// A file that is made while it is read: page by page, so that it takes the memory of one page however long it is, and a client that reads
/// slowly holds nothing open.
/// </summary>
internal static class Download
{
    /// <summary>
    /// Answers with what the pages write into the body. The caller is judged again before each page: who loses the right in the middle gets
    /// no further one. What ends before its end breaks the connection off, for half a file must not look like a whole one.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="contentType">The type of the file.</param>
    /// <param name="fileName">Its name: ours, and nothing of the request, so that it is safe as it stands (RFC 6266).</param>
    /// <param name="writePage">Writes the next page into the body; whether there are more.</param>
    public static async Task SendAsync(HttpContext context, string contentType, string fileName, Func<Caller, CancellationToken, Task<bool>> writePage)
    {
        var response = context.Response;
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        // A part of what changes all the time would be a part of nothing.
        response.Headers.AcceptRanges = "none";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        var gate = context.RequestServices.GetRequiredService<AccessGate>();
        for (var more = true; more;)
        {
            var (caller, problem) = gate.JudgeOnceMore(context);
            if (caller is null || problem is not null)
            {
                // Before the first page this is the answer, and later it breaks the connection off.
                throw new ProblemException(problem!);
            }

            more = await writePage(caller, context.RequestAborted);
            await response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }
}
