using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>The UTF-8 of an ingest body, for <see cref="EventParser"/>; <typeparamref name="T"/> is its shape in the OpenAPI document.</summary>
internal sealed class EventText<T>(ReadOnlyMemory<byte> utf8) : IEndpointParameterMetadataProvider
{
    public ReadOnlyMemory<byte> Utf8 => utf8;

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T)));

    public static async ValueTask<EventText<T>?> BindAsync(HttpContext context)
    {
        var options = context.RequestServices.GetRequiredService<ServerOptions>();
        return new EventText<T>(await RequestText.ReadAsync(context.Request, options.MaxIngestBodyBytes, context.RequestAborted));
    }
}
