using System.Text.Json;

namespace Tollgate.Contracts;

/// <summary>Every error: RFC 9457 problem details with the members that Flexprice clients read as well.</summary>
public sealed record ProblemResponse
{
    /// <summary>The address of the page about this kind of error.</summary>
    public required string Type { get; init; }

    /// <summary>The status in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What went wrong, in one phrase or sentence.</summary>
    public required string Error { get; init; }

    /// <summary>What went wrong, in one sentence for a person.</summary>
    public required string Message { get; init; }

    /// <summary>What to do about it, or more about the cause.</summary>
    public required string Detail { get; init; }

    /// <summary>One of <see cref="ErrorCodes"/>.</summary>
    public required string Code { get; init; }

    /// <summary>The HTTP status again, where Flexprice clients look for it.</summary>
    public required int HttpStatusCode { get; init; }

    /// <summary>The path of the request.</summary>
    public required string Instance { get; init; }

    /// <summary>The request's id, as in <c>X-Request-ID</c>.</summary>
    public required string RequestId { get; init; }

    /// <summary>Facts for programs; their shape depends on <see cref="Code"/>.</summary>
    public JsonElement? Details { get; init; }
}
