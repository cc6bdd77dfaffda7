using System.Buffers.Text;
using Tollgate.Server.Events;
using Tollgate.Storage.Events;
using Xunit;

namespace Tollgate.UnitTests.Events;

public sealed class EventCursorTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];
    private static readonly EventCursor Cursor = new(Secret);
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly EventQuestion Question = new() { Selection = new EventSelection() };

    private static readonly EventQuery Query = new()
    {
        Filter = new EventFilter { Reach = new EventReach(new EventScope("tenant_a", "env_a"), null), Start = Start, End = Start.AddDays(7) },
        PageSize = 50,
    };

    private static readonly StoredEvent Place = new()
    {
        Sequence = 42,
        EventId = "e",
        EventName = "naïve \"name\"",
        ExternalCustomerId = "c",
        Timestamp = Start.AddMicroseconds(7),
        IngestedAt = Start,
        Properties = "{}",
        EnvironmentId = "env_a",
        AccountId = "user_a",
        ByServiceAccount = false,
        RequestId = "req_a",
        Address = "127.0.0.1",
    };

    [Fact]
    public void A_key_names_the_place_it_was_made_for()
    {
        var byTime = Cursor.Read(Query, Question, Cursor.Write(Query, Question, Place));
        var byName = Query with { Sort = EventSort.EventName };

        Assert.Equal((new EventPosition("", Place.Timestamp, 42), Start), byTime);
        Assert.Equal((new EventPosition(Place.EventName, Place.Timestamp, 42), Start), Cursor.Read(byName, Question, Cursor.Write(byName, Question, Place)));
    }

    [Fact]
    public void A_default_interval_may_move_from_page_to_page()
    {
        var key = Cursor.Write(Query, Question, Place);
        var later = Query with { Filter = Query.Filter with { Start = Start.AddHours(1), End = Start.AddDays(8) } };

        Assert.Equal(Start, Cursor.Read(later, Question, key)!.Value.Start);
    }

    [Fact]
    public void A_key_of_another_query_is_refused()
    {
        var key = Cursor.Write(Query, Question, Place);
        var filters = new Dictionary<string, IReadOnlyList<string>> { ["model"] = ["large"] };
        EventQuery[] others =
        [
            Query with { Filter = Query.Filter with { Reach = new EventReach(new EventScope("tenant_b", "env_a"), null) } },
            Query with { Filter = Query.Filter with { Reach = new EventReach(new EventScope("tenant_a", "env_b"), null) } },
            Query with { Filter = Query.Filter with { EventId = "e" } },
            Query with { Filter = Query.Filter with { EventName = "e" } },
            Query with { Filter = Query.Filter with { ExternalCustomerId = "e" } },
            Query with { Filter = Query.Filter with { Source = "e" } },
            Query with { Filter = Query.Filter with { ApiKeyId = "e" } },
            Query with { Filter = Query.Filter with { AccountId = "e" } },
            Query with { Filter = Query.Filter with { Properties = filters } },
            Query with { Sort = EventSort.EventName },
            Query with { Descending = false },
        ];

        Assert.All(others, other => Assert.Null(Cursor.Read(other, Question, key)));
        Assert.Null(Cursor.Read(Query, Question with { StartTime = Start }, key));
        Assert.Null(Cursor.Read(Query, Question with { EndTime = Start }, key));
        Assert.Null(new EventCursor(new byte[32]).Read(Query, Question, key));
    }

    [Fact]
    public void A_key_shows_no_number_and_two_of_one_place_differ()
    {
        var key = Base64Url.DecodeFromChars(Cursor.Write(Query, Question, Place));

        Assert.Equal(-1, key.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 0, 0, 0, 42]));
        Assert.NotEqual(Cursor.Write(Query, Question, Place), Cursor.Write(Query, Question, Place));
    }

    [Fact]
    public void A_key_with_any_bit_changed_is_refused()
    {
        var key = Base64Url.DecodeFromChars(Cursor.Write(Query, Question, Place));
        for (var bit = 0; bit < key.Length * 8; bit++)
        {
            var changed = key.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));

            Assert.Null(Cursor.Read(Query, Question, Base64Url.EncodeToString(changed)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("made up")]
    [InlineData("AAAA")]
    [InlineData("%00")]
    [InlineData("ü")]
    public void What_is_no_key_is_refused(string text) => Assert.Null(Cursor.Read(Query, Question, text));

    [Fact]
    public void A_key_that_is_cut_or_prolonged_is_refused()
    {
        var key = Cursor.Write(Query, Question, Place);

        Assert.All(Enumerable.Range(0, key.Length), length => Assert.Null(Cursor.Read(Query, Question, key[..length])));
        Assert.Null(Cursor.Read(Query, Question, key + "A"));
        Assert.Null(Cursor.Read(Query, Question, key + " "));
        Assert.Null(Cursor.Read(Query, Question, key + "="));
    }
}
