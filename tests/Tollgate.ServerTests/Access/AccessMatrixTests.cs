using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary>
/// Every route × every state of a credential × every set of permissions, over real connections, against an oracle that was written
/// from the contract. What is refused changes nothing; what belongs to another tenant is never seen.
/// </summary>
public sealed class AccessMatrixTests(MatrixWorld world, ITestOutputHelper output) : IClassFixture<MatrixWorld>
{
    private const int InFlight = 6;

    [Fact]
    public async Task Every_route_lets_in_whom_the_contract_lets_in_and_nobody_else()
    {
        var failures = new ConcurrentQueue<string>();
        var began = Stopwatch.GetTimestamp();
        using var client = NewClient();
        var explained = await Explanations.AskAsync(client, world, Options(), TestContext.Current.CancellationToken);
        var explainedTook = Stopwatch.GetElapsedTime(began);
        began = Stopwatch.GetTimestamp();
        var refused = await RefusedAsync(client, explained, failures);
        var refusedTook = Stopwatch.GetElapsedTime(began);
        var allowed = await AllowedAsync(client, explained, failures);

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{world.Routes.Count} routes, {world.Principals.Count} principals: {refused} refusals in {refusedTook.TotalSeconds:0.0} s, "
            + $"{allowed} admissions in {(Stopwatch.GetElapsedTime(began) - refusedTook).TotalSeconds:0.0} s; "
            + $"{explained.Asked} explanations in {explainedTook.TotalSeconds:0.0} s, held against {explained.Compared} answers"));
        Assert.True(failures.IsEmpty, $"{failures.Count} cells of {refused + allowed} are wrong:\n" + string.Join('\n', failures.Take(40)));
        Assert.True(explained.Compared > world.Routes.Count * 50, $"Only {explained.Compared} answers were held against explanations.");
        Assert.True(refused > world.Routes.Count * 20 && allowed > world.Routes.Count * 10, "The matrix has shrunk.");
    }

    /// <summary>All cells that must be refused, then a look at everything that is stored.</summary>
    private async Task<int> RefusedAsync(HttpClient client, Explanations explained, ConcurrentQueue<string> failures)
    {
        var cells = world.Principals
            .SelectMany(principal => world.Routes.Select(route => (Principal: principal, Route: route, Status: principal.Expect(route))))
            .Where(cell => cell.Status != cell.Route.Success)
            .Select(cell => (cell.Principal, cell.Route, cell.Status, Objects: world.Standing with { GrantableRole = cell.Principal.GrantableRole }))
            .ToList();
        // The same the other way round: an administrator of the first tenant and the objects of the second.
        cells.AddRange(world.Principals.Where(principal => principal is { Administrator: true, AtHome: true, Flaw: Flaw.None })
            .SelectMany(principal => world.Routes.Where(route => route.NamesAnObject && (route.Access != "session" || principal.Session))
                .Select(route => (principal, route, 404, world.ForeignObjects))));
        var unauthenticated = new ConcurrentDictionary<string, string>();
        var (rows, events) = (await ControlDigest.OfAsync(world.Server), await CountEventsAsync());
        var denials = await CountDenialsAsync();

        await Parallel.ForEachAsync(cells, Options(), async (cell, _) =>
        {
            var (status, text, accepted) = await SendAsync(client, cell.Principal, cell.Route, RouteSamples.For(cell.Route, cell.Objects));
            var wrong = status != cell.Status
                ? $"expected {cell.Status}, got {status}: {text}"
                : status switch
                {
                    401 => WrongUnauthenticated(cell.Route, text, unauthenticated),
                    403 when cell.Principal.Flaw == Flaw.None && !IsEscalation(cell.Principal, cell.Route) => WrongForbidden(cell.Principal, cell.Route, text, accepted),
                    _ => null,
                };
            wrong ??= explained.Differs(cell.Principal, cell.Route, status, text);
            wrong ??= Leak(cell.Principal, text, cell.Route, cell.Objects);
            if (wrong is not null)
            {
                failures.Enqueue($"{cell.Route} by {cell.Principal}: {wrong}");
            }
        });

        foreach (var (table, digest) in await ControlDigest.OfAsync(world.Server))
        {
            if (rows[table] != digest)
            {
                failures.Enqueue($"refused requests changed the table {table}: {rows[table]} became {digest}");
            }
        }

        var denied = cells.Count(cell => cell.Status == 403 && cell.Route.Access != "public");
        if (await CountDenialsAsync() - denials is var recorded && recorded != denied)
        {
            failures.Enqueue($"{denied} refusals of known callers have {recorded} records in the audit log");
        }

        if (await CountEventsAsync() is var now && now != events)
        {
            failures.Enqueue($"refused requests stored events: {events} became {now}");
        }

        return cells.Count;
    }

    /// <summary>All cells that must succeed. Each principal's in order, since some end its session.</summary>
    private async Task<int> AllowedAsync(HttpClient client, Explanations explained, ConcurrentQueue<string> failures)
    {
        var count = 0;
        var sessions = world.Principals.Where(principal => principal.Session).GroupBy(principal => principal.AccountId).Select(group => group.ToList());
        var keys = world.Principals.Where(principal => !principal.Session).Select(principal => new List<Principal> { principal });
        await Parallel.ForEachAsync(keys.Concat(sessions), Options(), async (principals, _) =>
        {
            var cells = principals.SelectMany(principal => world.Routes.Select(route => (Principal: principal, Route: route)))
                .Where(cell => cell.Principal.Expect(cell.Route) == cell.Route.Success)
                // A login costs a tenth of a second by design, and no valid key can make a difference to it.
                .Where(cell => cell.Route.Name is not ("POST /v1/auth/login" or "POST /v1/auth/invitations/accept")
                    || cell.Principal.Session || cell.Principal.Flaw != Flaw.None)
                .OrderBy(cell => EndsSessions(cell.Route))
                .ToList();
            foreach (var (principal, route) in cells)
            {
                Interlocked.Increment(ref count);
                var (acting, objects) = await PrepareAsync(principal, route);
                var request = world.NextUnique();
                var (status, text, _) = await SendAsync(
                    client, acting with { Headers = [.. acting.Headers, ("X-Request-ID", request)] }, route, RouteSamples.For(route, objects));
                var wrong = status != route.Success
                    ? $"expected {route.Success}, got {status}: {text}"
                    : explained.Differs(principal, route, status, text) ?? Leak(principal, text, route, objects) ?? await WronglyRecordedAsync(route, request);
                if (wrong is not null)
                {
                    failures.Enqueue($"{route} by {principal}: {wrong}");
                }
            }
        });
        return count;
    }

    /// <summary>A change has its record, one for each thing it changed, with the request's id; what only reads has none.</summary>
    private async Task<string?> WronglyRecordedAsync(ExpectedRoute route, string request)
    {
        await using var db = world.Server.Host.Services.GetRequiredService<ControlStore>().CreateContext();
        var records = await db.AuditRecords.AsNoTracking()
            .Where(record => record.RequestId == request)
            .ToListAsync(TestContext.Current.CancellationToken);
        return records.Any(record => record.Decision is not null) ? "an admitted request was recorded as refused"
            : records.DistinctBy(record => (record.Action, record.TargetId)).Count() != records.Count ? "a change was recorded twice"
            : !ChangesControlData(route) ? records.Count == 0 ? null : $"nothing was changed, and {records.Count} changes recorded"
            : records.Count == 0 && !MayFindNothingToDo.Contains(route.Name) ? "the change was not recorded"
            : null;
    }

    private static readonly HashSet<string> MayFindNothingToDo =
    [
        "POST /v1/users/{id}/enable", "POST /v1/secrets/api/keys/{id}/enable", "PUT /v1/settings/api-keys", "DELETE /v1/auth/sessions",
        "PUT /v1/environments/{id}/retention", "PUT /v1/users/{id}/roles", "PUT /v1/rbac/roles/{id}", "DELETE /v1/users/{id}/sessions", "DELETE /v1/users/{id}/totp", "DELETE /v1/auth/totp",
    ];

    private static readonly HashSet<string> OnlyAnswerAQuestion =
        ["POST /v1/users/{id}/roles/preview", "POST /v1/rbac/can-i", "POST /v1/auth/invitations/preview"];

    private static bool ChangesControlData(ExpectedRoute route) =>
        route is { ChangesSomething: true, Success: < 400 }
        && route.Permission?.EndsWith(":read", StringComparison.Ordinal) != true
        && !OnlyAnswerAQuestion.Contains(route.Name)
        && (route.Path.StartsWith("/v1/events/quarantine", StringComparison.Ordinal) || !route.Path.StartsWith("/v1/events", StringComparison.Ordinal));

    private async Task<int> CountDenialsAsync()
    {
        await using var db = world.Server.Host.Services.GetRequiredService<ControlStore>().CreateContext();
        return await db.AuditRecords.CountAsync(record => record.Action == "access.denied", TestContext.Current.CancellationToken);
    }

    /// <summary>What ends sessions comes last, and the change of the password at the very end.</summary>
    private static int EndsSessions(ExpectedRoute route) => route.Name switch
    {
        "POST /v1/auth/password" => 3,
        "POST /v1/auth/logout" => 1,
        "DELETE /v1/auth/sessions" => 2,
        _ => 0,
    };

    private async Task<(Principal Acting, SampleObjects Objects)> PrepareAsync(Principal principal, ExpectedRoute route)
    {
        if (EndsSessions(route) > 0 && principal.Login is { } login)
        {
            // Several principals share a person; each of these requests has a session of its own to end.
            var cookie = await world.Server.LoginAsync(login.Email, login.Password);
            principal = principal with { Headers = [("Cookie", $"__Host-sid={cookie}"), .. principal.Headers.Skip(1)] };
        }

        var objects = await world.FreshAsync(route, principal);
        if (route.Name is "POST /v1/auth/totp/confirm" or "POST /v1/auth/totp/recovery-codes" && principal.Session)
        {
            // The principal's own login shall go on without a code; somebody with the same role and the same headers acts instead.
            var (cookie, own) = await world.WithSecondFactorAsync(objects, principal.Roles[0], confirmed: route.Name != "POST /v1/auth/totp/confirm");
            return (principal with { Headers = [("Cookie", $"__Host-sid={cookie}"), .. principal.Headers.Skip(1)] }, own);
        }

        return (principal, objects);
    }

    private static string? WrongUnauthenticated(ExpectedRoute route, string text, ConcurrentDictionary<string, string> known)
    {
        var body = JsonNode.Parse(text)?.AsObject() ?? [];
        body["request_id"] = null;
        var first = known.GetOrAdd($"{route.Method} {body["instance"]}", body.ToJsonString());
        return first != body.ToJsonString() ? $"the 401 differs: {body.ToJsonString()} and {first}"
            : body["error"]?.GetValue<string>() != "Unauthorized" ? $"the error is not Unauthorized: {text}"
            : null;
    }

    private string? WrongForbidden(Principal principal, ExpectedRoute route, string text, string? accepted)
    {
        var permission = route.Permission ?? route.KeyPermission ?? "";
        var problem = JsonNode.Parse(text) ?? new JsonObject();
        var details = problem["details"];
        var held = details?["held_roles"]?.AsArray().Select(role => role?.GetValue<string>());
        var granting = details?["roles_that_grant"]?.AsArray().Select(role => role?.GetValue<string>() ?? "").ToHashSet() ?? [];
        var expected = route.Access == "administrator"
            ? [BuiltInRoles.SuperAdmin]
            : world.Roles.Where(role => role.Value.Contains(permission)).Select(role => role.Key).Where(role => !IsForeign(role)).ToHashSet();
        return details?["required_permission"]?.GetValue<string>() != permission ? $"the permission is not named: {text}"
            : accepted != permission ? $"X-Accepted-Permissions is {accepted}"
            : held is null || !held.SequenceEqual(principal.Roles) ? $"the held roles are not {string.Join(", ", principal.Roles)}: {text}"
            : !granting.SetEquals(expected) ? $"the roles that grant it are not {string.Join(", ", expected)}: {text}"
            : details["decision_id"]?.GetValue<string>() is not { Length: > 26 } ? $"there is no decision id: {text}"
            : problem["message"]?.GetValue<string>() != $"Insufficient permissions to {permission.Split(':')[1]} {permission.Split(':')[0]}" ? $"another message: {text}"
            : null;
    }

    /// <summary>Refused not for want of the permission but because the new key would hold more than its maker.</summary>
    private static bool IsEscalation(Principal principal, ExpectedRoute route) =>
        principal.AccountHoldsMore && route.Permission is not null && principal.Permissions.Contains(route.Permission) && route.Access == "permission";

    private static bool IsForeign(string role) => role.StartsWith(MatrixWorld.Canary, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether an answer to the first tenant holds a text of the second. What the request itself named is not a leak.</summary>
    private static string? Leak(Principal principal, string text, ExpectedRoute route, SampleObjects objects)
    {
        if (!principal.AtHome)
        {
            return null;
        }

        var named = RouteSamples.For(route, objects).Path.Split('?')[0];
        var rest = text.Replace($"\"instance\":\"{named}\"", "", StringComparison.Ordinal);
        return rest.Contains(MatrixWorld.Canary, StringComparison.Ordinal) ? $"leaks the second tenant: {text}" : null;
    }

    private async Task<long> CountEventsAsync()
    {
        if (!world.Routes.Any(route => route.Name == "POST /v1/events/usage"))
        {
            return 0;
        }

        using var response = await world.Server.AdminClient.PostJsonAsync(
            "/v1/events/usage", new { event_name = RouteSamples.EventName, aggregation_type = "COUNT" });
        return (await response.JsonAsync(200)).GetProperty("value").GetInt64();
    }

    private HttpClient NewClient() => new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false })
    {
        BaseAddress = new Uri(world.Server.Url),
    };

    private static ParallelOptions Options() => new()
    {
        MaxDegreeOfParallelism = InFlight,
        CancellationToken = TestContext.Current.CancellationToken,
    };

    private static async Task<(int Status, string Text, string? Accepted)> SendAsync(
        HttpClient client, Principal principal, ExpectedRoute route, Sample sample)
    {
        var path = principal.Query.Length == 0
            ? sample.Path
            : $"{sample.Path}{(sample.Path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{principal.Query}";
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), new Uri(path, UriKind.Relative));
        foreach (var header in principal.Headers.GroupBy(header => header.Name, header => header.Value))
        {
            request.Headers.TryAddWithoutValidation(header.Key, header);
        }

        if (sample.Body is not null)
        {
            request.Content = new StringContent(
                JsonSerializer.Serialize(sample.Body, sample.Body.GetType(), WireJson.Options), Encoding.UTF8, "application/json");
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (
            (int)response.StatusCode,
            await response.TextAsync(),
            response.Headers.TryGetValues("X-Accepted-Permissions", out var accepted) ? string.Join(',', accepted) : null);
    }
}
