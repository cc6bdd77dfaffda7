using System.IO.Compression;
using System.Security.Cryptography;
using Tollgate.Storage.Events;
using Xunit;

namespace Tollgate.StorageTests.Events;

/// <summary>Events go, their sums stay or go, and a store made anew from the log and the files of sums answers the same.</summary>
public sealed class RemovingEventsTests
{
    private const string Customer = "c1";

    private static readonly DateTimeOffset Cut = new(2026, 3, 30, 5, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(101)]
    [InlineData(102)]
    [InlineData(103)]
    public async Task Sums_of_expired_events_stay_to_the_last_digit_though_the_events_are_gone(int seed)
    {
        await using var world = await GrownAsync(seed);
        await RemoveAsync(world, Expiry(world, world.NewFile));
        var gone = new EventFilter { Reach = new EventReach(UsageWorld.Here, null), End = Cut };
        Assert.Equal(0, await world.Store.CountAsync(gone, Token));

        // Late ones come into hours whose events are gone.
        await world.GrowAsync(6, Token, corrects: false);
        for (var asked = 0; asked < 60; asked++)
        {
            await AssertAnswersAsync(world, world.Events, world.NewQuery(onlyWholeHours: true));
        }

        await AssertRebuiltAsync(world);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    public async Task At_edges_within_an_hour_what_is_left_counts_where_all_of_it_lies_inside(int seed)
    {
        await using var world = await GrownAsync(seed);
        var upTo = world.Events.Count;
        await RemoveAsync(world, Expiry(world, world.NewFile));
        await world.GrowAsync(6, Token, corrects: false);
        var random = new Random(seed);
        var (inside, outside) = (0, 0);
        for (var asked = 0; asked < 60; asked++)
        {
            var query = world.NewQuery(onlyWholeHours: true);
            query = query with
            {
                Filter = query.Filter with
                {
                    Start = query.Filter.Start?.AddMinutes(random.Next(60)),
                    End = query.Filter.End?.AddMinutes(-random.Next(60)),
                },
            };
            var (from, to) = (query.Filter.Start ?? DateTimeOffset.MinValue, query.Filter.End ?? DateTimeOffset.MaxValue);
            var removed = world.Events.Where(item => item.Sequence <= upTo && item.Scope == UsageWorld.Here && item.Event.Timestamp < Cut).ToList();
            var left = removed.Where(item => !world.Quarantines.Any(quarantine => UsageModel.IsTaken(item, quarantine)))
                .GroupBy(item => (item.Event.Timestamp.UtcTicks / TimeSpan.TicksPerHour, item.Event.EventName, item.Event.ExternalCustomerId))
                .Where(cell => cell.All(item => item.Event.Timestamp >= from && item.Event.Timestamp < to))
                .SelectMany(cell => cell).ToList();
            inside += left.Count;
            outside += removed.Count - left.Count;
            await AssertAnswersAsync(world, [.. world.Events.Except(removed).Concat(left).OrderBy(item => item.Sequence)], query);
        }

        Assert.True(inside > 100 && outside > 100, $"{inside} inside, {outside} outside");
        await AssertRebuiltAsync(world);
    }

    [Theory]
    [InlineData(201, true)]
    [InlineData(202, true)]
    [InlineData(203, false)]
    [InlineData(204, false)]
    public async Task An_erased_customers_sums_stay_under_another_name_or_go(int seed, bool keepsSums)
    {
        await using var world = await GrownAsync(seed);
        var expired = new EventRemoval
        {
            Id = "removal_1",
            Scope = UsageWorld.Here,
            Before = Cut.AddHours(-20),
            UpToSequence = world.Events.Count,
            SumsFile = world.NewFile,
        };
        await RemoveAsync(world, expired);
        var erased = new EventRemoval
        {
            Id = "removal_2",
            Scope = UsageWorld.Here,
            ExternalCustomerId = Customer,
            UpToSequence = world.Events.Count,
            SumsFile = keepsSums ? world.NewFile : null,
        };
        await RemoveAsync(world, erased);

        var isErased = (ModelEvent item) => item.Scope == UsageWorld.Here && item.Event.ExternalCustomerId == Customer;
        var left = keepsSums
            ? world.Events.ConvertAll(item => isErased(item) ? item with { Event = item.Event with { ExternalCustomerId = erased.Id } } : item)
            : world.Events.FindAll(item => !isErased(item));
        await AssertAnswersWithoutDistinctAsync(world, left, keepsSums);
        await AssertRebuiltAsync(world);

        // Taken out of the older file too, it is nowhere any more, and nothing changes.
        Assert.True(await HoldsCustomerAsync(expired.SumsFile, world));
        await world.Store.RewriteSumsAsync(expired.SumsFile, erased, Token);
        await world.Store.RewriteSumsAsync(expired.SumsFile, erased, Token);
        Assert.False(await HoldsCustomerAsync(expired.SumsFile, world));
        await AssertRebuiltAsync(world);
    }

    [Fact]
    public async Task A_damaged_file_of_sums_is_named_and_nothing_changes()
    {
        await using var world = await GrownAsync(301);
        var file = world.NewFile;
        var removal = Expiry(world, file);
        await world.Store.SaveSumsAsync(removal, Token);
        var bytes = await File.ReadAllBytesAsync(file, Token);
        var before = await world.Store.CountAsync(new EventFilter { Reach = new EventReach(UsageWorld.Here, null) }, Token);
        var damages = new[] { [], bytes[..20], bytes[..^1], [.. bytes, 0] }
            .Concat(Enumerable.Range(0, 20).Select(index => Flipped(bytes, index * 7919L % bytes.Length)));
        foreach (var damage in damages)
        {
            await File.WriteAllBytesAsync(file, damage, Token);
            var damaged = await Assert.ThrowsAsync<SumsFileDamagedException>(
                () => world.Store.CorrectAsync(new EventCorrections([], [removal]), Token));
            Assert.Equal(file, damaged.File);
        }

        Assert.Equal(before, await world.Store.CountAsync(new EventFilter { Reach = new EventReach(UsageWorld.Here, null) }, Token));
        await world.Store.VerifyAsync(Token);
        await File.WriteAllBytesAsync(file, bytes, Token);
        await world.Store.CorrectAsync(new EventCorrections([], [removal]), Token);
    }

    [Fact]
    public async Task A_file_of_the_version_without_times_still_has_its_sums()
    {
        await using var world = await GrownAsync(401);
        var file = world.NewFile;
        var removal = Expiry(world, file);
        await world.Store.SaveSumsAsync(removal, Token);
        await File.WriteAllBytesAsync(file, WithoutTimes(await File.ReadAllBytesAsync(file, Token)), Token);
        world.Removals.Add(removal);
        await world.Store.CorrectAsync(world.Corrections, Token);

        for (var asked = 0; asked < 20; asked++)
        {
            await AssertAnswersAsync(world, world.Events, world.NewQuery(onlyWholeHours: true));
        }

        await AssertRebuiltAsync(world);
    }

    [Fact]
    public async Task Sums_are_saved_once_and_only_of_what_is_there()
    {
        await using var world = await GrownAsync(401);
        var file = world.NewFile;
        var removal = Expiry(world, file);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => world.Store.SaveSumsAsync(removal with { UpToSequence = world.Events.Count + 1 }, Token));
        await RemoveAsync(world, removal);
        var saved = await File.ReadAllBytesAsync(file, Token);

        await world.Store.SaveSumsAsync(removal, Token);

        Assert.Equal(saved, await File.ReadAllBytesAsync(file, Token));
    }

