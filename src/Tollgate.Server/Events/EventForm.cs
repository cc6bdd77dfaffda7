namespace Tollgate.Server.Events;

/// <summary>A form that events may be sent in.</summary>
/// <param name="MediaType">Its media type.</param>
/// <param name="Schema">The type of its body, for the OpenAPI document.</param>
internal sealed record EventForm(string MediaType, Type Schema);

/// <summary>
/// The forms that a route takes, for the OpenAPI document. Not the framework's own metadata for this: it would let the router refuse other types
/// before the route could name its own.
/// </summary>
internal sealed record EventFormsMetadata(IReadOnlyList<EventForm> Forms);
