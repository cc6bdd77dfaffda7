using System.Text.Json;
using CsCheck;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>Random readings, forwards and backwards, while events arrive everywhere in the order that is read.</summary>
public sealed class ReadPagingTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private static readonly Gen<Reading> Readings =
        from sort in Gen.OneOf(Gen.Const("timestamp"), Gen.Const("event_name"))
        from order in Gen.OneOf(Gen.Const("asc"), Gen.Const("desc"))
        from size in Gen.Int[1, 9]
        from places in Gen.Int[0, 11].Array[1, 30]
        from late in Gen.Int[0, 11].Array[0, 40]
        select new Reading(sort, order, size, places, late);

    private HttpClient Admin => server.AdminClient;

    [Fact]
    public async Task What_was_there_at_the_start_is_read_once_forwards_and_once_backwards() => await Readings.SampleAsync(
        async reading =>
        {
            var customer = EventClients.Unique();
            var began = server.Now.AddMinutes(-30);
            var late = new Queue<int>(reading.Late);
            var number = 0;
            var there = new HashSet<string>();
            foreach (var place in reading.Places)
            {
                there.Add(await SendAsync(customer, began, place, number++));
            }

            var query = new
            {
                external_customer_id = customer,
                sort = reading.Sort,
                order = reading.Order,
                page_size = reading.Size,
                iter_last_key = (string?)null,
                iter_first_key = (string?)null,
            };
            var page = await Admin.QueryAsync(query);
            var forwards = new List<string>(page.Ids());
            while (page.GetProperty("has_more").GetBoolean())
            {
                await ArriveAsync();
                page = await Admin.QueryAsync(query with { iter_last_key = Key(page, "iter_last_key") });
                forwards.AddRange(page.Ids());
            }

            var backwards = new List<string>(page.Ids());
            while (page.GetProperty("events").GetArrayLength() > 0)
            {
                await ArriveAsync();
                page = await Admin.QueryAsync(query with { iter_first_key = Key(page, "iter_first_key") });
                backwards.InsertRange(0, page.Ids());
            }

            Assert.Distinct(forwards);
            Assert.Distinct(backwards);
            Assert.Superset(there, forwards.ToHashSet());
            Assert.Superset(there, backwards.ToHashSet());
            // Both ways have the events in the one order that one page of all of them has.
            var all = (await Admin.QueryAsync(query with { page_size = 500 })).Ids().ToList();
            Assert.Equal(all.Where(forwards.Contains), forwards);
            Assert.Equal(all.Where(backwards.Contains), backwards);

            async Task ArriveAsync()
            {
                if (late.TryDequeue(out var place))
                {
                    await SendAsync(customer, began, place, number++);
                }
            }
        },
        iter: 25,
        threads: 1);

    [Fact]
    public async Task The_total_is_counted_where_it_is_asked_for()
    {
        var customer = EventClients.Unique();
        for (var number = 0; number < 5; number++)
        {
            await SendAsync(customer, server.Now.AddMinutes(-30), number, number);
        }

        var first = await Admin.QueryAsync(new { external_customer_id = customer, page_size = 2 });
        var key = Key(first, "iter_last_key");
        var second = await Admin.QueryAsync(new { external_customer_id = customer, page_size = 2, iter_last_key = key });
        var counted = await Admin.QueryAsync(new { external_customer_id = customer, page_size = 2, iter_last_key = key, count_total = true });
        using var uncounted = await Admin.GetPathAsync($"/v1/events?external_customer_id={customer}&page_size=2&count_total=false");

        Assert.Equal(5, first.GetProperty("total_count").GetInt64());
        Assert.Equal(JsonValueKind.Null, second.GetProperty("total_count").ValueKind);
        Assert.Equal(5, counted.GetProperty("total_count").GetInt64());
        Assert.Equal(second.Ids(), counted.Ids());
        Assert.Equal(JsonValueKind.Null, (await uncounted.JsonAsync(200)).GetProperty("total_count").ValueKind);
    }

    private static string Key(JsonElement page, string name) => page.GetProperty(name).GetString()!;

    private async Task<string> SendAsync(string customer, DateTimeOffset began, int place, int number)
    {
        // Many share a time and a name, so that order among equals matters.
        var id = $"{customer}-{number}";
        await Admin.IngestAsync(new
        {
            event_name = $"n{place % 4}",
            external_customer_id = customer,
            event_id = id,
            timestamp = began.AddMinutes(place),
        });
        return id;
    }

    private sealed record Reading(string Sort, string Order, int Size, int[] Places, int[] Late);
}
