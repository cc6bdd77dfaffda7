using System.Net;

namespace Tollgate.Dashboard.State;

/// <summary>The server that the page came from. The browser adds the session's cookie; here comes the environment, and here it is seen that a session is over.</summary>
internal sealed class OwnServer : DelegatingHandler
{
    private const string EnvironmentHeader = "X-Environment-ID";

    // Where 401 says that a password or code is wrong, which ends nothing.
    private static readonly string[] Proving = ["/v1/auth/login", "/v1/auth/invitations", "/v1/auth/password", "/v1/auth/totp"];

    private readonly ChosenEnvironment _environment;
    private readonly SessionEnd _end;

    public OwnServer(ChosenEnvironment environment, SessionEnd end)
    {
        (_environment, _end) = (environment, end);
        InnerHandler = new HttpClientHandler();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_environment.Id is { } id)
        {
            request.Headers.TryAddWithoutValidation(EnvironmentHeader, id);
        }

        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Unauthorized
            && !Array.Exists(Proving, path => request.RequestUri!.AbsolutePath.StartsWith(path, StringComparison.Ordinal)))
        {
            _end.Tell();
        }

        return response;
    }
}
