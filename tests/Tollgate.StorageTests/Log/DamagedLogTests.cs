using System.Buffers.Binary;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.StorageTests.Log;

/// <summary>
/// Whatever happens to one file of the log while nobody looks: the log either has every acknowledged event, or names the file and the
/// first event that is lost. It never has fewer and says nothing.
/// </summary>
public sealed class DamagedLogTests : IAsyncLifetime
{
    private const int HeaderBytes = 56;
    private const int FrameHeadBytes = 36;
    private const int Batches = 90;

    private static readonly int[] MarkCuts = [0, 1, 40, 56, 57, 4095, 4096, 4100, 4151, 4152, 8191];

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly List<string> _acknowledged = [];

    // The log as it was after each batch, to take older copies from; and as it is in the end, plain and compressed.
    private readonly List<Dictionary<string, byte[]>> _history = [];
    private Dictionary<string, byte[]> _plain = [];
    private Dictionary<string, byte[]> _compressed = [];
    private Dictionary<string, byte[]> _restored = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string LastSegment => Segments(_plain)[^1];

    public async ValueTask InitializeAsync()
    {
        await using (var log = await OpenAsync())
        {
            for (var number = 0; number < Batches; number++)
            {
                var ids = Enumerable.Range(0, 1 + (number % 3)).Select(part => $"{number}.{part}").ToArray();
                await log.AppendAsync(SampleBatches.Of(ids), Cancellation);
                _acknowledged.AddRange(ids);
                _history.Add(Take());
            }
        }

        _plain = Take();
        Assert.InRange(_plain.Count, 6, 20);
        await using (await OpenAsync(compress: true))
        {
            await Eventually.IsCompressedAsync(_folder);
        }

        _compressed = Take();
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_flipped_bit_in_a_segment_is_named_with_the_event_of_its_frame()
    {
        foreach (var name in Segments(_plain).Where((name, number) => number is 0 or 2 || name == LastSegment))
        {
            var content = _plain[name];
            foreach (var offset in Offsets(content))
            {
                var damage = await OpenDamagedAsync(_plain, name, Flip(content, offset));
                AssertNamed(damage, name, FirstEventAt(content, offset), $"bit in byte {offset} of {name}");
            }
        }
    }

    [Fact]
    public async Task A_flipped_bit_in_a_compressed_segment_is_named()
    {
        foreach (var name in Segments(_compressed).Where(name => name.EndsWith(".zst", StringComparison.Ordinal)).Take(3))
        {
            for (var offset = 0; offset < _compressed[name].Length; offset++)
            {
                var damage = await OpenDamagedAsync(_compressed, name, Flip(_compressed[name], offset));
                AssertNamed(damage, name, FirstOf(name), $"bit in byte {offset} of {name}");
            }
        }
    }

    [Fact]
    public async Task A_damaged_mark_alone_costs_nothing()
    {
        var mark = _plain["mark"];
        byte[][] versions =
        [
            .. Enumerable.Range(0, 64).Select(offset => Flip(mark, offset)),
            .. Enumerable.Range(4096, 64).Select(offset => Flip(mark, offset)),
            .. Enumerable.Range(0, 64).Select(offset => Flip(Flip(mark, offset), 4096 + offset)),
            .. MarkCuts.Select(length => mark[..length]),
            [.. mark, 1, 2, 3],
            new byte[8192],
            .. _history.Select(moment => moment["mark"]),
        ];
        foreach (var version in versions)
        {
            Assert.Null(await OpenDamagedAsync(_plain, "mark", version));
        }

        Assert.Null(await OpenDamagedAsync(_plain, "mark", null));
        Assert.Null(await OpenDamagedAsync(_compressed, "mark", null));
    }

    [Fact]
    public async Task A_cut_segment_is_named_with_the_first_event_behind_the_cut()
    {
        foreach (var name in Segments(_plain).Where((name, number) => number is 0 or 2 || name == LastSegment))
        {
            var content = _plain[name];
            foreach (var length in Offsets(content))
            {
                var damage = await OpenDamagedAsync(_plain, name, content[..length]);
                AssertNamed(damage, name, FirstEventAt(content, length), $"{name} cut to {length}");
            }
        }
    }

    [Fact]
    public async Task A_cut_compressed_segment_is_named()
    {
        var name = Segments(_compressed)[1];
        for (var length = 0; length < _compressed[name].Length; length += 3)
        {
            AssertNamed(await OpenDamagedAsync(_compressed, name, _compressed[name][..length]), name, FirstOf(name), $"cut to {length}");
        }
    }

    [Fact]
    public async Task Junk_behind_a_segment_is_passed_over_or_cut_off()
    {
        foreach (var name in Segments(_plain))
        {
            var content = _plain[name];
            byte[][] junk = [[0], [0xB1, 0xE5, 0xA3, 0xF4], new byte[5000], content, content[HeaderBytes..], [.. Enumerable.Repeat((byte)255, 700)]];
            foreach (var each in junk)
            {
                Assert.Null(await OpenDamagedAsync(_plain, name, [.. content, .. each]));
            }
        }
    }

    [Fact]
    public async Task Junk_behind_a_sealed_segment_does_not_get_into_the_compressed_one()
    {
        var name = Segments(_plain)[0];
        Restore(new(_plain) { [name] = [.. _plain[name], 1, 2, 3] });
        await using (await OpenAsync(compress: true))
        {
            await Eventually.IsCompressedAsync(_folder);
        }

        Assert.Equal(_compressed[name + ".zst"], TemporaryFolder.Read(Path.Combine(_folder.Log, name + ".zst")));
    }

    [Fact]
    public async Task Junk_behind_a_compressed_segment_is_named()
    {
        var name = Segments(_compressed)[0];
        foreach (var junk in new byte[][] { [0], new byte[64], _compressed[name] })
        {
            AssertNamed(await OpenDamagedAsync(_compressed, name, [.. _compressed[name], .. junk]), name, 1, $"{junk.Length} bytes of junk");
        }
    }

    [Fact]
    public async Task A_missing_segment_is_named_with_its_first_event()
    {
        foreach (var state in new[] { _plain, _compressed })
        {
            foreach (var name in Segments(state))
            {
                var damage = await OpenDamagedAsync(state, name, null);
                AssertNamed(damage, name.Replace(".zst", "", StringComparison.Ordinal), FirstOf(name), $"{name} deleted");
            }
        }
    }

    [Fact]
    public async Task Missing_segments_are_named_by_the_first_of_them()
    {
        var names = Segments(_plain);
        foreach (var (from, count) in new[] { (1, 2), (2, 3), (0, 2), (names.Length - 2, 2), (0, names.Length) })
        {
            var state = _plain.Where(file => !names.Skip(from).Take(count).Contains(file.Key)).ToDictionary();
            var damage = await OpenAsync(state);
            AssertNamed(damage, names[from], FirstOf(names[from]), $"{count} missing from {names[from]}");
        }
    }

    [Fact]
    public async Task An_older_copy_of_a_segment_is_named()
    {
        foreach (var name in Segments(_plain))
        {
            foreach (var moment in _history.Where(moment => moment.TryGetValue(name, out var older) && older.Length < _plain[name].Length))
            {
                var older = moment[name];
                AssertNamed(
                    await OpenDamagedAsync(_plain, name, older), name, FirstEventAt(_plain[name], older.Length), $"{name} of {older.Length} bytes");
            }
        }
    }

    [Fact]
    public async Task Swapped_segments_are_named()
    {
        foreach (var state in new[] { _plain, _compressed })
        {
            var names = Segments(state)[..4];
            foreach (var first in names)
            {
                foreach (var second in names.Where(second => string.CompareOrdinal(first, second) < 0))
                {
                    var swapped = new Dictionary<string, byte[]>(state) { [first] = state[second], [second] = state[first] };
                    AssertNamed(await OpenAsync(swapped), first, FirstOf(first), $"{first} and {second} swapped");
                }
            }
        }
    }

    [Fact]
    public async Task A_segment_of_another_log_is_named()
    {
        using var other = TemporaryFolder.InMemory();
        await using (var log = await OpenAsync(other))
        {
            for (var number = 0; number < Batches; number++)
            {
                await log.AppendAsync(SampleBatches.Of([.. Enumerable.Range(0, 1 + (number % 3)).Select(part => $"{number}+{part}")]), Cancellation);
            }
        }

        var foreign = Take(other);
        Assert.Equal(Segments(_plain), Segments(foreign));
        foreach (var name in Segments(_plain))
        {
            var damage = await OpenDamagedAsync(_plain, name, foreign[name]);

            // Which of two neighbours is the stranger can't be told; the earlier one is named, so that no event is called safe that is not.
            Assert.NotNull(damage);
            Assert.InRange(damage.FirstLostSequence, 1, FirstOf(name));
        }
    }

    [Fact]
    public async Task A_zeroed_or_swapped_sector_is_named()
    {
        var content = _plain[LastSegment];
        for (var sector = 0; (sector + 2) * 512 <= content.Length; sector++)
        {
            var zeroed = content.ToArray();
            zeroed.AsSpan(sector * 512, 512).Clear();
            AssertNamed(
                await OpenDamagedAsync(_plain, LastSegment, zeroed), LastSegment, FirstEventAt(content, sector * 512), $"sector {sector} zeroed");

            var swapped = content.ToArray();
            content.AsSpan(sector * 512, 512).CopyTo(swapped.AsSpan((sector + 1) * 512));
            content.AsSpan((sector + 1) * 512, 512).CopyTo(swapped.AsSpan(sector * 512));
            AssertNamed(
                await OpenDamagedAsync(_plain, LastSegment, swapped), LastSegment, FirstEventAt(content, sector * 512), $"sector {sector} swapped");
        }
    }

    [Fact]
    public async Task A_torn_tail_that_was_never_acknowledged_is_cut_off()
    {
        // The process died after writing the last batch and before the mark; what was flushed of it is chance.
        var before = _history[^2];
        var acknowledged = _acknowledged.Take(_acknowledged.Count - 3).ToList();
        Assert.Equal(3, 1 + ((Batches - 1) % 3));
        var content = _plain[LastSegment];
        for (var length = before[LastSegment].Length; length < content.Length; length += 7)
        {
            await AssertHoldsAsync(new(_plain) { ["mark"] = before["mark"], [LastSegment] = content[..length] }, acknowledged);
        }

        for (var offset = before[LastSegment].Length; offset < content.Length; offset += 7)
        {
            await AssertHoldsAsync(new(_plain) { ["mark"] = before["mark"], [LastSegment] = Flip(content, offset) }, acknowledged);
        }

        // Written whole, it stays: its sender never heard, so both would be right.
        await AssertHoldsAsync(new(_plain) { ["mark"] = before["mark"] }, _acknowledged);
    }

    [Fact]
    public async Task Damage_with_later_groups_behind_it_is_named_even_when_the_mark_lags()
    {
        // As after a power cut, which may take the mark back by a second.
        var content = _plain[LastSegment];
        var start = HeaderBytes;
        foreach (var offset in Offsets(content).Where(offset => offset >= start && FirstEventAt(content, offset) < _acknowledged.Count - 2))
        {
            var state = new Dictionary<string, byte[]>(_plain)
            {
                ["mark"] = _history[Batches - 20]["mark"],
                [LastSegment] = Flip(content, offset),
            };
            AssertNamed(await OpenAsync(state), LastSegment, FirstEventAt(content, offset), $"byte {offset}");
        }
    }

    [Fact]
    public async Task A_broken_tail_without_a_mark_is_named_because_nobody_knows_whether_it_was_acknowledged()
    {
        var content = _plain[LastSegment];
        var state = new Dictionary<string, byte[]>(_plain) { [LastSegment] = content[..^1] };
        state.Remove("mark");

        AssertNamed(await OpenAsync(state), LastSegment, FirstEventAt(content, content.Length - 1), "cut by one byte");
    }

    [Fact]
    public async Task What_an_interrupted_compression_leaves_is_removed()
    {
        var name = Segments(_plain)[0];
        await AssertHoldsAsync(
            new(_plain) { [name + ".zst"] = _compressed[name + ".zst"], [Segments(_plain)[1] + ".zst.tmp"] = [1, 2, 3] }, _acknowledged);
        await AssertHoldsAsync(new(_plain) { [name + ".zst"] = [1, 2, 3] }, _acknowledged);
        Assert.DoesNotContain(_folder.Segments, file => file.Contains(".zst", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Foreign_files_in_the_folder_are_left_alone()
    {
        await AssertHoldsAsync(new(_plain) { ["README"] = [1], ["7.log"] = [2], ["x00000000000000000001.log"] = [3] }, _acknowledged);
        Assert.True(File.Exists(Path.Combine(_folder.Log, "README")));
        Assert.True(File.Exists(Path.Combine(_folder.Log, "7.log")));
    }

    private static string[] Segments(Dictionary<string, byte[]> state) =>
        [.. state.Keys.Where(name => name != "mark").Order(StringComparer.Ordinal)];

    private static long FirstOf(string name) => long.Parse(name[..20], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Every byte of the header and of the first, a middle and the last frame's head, and some of all else.</summary>
    private static IEnumerable<int> Offsets(byte[] content)
    {
        var heads = Frames(content).Select(frame => frame.Offset).ToList();
        return Enumerable.Range(0, content.Length).Where(offset => offset < HeaderBytes || offset % 11 == 0
            || new[] { heads[0], heads[heads.Count / 2], heads[^1] }.Any(head => offset >= head && offset < head + FrameHeadBytes));
    }

    private static IEnumerable<(int Offset, long FirstEvent)> Frames(byte[] content)
    {
        for (var offset = HeaderBytes; offset < content.Length;)
        {
            yield return (offset, BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(offset + 8)));
            offset += FrameHeadBytes + BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(offset + 4));
        }
    }

    private static long FirstEventAt(byte[] content, int offset) =>
        Frames(content).TakeWhile((frame, number) => number == 0 || frame.Offset <= offset).Last().FirstEvent;

    private static byte[] Flip(byte[] content, int offset)
    {
        var flipped = content.ToArray();
        flipped[offset] ^= (byte)(1 << (offset % 8));
        return flipped;
    }

    private static void AssertNamed(LogDamagedException? damage, string name, long firstLost, string what)
    {
        Assert.True(damage is not null, $"{what}: nobody noticed");
        Assert.True(damage.File == "log/" + name && damage.FirstLostSequence == firstLost, $"{what}, expected {firstLost}: {damage.Message}");
    }

    /// <summary>Opens and reads the log with one file changed. Null when it holds exactly what was acknowledged.</summary>
    private Task<LogDamagedException?> OpenDamagedAsync(Dictionary<string, byte[]> state, string name, byte[]? content)
    {
        var changed = new Dictionary<string, byte[]>(state);
        if (content is null)
        {
            changed.Remove(name);
        }
        else
        {
            changed[name] = content;
        }

        return OpenAsync(changed);
    }

    private async Task<LogDamagedException?> OpenAsync(Dictionary<string, byte[]> state)
    {
        Restore(state);
        var read = new List<string>();
        try
        {
            await using var log = await OpenAsync();
            await foreach (var batch in log.ReadAsync(0, Cancellation))
            {
                read.AddRange(batch.Batch.Events.Select(each => each.EventId));
            }

            Assert.Equal(_acknowledged, read);

            // And it goes on from there.
            Assert.Equal(_acknowledged.Count + 1, await log.AppendAsync(SampleBatches.Of("next"), Cancellation));
            return null;
        }
        catch (LogDamagedException exception)
        {
            Assert.Equal(_acknowledged.Take(read.Count), read);
            Assert.InRange(read.Count, 0, exception.FirstLostSequence - 1);
            return exception;
        }
    }

    private async Task AssertHoldsAsync(Dictionary<string, byte[]> state, List<string> expected)
    {
        Restore(state);
        await using (var log = await OpenAsync())
        {
            Assert.Equal(expected, await log.ReadIdsAsync());
            Assert.Equal(expected.Count + 1, await log.AppendAsync(SampleBatches.Of("next"), Cancellation));
        }

        await using (var log = await OpenAsync())
        {
            Assert.Equal([.. expected, "next"], await log.ReadIdsAsync());
        }
    }

    private Task<LocalEventLog> OpenAsync(bool compress = false) => OpenAsync(_folder, compress);

    private static Task<LocalEventLog> OpenAsync(TemporaryFolder folder, bool compress = false) => LocalEventLog.OpenAsync(
        folder.Path,
        new LocalEventLogOptions { SegmentBytes = 4096, Compress = compress, Disk = new SteppedDisk() },
        new FakeTimeProvider(),
        NullLogger.Instance,
        Cancellation);

    private Dictionary<string, byte[]> Take() => Take(_folder);

    private static Dictionary<string, byte[]> Take(TemporaryFolder folder) =>
        Directory.GetFiles(folder.Log).Where(TemporaryFolder.IsData).ToDictionary(file => Path.GetFileName(file), TemporaryFolder.Read);

    /// <summary>Puts the files back. Those that no log writes to are written only when they are to differ.</summary>
    private void Restore(Dictionary<string, byte[]> state)
    {
        foreach (var name in Directory.GetFiles(_folder.Log).Select(Path.GetFileName).OfType<string>().Where(name => !state.ContainsKey(name)))
        {
            File.Delete(Path.Combine(_folder.Log, name));
        }

        var last = Segments(state).LastOrDefault();
        foreach (var (name, content) in state)
        {
            var path = Path.Combine(_folder.Log, name);
            if (name == "mark" || name == last || name == LastSegment || _restored.GetValueOrDefault(name) != content || !File.Exists(path))
            {
                File.WriteAllBytes(path, content);
            }
        }

        _restored = state;
    }
}