    [Fact]
    public async Task A_quarantined_event_is_found_by_its_number_and_nowhere_else()
    {
        await using var world = new UsageWorld(501);
        await world.GrowAsync(10, Token, corrects: false);
        var quarantine = world.NewQuarantine() with
        {
            Scope = UsageWorld.Here,
            ApiKeyId = "key_1",
            Start = DateTimeOffset.UnixEpoch,
            End = DateTimeOffset.MaxValue,
            UpToSequence = world.Events.Count,
        };
        await world.Store.CorrectAsync(new EventCorrections([quarantine], []), Token);
        var taken = world.Events.First(item => UsageModel.IsTaken(item, quarantine));
        var reach = new EventReach(UsageWorld.Here, null);
        var filter = new EventFilter { Reach = reach, EventId = taken.Event.EventId };

        Assert.Equal(quarantine.Id, (await world.Store.FindBySequenceAsync(reach, taken.Sequence, Token))?.QuarantineId);
        Assert.Equal(0, await world.Store.CountAsync(filter, Token));
        Assert.Empty((await world.Store.QueryAsync(new EventQuery { Filter = filter, PageSize = 10 }, Token)).Events);

        await world.Store.CorrectAsync(new EventCorrections([], []), Token);
        Assert.Null((await world.Store.FindBySequenceAsync(reach, taken.Sequence, Token))?.QuarantineId);
        Assert.Equal(1, await world.Store.CountAsync(filter, Token));
    }

    private static async Task<UsageWorld> GrownAsync(int seed)
    {
        var world = new UsageWorld(seed);
        await world.GrowAsync(25, Token);
        return world;
    }

