using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.StorageTests.Log;

/// <summary>The index against a dictionary: it always knows exactly the events of the log.</summary>
public sealed class EventIdIndexTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly Dictionary<UInt128, IndexedEvent> _model = [];
    private readonly FakeTimeProvider _time = new();
    private LocalEventLog? _openLog;
    private EventIdIndex? _openIndex;
    private readonly SteppedDisk _disk = new();
    private EventIdIndexOptions _options;

    public EventIdIndexTests() => _options = new() { FlushEvents = 20, Disk = _disk };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private LocalEventLog Log => _openLog ?? throw new InvalidOperationException("The log is not open.");

    private EventIdIndex Index => _openIndex ?? throw new InvalidOperationException("The index is not open.");

    public async ValueTask InitializeAsync() => _openLog = await LocalEventLog.OpenAsync(
        _folder.Path, new LocalEventLogOptions { Disk = new SteppedDisk() }, _time, NullLogger.Instance, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await CloseIndexAsync();
        await Log.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void The_key_is_the_first_half_of_the_digest_of_both_ids()
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes("env_1\0größe"));

        var key = EventIdIndex.KeyOf("env_1", "größe");

        Assert.Equal(Convert.ToHexStringLower(digest)[..32], key.ToString("x32", CultureInfo.InvariantCulture));
        Assert.NotEqual(key, EventIdIndex.KeyOf("env_2", "größe"));
        Assert.NotEqual(EventIdIndex.KeyOf("env_1", "a"), EventIdIndex.KeyOf("env_", "1a"));
        Assert.Equal(EventIdIndex.KeyOf("e", new string('x', 2000)), EventIdIndex.KeyOf("e", new string('x', 2000)));
        Assert.ThrowsAny<ArgumentException>(() => EventIdIndex.KeyOf("e", "half a pair: \ud83d"));
    }

    [Fact]
    public async Task It_knows_what_a_dictionary_knows_through_flushes_merges_restarts_and_rebuilds()
    {
        await OpenIndexAsync();
        var steps = Gen.Frequency(
            (8, Gen.Int[1, 60].Select(count => (Step: "add", Count: count))),
            (1, Gen.Const((Step: "restart", Count: 0))),
            (1, Gen.Const((Step: "kill", Count: 0))),
            (1, Gen.Const((Step: "rebuild", Count: 0))));
        await Gen.Select(steps.Array[5, 30], Gen.ULong).SampleAsync(
            async (history, seed) =>
            {
                var chance = new Coin(seed);
                foreach (var (step, count) in history)
                {
                    if (step == "add")
                    {
                        // One id in ten is one that may be there already: the first event under it is the one to know.
                        await AddAsync([.. Enumerable.Range(0, count).Select(_ => Id(chance.Next(10) == 0 ? chance.Next(500) : chance.Next(1 << 30)))]);
                    }
                    else
                    {
                        // A kill leaves the files as they are while the index has more in memory.
                        using var killed = _disk.Copy(_folder);
                        await CloseIndexAsync();
                        if (step != "restart")
                        {
                            Directory.Delete(_folder.Ids, recursive: true);
                        }

                        if (step == "kill")
                        {
                            Directory.CreateDirectory(_folder.Ids);
                            foreach (var file in Directory.GetFiles(killed.Ids))
                            {
                                File.Copy(file, Path.Combine(_folder.Ids, Path.GetFileName(file)));
                            }
                        }

                        await OpenIndexAsync();
                    }

                    Assert.Equal(Log.DurableSequence, Index.CoveredSequence);
                }

                AssertKnowsTheModel();
            },
            iter: 12,
            threads: 1);
    }

    [Fact]
    public async Task Files_are_merged_and_a_clean_stop_leaves_everything_in_them()
    {
        await OpenIndexAsync();
        await AddAsync([.. Enumerable.Range(0, 1300).Select(Id)]);
        await Eventually.IsTrueAsync(() => Index.Runs <= 9 && RunFiles().Length <= 9);
        AssertKnowsTheModel();

        await CloseIndexAsync();

        var ranges = RunFiles().Select(Parse).ToList();
        Assert.Equal(1, ranges[0].First);
        Assert.Equal(1300, ranges[^1].Last);
        Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.Equal(pair.First.Last + 1, pair.Second.First));
        await OpenIndexAsync();
        AssertKnowsTheModel();
    }

    [Fact]
    public async Task A_run_whose_keys_filter_or_length_are_damaged_is_made_again_from_the_log()
    {
        _options = _options with { FlushEvents = 150 };
        await OpenIndexAsync();
        await AddAsync([.. Enumerable.Range(0, 320).Select(Id)]);
        await CloseIndexAsync();
        Assert.Equal(3, RunFiles().Length);
        var whole = RunFiles().ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(_folder.Ids, name)));
        foreach (var (name, content) in whole)
        {
            var entries = (int)Math.Ceiling((Parse(name).Last - Parse(name).First + 1) / 102.0) * 4096;
            byte[]?[] versions =
            [
                null,
                [],
                content[..^1],
                content[..(content.Length / 2)],
                [.. content, 0],
                .. Enumerable.Range(0, (content.Length - entries + 18) / 19).Select(number => Flip(content, entries + (number * 19))),
                .. Enumerable.Range(content.Length - 64, 64).Select(offset => Flip(content, offset)),
                whole.Values.First(other => other != content),
            ];
            foreach (var version in versions)
            {
                if (version is null)
                {
                    File.Delete(Path.Combine(_folder.Ids, name));
                }
                else
                {
                    await File.WriteAllBytesAsync(Path.Combine(_folder.Ids, name), version, Cancellation);
                }

                await OpenIndexAsync();
                AssertKnowsTheModel();
                await CloseIndexAsync();
                foreach (var file in RunFiles())
                {
                    File.Delete(Path.Combine(_folder.Ids, file));
                }

                foreach (var (file, original) in whole)
                {
                    await File.WriteAllBytesAsync(Path.Combine(_folder.Ids, file), original, Cancellation);
                }
            }
        }
    }

    [Fact]
    public async Task A_damaged_page_gives_no_wrong_answer_and_is_repaired_while_the_index_is_open()
    {
        _options = _options with { FlushEvents = 1000 };
        await OpenIndexAsync();
        await AddAsync([.. Enumerable.Range(0, 1000).Select(Id)]);
        await CloseIndexAsync();
        var name = Assert.Single(RunFiles());
        var content = await File.ReadAllBytesAsync(Path.Combine(_folder.Ids, name), Cancellation);
        var pages = (1000 + 101) / 102;
        foreach (var offset in Enumerable.Range(0, pages * 4096 / 401).Select(number => number * 401))
        {
            await File.WriteAllBytesAsync(Path.Combine(_folder.Ids, name), Flip(content, offset), Cancellation);
            await OpenIndexAsync();
            var unanswered = 0;
            foreach (var (key, expected) in _model)
            {
                try
                {
                    Assert.True(Index.TryFind(key, out var found));
                    Assert.Equal(expected, found);
                }
                catch (LogUnavailableException)
                {
                    unanswered++;
                }
            }

            Assert.InRange(unanswered, 1, 102);
            await Eventually.IsTrueAsync(KnowsTheModel);
            await CloseIndexAsync();
            Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(_folder.Ids, name), Cancellation));
        }
    }

    [Fact]
    public async Task A_page_found_damaged_in_a_merge_is_made_again_from_the_log()
    {
        await OpenIndexAsync();
        await AddAsync([.. Enumerable.Range(0, 60).Select(Id)]);
        await Eventually.IsTrueAsync(() => RunFiles().Length == 3);
        var file = Path.Combine(_folder.Ids, RunFiles()[1]);
        await File.WriteAllBytesAsync(file, Flip(await File.ReadAllBytesAsync(file, Cancellation), 100), Cancellation);

        await AddAsync([.. Enumerable.Range(60, 20).Select(Id)]);

        await Eventually.IsTrueAsync(() => Index.Runs == 1);
        AssertKnowsTheModel();
    }

    [Fact]
    public async Task What_an_interrupted_merge_leaves_is_removed()
    {
        await OpenIndexAsync();
        await AddAsync([.. Enumerable.Range(0, 60).Select(Id)]);
        await Eventually.IsTrueAsync(() => RunFiles().Length == 3);
        var parts = RunFiles().ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(_folder.Ids, name)));
        await AddAsync([.. Enumerable.Range(60, 20).Select(Id)]);
        await Eventually.IsTrueAsync(() => RunFiles().Length == 1);
        await CloseIndexAsync();
        foreach (var (name, content) in parts)
        {
            await File.WriteAllBytesAsync(Path.Combine(_folder.Ids, name), content, Cancellation);
        }

        await File.WriteAllBytesAsync(Path.Combine(_folder.Ids, "x.run.tmp"), [1], Cancellation);
        _options = _options with { FlushEvents = 1000 };
        await OpenIndexAsync();

        Assert.Single(Directory.GetFiles(_folder.Ids));
        AssertKnowsTheModel();
    }

    [Fact]
    public async Task A_kill_between_any_two_steps_leaves_an_index_that_knows_the_log()
    {
        var moments = new List<TemporaryFolder>();
        try
        {
            _options = _options with { Disk = new SteppedDisk { Before = (_, _) => moments.Add(_folder.Copy()) } };
            await OpenIndexAsync();
            for (var number = 0; number < 200; number += 10)
            {
                await AddAsync([.. Enumerable.Range(number, 10).Select(Id)]);
            }

            await CloseIndexAsync();
            Assert.True(moments.Count > 60);
            foreach (var moment in moments)
            {
                await using var index = await EventIdIndex.OpenAsync(
                    moment.Path, Log, _options with { Disk = new SteppedDisk() }, _time, NullLogger.Instance, Cancellation);
                Assert.Equal(200, index.CoveredSequence);
                Assert.All(_model, pair => Assert.True(index.TryFind(pair.Key, out var found) && found == pair.Value));
            }
        }
        finally
        {
            moments.ForEach(moment => moment.Dispose());
        }
    }

    [Fact]
    public async Task An_index_that_knows_more_than_the_log_says_that_the_log_lost_it()
    {
        await OpenIndexAsync();
        await AddAsync([.. Enumerable.Range(0, 50).Select(Id)]);
        await CloseIndexAsync();
        using var other = TemporaryFolder.InMemory();
        await using var log = await LocalEventLog.OpenAsync(
            other.Path, new LocalEventLogOptions { Disk = new SteppedDisk() }, _time, NullLogger.Instance, Cancellation);
        await log.AppendAsync(SampleBatches.Of("1"), Cancellation);

        var damage = await Assert.ThrowsAsync<LogDamagedException>(
            () => EventIdIndex.OpenAsync(_folder.Path, log, _options, _time, NullLogger.Instance, Cancellation));

        Assert.Equal("log", damage.File);
        Assert.Equal(2, damage.FirstLostSequence);
    }

    [Fact]
    public async Task Lookups_go_on_while_files_are_written_and_merged()
    {
        _options = _options with { FlushEvents = 50 };
        await OpenIndexAsync();
        var keys = Enumerable.Range(0, 20_000).Select(number => EventIdIndex.KeyOf("env_1", Id(number))).ToArray();
        var added = 0;
        var writing = Task.Run(() =>
        {
            for (var number = 0; number < keys.Length; number++)
            {
                Index.Add(keys[number], new IndexedEvent(number + 1, (UInt128)number));
                Volatile.Write(ref added, number + 1);
            }
        }, Cancellation);
        var chance = new Coin(7);
        while (!writing.IsCompleted)
        {
            var known = Volatile.Read(ref added);
            for (var probe = 0; probe < 50 && known > 0; probe++)
            {
                var number = chance.Next(known);
                Assert.True(Index.TryFind(keys[number], out var found));
                Assert.Equal(new IndexedEvent(number + 1, (UInt128)number), found);
                Assert.False(Index.TryFind(keys[number] + 1, out _));
            }
        }

        await writing;
    }

    [Fact]
    public async Task Events_come_in_order_or_not_at_all()
    {
        await OpenIndexAsync();
        Index.Add(1, new IndexedEvent(1, 1));

        Assert.Throws<ArgumentException>(() => Index.Add(3, new IndexedEvent(3, 1)));
        Assert.Throws<ArgumentException>(() => Index.Add(1, new IndexedEvent(1, 1)));
        Assert.Equal(1, Index.CoveredSequence);

        // Nothing of this is in the log.
        await Index.DisposeAsync();
        _openIndex = null;
    }

    [Fact]
    public async Task While_the_disk_refuses_it_answers_from_memory_and_says_that_it_is_behind()
    {
        var refuse = true;
        _options = _options with
        {
            MaxWaitingTables = 4,
            Disk = new SteppedDisk { Before = (_, _) => _ = refuse ? throw new IOException("No space left on device", 28) : 0 },
        };
        refuse = false;
        await OpenIndexAsync();
        refuse = true;
        await AddAsync([.. Enumerable.Range(0, 79).Select(Id)]);
        Assert.False(Index.IsBehind);
        await AddAsync([.. Enumerable.Range(79, 20).Select(Id)]);
        Assert.True(Index.IsBehind);
        AssertKnowsTheModel();

        refuse = false;
        await Eventually.IsTrueAsync(() =>
        {
            _time.Advance(_options.RetryDelay);
            return !Index.IsBehind && RunFiles().Length > 0;
        });
        AssertKnowsTheModel();
    }

    [Fact]
    public void Keys_that_agree_in_their_upper_half_are_found_on_whatever_page_they_are()
    {
        // No digests would; but an index that is exact does not rest on that.
        var keys = Enumerable.Range(1, 400).Select(number => new UInt128((ulong)(number / 300) << 40, (ulong)number)).Order().ToArray();
        Directory.CreateDirectory(_folder.Ids);
        using var writer = new IdRunWriter(_disk, _folder.Ids, 1, keys.Length, keys.Length);
        for (var place = 0; place < keys.Length; place++)
        {
            writer.Add(keys[place], new IndexedEvent(place + 1, 0));
        }

        using var run = writer.Finish();
        var page = new byte[IdRun.PageBytes];
        for (var place = 0; place < keys.Length; place++)
        {
            Assert.True(run.TryFind(keys[place], page, out var found));
            Assert.Equal(place + 1, found.Sequence);
        }

        foreach (var absent in new UInt128[] { 0, new(0, 5000), new(1UL << 40, 0), new(1UL << 40, 5000), new(1, 1), UInt128.MaxValue })
        {
            Assert.False(run.TryFind(absent, page, out _));
        }
    }

    [Fact]
    public void The_filter_is_wrong_about_fewer_than_one_new_id_in_a_hundred_at_twelve_bits_each()
    {
        const int Ids = 200_000;
        var filter = IdFilter.WithBlocks(IdFilter.BlocksFor(Ids));
        for (var number = 0; number < Ids; number++)
        {
            filter.Add(EventIdIndex.KeyOf("env_1", Id(number)));
        }

        var wrong = 0;
        for (var number = 0; number < Ids; number++)
        {
            Assert.True(filter.MayHold(EventIdIndex.KeyOf("env_1", Id(number))));
            wrong += filter.MayHold(EventIdIndex.KeyOf("env_2", Id(number))) ? 1 : 0;
        }

        Assert.InRange(wrong, 1, Ids / 100);
        Assert.InRange(filter.Bytes.Length * 8.0 / Ids, 12, 12.1);
    }

    private static string Id(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static byte[] Flip(byte[] content, int offset)
    {
        var flipped = content.ToArray();
        flipped[offset] ^= (byte)(1 << (offset % 8));
        return flipped;
    }

    private static (long First, long Last) Parse(string name)
    {
        Assert.True(IdRun.TryParseName(name, out var first, out var last));
        return (first, last);
    }

    private async Task OpenIndexAsync() =>
        _openIndex = await EventIdIndex.OpenAsync(_folder.Path, Log, _options, _time, NullLogger.Instance, Cancellation);

    private async Task CloseIndexAsync()
    {
        if (_openIndex is not null)
        {
            await _openIndex.DisposeAsync();
            _openIndex = null;
        }
    }

    private async Task AddAsync(string[] ids)
    {
        var batch = SampleBatches.With([.. ids.Select((id, place) => SampleBatches.Event(id, (ulong)place))]);
        var sequence = await Log.AppendAsync(batch, Cancellation);
        foreach (var each in batch.Events)
        {
            var key = EventIdIndex.KeyOf(batch.Provenance.EnvironmentId, each.EventId);
            var added = new IndexedEvent(sequence++, each.ContentDigest);
            Index.Add(key, added);
            _model.TryAdd(key, added);
        }
    }

    private string[] RunFiles() => [.. Directory.GetFiles(_folder.Ids, "*.run")
        .Select(file => Path.GetFileName(file))
        .Order(StringComparer.Ordinal)];

    private void AssertKnowsTheModel()
    {
        Assert.Equal(Log.DurableSequence, Index.CoveredSequence);
        foreach (var (key, expected) in _model)
        {
            Assert.True(Index.TryFind(key, out var found));
            Assert.Equal(expected, found);
            Assert.False(Index.TryFind(key + 1, out _));
            Assert.False(Index.TryFind(key ^ ((UInt128)1 << 127), out _));
        }
    }

    private bool KnowsTheModel()
    {
        try
        {
            AssertKnowsTheModel();
            return true;
        }
        catch (LogUnavailableException)
        {
            return false;
        }
    }
}
