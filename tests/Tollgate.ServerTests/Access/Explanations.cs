using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Contracts;

namespace Tollgate.ServerTests.Access;

/// <summary>
/// What <c>POST /v1/rbac/explain</c> says about every principal and every kind of route, asked before the matrix runs, to be held against
/// what the server then really answers.
/// </summary>
internal sealed class Explanations
{
    private readonly ConcurrentDictionary<(Principal Principal, string Route), JsonNode> _answers = new();
    private int _compared;

    public int Asked { get; private set; }

    public int Compared => _compared;

    public static async Task<Explanations> AskAsync(HttpClient client, MatrixWorld world, ParallelOptions options, CancellationToken cancellationToken)
    {
        var explanations = new Explanations();
        var asked = 0;
        await Parallel.ForEachAsync(world.Principals.Where(IsExplainable), options, async (principal, _) =>
        {
            // A tenant's own administrator is asked about its principals; a page of the second tenant can't ask about the first.
            var asker = principal.AtHome
                ? [("x-api-key", world.Server.Secrets.ApiKey)]
                : world.Principals.First(other => other is { AtHome: false, Session: false }).Headers;
            var question = await QuestionAsync(client, principal, cancellationToken);
            // Routes that ask for the same are explained alike, so each demand is asked about once.
            foreach (var demand in world.Routes.GroupBy(DemandOf))
            {
                question["route"] = demand.First().Name;
                var (status, text) = await SendAsync(client, "POST", "/v1/rbac/explain", asker, question.ToJsonString(), cancellationToken);
                if (status != 200 || JsonNode.Parse(text) is not { } answer)
                {
                    throw new InvalidOperationException($"{principal}, {demand.First()}: explain answered {status}: {text}");
                }

                Interlocked.Increment(ref asked);
                foreach (var route in demand)
                {
                    explanations._answers[(principal, route.Name)] = answer;
                }
            }
        });
        explanations.Asked = asked;
        return explanations;
    }

    /// <summary>What is wrong with the explanation of an answer; null when they agree, or when nobody can be explained.</summary>
    public string? Differs(Principal principal, ExpectedRoute route, int status, string text)
    {
        if (!_answers.TryGetValue((principal, route.Name), out var explained))
        {
            return null;
        }

        Interlocked.Increment(ref _compared);
        var problem = status is 401 or 403 ? JsonNode.Parse(text) : null;
        var code = problem?["code"]?.GetValue<string>();
        // A login refuses for other reasons, and a grant that is too wide is refused after the caller was let in.
        var refused = code is ErrorCodes.Unauthenticated or ErrorCodes.PermissionDenied or ErrorCodes.PasswordChangeRequired or ErrorCodes.EnvironmentMismatch;
        var missing = explained["missing"]?.GetValue<string>();
        return explained["allowed"]?.GetValue<bool>() == refused ? $"answered {status} {code}, explained as {explained.ToJsonString()}"
            : refused != missing is not null ? $"nothing is said to be missing: {explained.ToJsonString()}"
            : code == ErrorCodes.PermissionDenied && problem?["details"]?["missing"]?.GetValue<string>() != missing
                ? $"the refusal misses {problem?["details"]?["missing"]}, the explanation {missing}"
            : code == ErrorCodes.PermissionDenied && problem?["detail"]?.GetValue<string>() != explained["reason"]?.GetValue<string>()
                ? $"the refusal says {problem?["detail"]}, the explanation {explained["reason"]}"
            : null;
    }

    private static bool IsExplainable(Principal principal) => principal.Flaw switch
    {
        // Where a page comes from is no matter of who may do what.
        Flaw.ForeignPage => false,
        Flaw.Credential => principal.DeadKeyId is not null || principal.AccountId.Length > 0,
        _ => true,
    };

    private static string DemandOf(ExpectedRoute route) => route.Access is "permission" or "administrator"
        ? $"{route.Access} {route.Permission}"
        : route.Access is "any_principal" or "session" ? route.Name : route.Access;

    /// <summary>Who the question is about. A credential that works says itself who it is.</summary>
    private static async Task<JsonObject> QuestionAsync(HttpClient client, Principal principal, CancellationToken cancellationToken)
    {
        if (principal.DeadKeyId is not null)
        {
            return new JsonObject { ["api_key_id"] = principal.DeadKeyId };
        }

        if (principal.Flaw == Flaw.Credential)
        {
            return new JsonObject { ["principal_id"] = principal.AccountId };
        }

        var headers = principal.Headers.Where(header => header.Name != "X-Environment-ID").ToList();
        var (status, text) = await SendAsync(client, "GET", "/v1/users/me", headers, body: null, cancellationToken);
        var me = status == 200 ? JsonSerializer.Deserialize<JsonObject>(text) : null;
        var question = me?["principal"]?["api_key"] is JsonObject key
            ? new JsonObject { ["api_key_id"] = key["id"]?.DeepClone() }
            : new JsonObject { ["principal_id"] = me?["id"]?.DeepClone() };
        if (principal.Headers.FirstOrDefault(header => header.Name == "X-Environment-ID").Value is { } environment)
        {
            question["environment_id"] = environment;
        }

        return question;
    }

    private static async Task<(int Status, string Text)> SendAsync(
        HttpClient client, string method, string path, IEnumerable<(string Name, string Value)> headers, string? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await client.SendAsync(request, cancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }
}
