using Tollgate.Contracts;

namespace Tollgate.Server.Hosting;

/// <summary>Refuses a Host header that names a foreign host, so that a page elsewhere can't reach the server under its own name.</summary>
internal sealed class HostCheck(ServerOptions options)
{
    private static readonly Problem Foreign = new(400, ErrorCodes.BadRequest, "The Host header names a host that this server does not answer for.")
    {
        Detail = "The option Hosting:AllowedHosts lists further host names.",
    };

    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        options.AnswersFor(context.Request.Host.Host) ? next(context) : Foreign.ExecuteAsync(context);
}
