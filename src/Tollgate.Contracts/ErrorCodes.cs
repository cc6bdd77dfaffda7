namespace Tollgate.Contracts;

/// <summary>The <c>code</c> of every error. A page for each is in <c>docs/reference/errors.md</c>, where a problem's <c>type</c> points.</summary>
public static class ErrorCodes
{
    /// <summary>400: the body or the query is wrong; <c>details.errors</c> names each field.</summary>
    public const string ValidationError = "validation_error";

    /// <summary>400: the request is not HTTP that the server can read.</summary>
    public const string BadRequest = "bad_request";

    /// <summary>401: no credential, or one that is unknown, malformed, expired or revoked.</summary>
    public const string Unauthenticated = "unauthenticated";

    /// <summary>401: name and password don't belong together, or the account can't log in.</summary>
    public const string LoginFailed = "login_failed";

    /// <summary>401: the password is right, and a code of the second factor is needed as well.</summary>
    public const string SecondFactorRequired = "second_factor_required";

    /// <summary>401: the password is right, and the code of the second factor is not.</summary>
    public const string SecondFactorFailed = "second_factor_failed";

    /// <summary>401: the link was used, replaced or withdrawn, has expired, or never was one.</summary>
    public const string LinkInvalid = "link_invalid";

    /// <summary>403: the caller lacks a permission, which is named.</summary>
    public const string PermissionDenied = "permission_denied";

    /// <summary>403: the request names an environment that is not the key's.</summary>
    public const string EnvironmentMismatch = "environment_mismatch";

    /// <summary>403: the grant would give a permission that the caller does not hold.</summary>
    public const string WouldEscalate = "would_escalate";

    /// <summary>403: the key is limited by a constraint, which is named, and the request is outside of it.</summary>
    public const string ConstraintViolation = "constraint_violation";

    /// <summary>403: a first or reset password must be changed before anything else.</summary>
    public const string PasswordChangeRequired = "password_change_required";

    /// <summary>403: a browser sent the request from a page of another origin.</summary>
    public const string CrossOrigin = "cross_origin";

    /// <summary>404: no such route, or no such object for this caller.</summary>
    public const string NotFound = "not_found";

    /// <summary>405: the route exists, the method does not.</summary>
    public const string MethodNotAllowed = "method_not_allowed";

    /// <summary>408: the request did not arrive in time.</summary>
    public const string RequestTimeout = "request_timeout";

    /// <summary>409: an object with this unique name exists.</summary>
    public const string AlreadyExists = "already_exists";

    /// <summary>409: the request contradicts what is stored.</summary>
    public const string Conflict = "conflict";

    /// <summary>409: the tenant would be left without an active administrator.</summary>
    public const string LastAdmin = "last_admin";

    /// <summary>413: the body is larger than the limit.</summary>
    public const string PayloadTooLarge = "payload_too_large";

    /// <summary>414: the request line is longer than the limit.</summary>
    public const string UriTooLong = "uri_too_long";

    /// <summary>415: the body's type, charset or encoding is not one the route reads.</summary>
    public const string UnsupportedMediaType = "unsupported_media_type";

    /// <summary>429: too much at once; <c>Retry-After</c> says when to come back.</summary>
    public const string TooManyRequests = "too_many_requests";

    /// <summary>431: the headers are larger or more than the limit.</summary>
    public const string HeadersTooLarge = "headers_too_large";

    /// <summary>500: a defect of the server; the request id leads to its log line.</summary>
    public const string InternalError = "internal_error";

    /// <summary>503: the audit record could not be written, so the change did not happen; <c>Retry-After</c> says when to come back.</summary>
    public const string AuditUnavailable = "audit_unavailable";

    /// <summary>503: nothing of the request was stored; <c>Retry-After</c> says when to come back.</summary>
    public const string ServiceUnavailable = "service_unavailable";
}
