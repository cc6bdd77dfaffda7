using Tollgate.Storage.Events;
using Xunit;

namespace Tollgate.StorageTests.Events;

/// <summary>Every aggregation against its definition, from roll-ups and from rows, whatever was applied, corrected and reopened before.</summary>
public sealed class UsageModelTests
{
    private const int QueriesOfWorld = 350;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    [InlineData(15)]
    public async Task Rollups_rows_and_the_definition_agree_to_the_last_digit(int seed)
    {
        await using var world = new UsageWorld(seed);
        for (var asked = 0; asked < QueriesOfWorld; asked++)
        {
            if (asked % 50 == 0)
            {
                await world.GrowAsync(8, Token);
            }

            await AssertAgreeAsync(world, world.NewQuery());
        }

        await world.Store.VerifyAsync(Token);
        await using var rebuilt = await world.RebuildAsync(Token);
        await rebuilt.VerifyAsync(Token);
        for (var asked = 0; asked < 20; asked++)
        {
            var query = world.NewQuery();
            AssertSame(UsageModel.Text(await world.Store.UsageAsync(query, Token)), UsageModel.Text(await rebuilt.UsageAsync(query, Token)));
        }
    }

    private static async Task AssertAgreeAsync(UsageWorld world, UsageQuery query)
    {
        var expected = UsageModel.Answer(world.Events, world.Quarantines, query);
        var rolledUp = UsageModel.Text(await world.Store.UsageAsync(query, Token));
        var raw = UsageModel.Text(await world.Store.UsageAsync(query with { RawOnly = true }, Token));
        AssertSame(expected, raw);
        AssertSame(expected, rolledUp);
    }

    private static void AssertSame((string Whole, List<string> Buckets) expected, (string Whole, List<string> Buckets) actual)
    {
        Assert.Equal(expected.Whole, actual.Whole);
        Assert.Equal(expected.Buckets, actual.Buckets);
    }
}
