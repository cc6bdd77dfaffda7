using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.UnitTests.Events;

/// <summary>Runs the parser as the ingest routes do, at a time that stands still.</summary>
internal static class Parsing
{
    public static DateTimeOffset Now { get; } = new(2026, 3, 15, 12, 0, 0, TimeSpan.Zero);

    public static ParsedEvent One(string json) => One(Encoding.UTF8.GetBytes(json));

    public static ParsedEvent One(byte[] json) => NewParser().ParseOne(json);

    /// <summary>An event of which the test says only what it is about.</summary>
    public static LoggedEvent Good(string members)
    {
        var parsed = One($$"""{"event_name":"n","external_customer_id":"c"{{(members.Length == 0 ? "" : ",")}}{{members}}}""");
        Assert.Empty(parsed.Errors);
        return parsed.Logged!;
    }

    /// <summary>What is wrong with an event, as <c>path: text</c>.</summary>
    public static string[] ErrorsOf(string members) =>
        [.. One($$"""{"event_name":"n","external_customer_id":"c",{{members}}}""").Errors.Select(error => $"{error.Path}: {error.Text}")];

    public static (List<ParsedEvent> Events, Problem? Problem) Batch(string json)
    {
        var errors = new FieldErrors();
        return (NewParser().ParseBatch(Encoding.UTF8.GetBytes(json), errors), errors.ToProblem());
    }

    /// <summary>The sentence of the refusal of a whole body.</summary>
    public static string RefusalOf(string json) => Assert.Throws<ProblemException>(() => One(json)).Message;

    public static EventParser NewParser() => new(NewMembers());

    public static EventMembers NewMembers() => new(
        Now, ServerOptions.Read([], new Dictionary<string, string>()), new Ids(new FakeTimeProvider(Now)));
}