    /// <summary>The same sums as the first version of the file wrote them: cells of events lack the times of the first and the last.</summary>
    private static byte[] WithoutTimes(byte[] file)
    {
        const int Head = 8 + SHA256.HashSizeInBytes;
        using var reader = new BinaryReader(new BrotliStream(new MemoryStream(file[Head..]), CompressionMode.Decompress));
        var body = new MemoryStream();
        using (var writer = new BinaryWriter(new BrotliStream(body, CompressionLevel.Fastest, leaveOpen: true)))
        {
            writer.Write(reader.ReadString());
            writer.Write(reader.ReadString());
            byte kind;
            do
            {
                writer.Write(kind = reader.ReadByte());
                if (kind != 0)
                {
                    Copy(kind);
                }
            }
            while (kind != 0);

            void Copy(byte kind)
            {
                writer.Write(reader.ReadInt64());
                writer.Write(reader.ReadString());
                writer.Write(reader.ReadString());
                var isOfProperty = CopyText();
                CopyText();
                writer.Write(reader.ReadInt64());
                if (kind == 2)
                {
                    writer.Write(reader.ReadString());
                }
                else if (!isOfProperty)
                {
                    reader.ReadInt64();
                    reader.ReadInt64();
                }
                else
                {
                    for (var number = 0; number < 4; number++)
                    {
                        var length = reader.Read7BitEncodedInt();
                        writer.Write7BitEncodedInt(length);
                        writer.Write(reader.ReadBytes(length));
                    }

                    writer.Write(reader.ReadInt64());
                    writer.Write(reader.ReadInt64());
                }
            }

            bool CopyText()
            {
                var isThere = reader.ReadBoolean();
                writer.Write(isThere);
                if (isThere)
                {
                    writer.Write(reader.ReadString());
                }

                return isThere;
            }
        }

        return [.. "TGSUMS1\n"u8, .. SHA256.HashData(body.ToArray()), .. body.ToArray()];
    }

    private static EventRemoval Expiry(UsageWorld world, string file) => new()
    {
        Id = "removal_1",
        Scope = UsageWorld.Here,
        Before = Cut,
        UpToSequence = world.Events.Count,
        SumsFile = file,
    };

    private static async Task RemoveAsync(UsageWorld world, EventRemoval removal)
    {
        if (removal.SumsFile is not null)
        {
            await world.Store.SaveSumsAsync(removal, Token);
        }

        world.Removals.Add(removal);
        await world.Store.CorrectAsync(world.Corrections, Token);
        await world.Store.CorrectAsync(world.Corrections, Token);
        await world.Store.VerifyAsync(Token);
    }

    private static async Task AssertAnswersWithoutDistinctAsync(UsageWorld world, List<ModelEvent> left, bool keepsSums)
    {
        for (var asked = 0; asked < 60;)
        {
            var query = world.NewQuery(onlyWholeHours: true);
            // Values are content: those of an erased customer are not kept.
            if (query.Aggregation != Aggregation.CountUnique || !keepsSums)
            {
                await AssertAnswersAsync(world, left, query);
                asked++;
            }
        }
    }

    private static async Task AssertAnswersAsync(UsageWorld world, List<ModelEvent> events, UsageQuery query)
    {
        var expected = UsageModel.Answer(events, world.Quarantines, query);
        var actual = UsageModel.Text(await world.Store.UsageAsync(query, Token));
        Assert.Equal(expected.Whole, actual.Whole);
        Assert.Equal(expected.Buckets, actual.Buckets);
    }

    private static async Task AssertRebuiltAsync(UsageWorld world)
    {
        await using var rebuilt = await world.RebuildAsync(Token);
        await rebuilt.VerifyAsync(Token);
        Assert.Equal(world.Store.AppliedSequence, rebuilt.AppliedSequence);
        for (var asked = 0; asked < 40; asked++)
        {
            var query = world.NewQuery();
            var (expected, actual) = (UsageModel.Text(await world.Store.UsageAsync(query, Token)), UsageModel.Text(await rebuilt.UsageAsync(query, Token)));
            Assert.Equal(expected.Whole, actual.Whole);
            Assert.Equal(expected.Buckets, actual.Buckets);
        }
    }

    /// <summary>Whether a store that knows nothing but this file still has sums of the customer.</summary>
    private static async Task<bool> HoldsCustomerAsync(string file, UsageWorld world)
    {
        await using var store = await UsageWorld.OpenAsync(Directory.CreateDirectory(world.NewFile).FullName, Token);
        await store.CorrectAsync(
            new EventCorrections([], [new EventRemoval { Id = "removal_1", Scope = UsageWorld.Here, Before = Cut, UpToSequence = 1, SumsFile = file }]), Token);
        var usage = await store.UsageAsync(
            new UsageQuery
            {
                Filter = new EventFilter { Reach = new EventReach(UsageWorld.Here, null), ExternalCustomerId = Customer },
                Aggregation = Aggregation.Count,
            },
            Token);
        return usage.Events > 0;
    }

    private static byte[] Flipped(byte[] bytes, long at)
    {
        var copy = bytes.ToArray();
        copy[at] ^= 4;
        return copy;
    }
}
