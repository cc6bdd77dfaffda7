using System.Data.Common;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Storage.Events;
using Xunit;

namespace Tollgate.StorageTests.Events;

public sealed class DuckDbEventStoreTests : EventStoreTests
{
    private static readonly EventScope Here = new("tenant_A", "env_A");
    private static readonly EventReach AllHere = new(Here, null);

    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-duckdb-").FullName;

    private string FileName => Path.Combine(_folder, "events.duckdb");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_reopened_store_goes_on_where_it_was()
    {
        await ApplyAsync(Batch(1, Here, Event("e1", "n", "c", """{"v":1}""", DateTimeOffset.UnixEpoch)));
        await Store.DisposeAsync();
        await InitializeAsync();
        await ApplyAsync(Batch(2, Here, Event("e2", "n", "c", """{"v":2}""", DateTimeOffset.UnixEpoch)));

        var usage = await Store.UsageAsync(
            new UsageQuery { Filter = new EventFilter { Reach = AllHere }, Aggregation = Aggregation.Sum, PropertyName = "v" }, Token);

        Assert.Equal(new ExactDecimal(3, 0), usage.Value);
        Assert.Null(((DuckDbEventStore)Store).SetAside);
    }

    [Fact]
    public void The_file_is_its_owners_alone() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FileName));

    [Theory]
    [InlineData("SET enable_external_access = true")]
    [InlineData("SET memory_limit = '10GB'")]
    [InlineData("ATTACH '/tmp/other.duckdb'")]
    [InlineData("COPY events TO '/tmp/events.csv'")]
    [InlineData("SELECT * FROM read_csv('/etc/passwd')")]
    [InlineData("SELECT * FROM '/etc/passwd.csv'")]
    [InlineData("INSTALL httpfs")]
    [InlineData("LOAD httpfs")]
    public async Task No_statement_reaches_beyond_the_file(string statement)
    {
        // The engine's own types can't be named here; what every platform calls a connection can.
        var file = new DuckDbFile(_folder, new DuckDbEventStoreOptions { MemoryMegabytes = 512 }, TimeProvider.System, NullLogger.Instance);
        await using var connection = (DbConnection)typeof(DuckDbFile).GetMethod("Connect")!.Invoke(file, null)!;
        await using var command = connection.CreateCommand();
        // CA2100: the statements are those above.
#pragma warning disable CA2100
        command.CommandText = statement;
#pragma warning restore CA2100

        await Assert.ThrowsAnyAsync<DbException>(() => command.ExecuteNonQueryAsync(Token));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("empty")]
    [InlineData("junk")]
    [InlineData("header")]
    [InlineData("cut")]
    public async Task A_file_that_cannot_be_used_is_set_aside_and_begun_anew(string damage)
    {
        await FillAsync();
        var size = new FileInfo(FileName).Length;
        switch (damage)
        {
            case "missing":
                File.Delete(FileName);
                break;
            case "empty":
                await File.WriteAllBytesAsync(FileName, [1], Token);
                break;
            case "junk":
                await File.WriteAllBytesAsync(FileName, new byte[4096], Token);
                break;
            case "header":
                Flip(8);
                break;
            default:
                using (var file = File.OpenHandle(FileName, FileMode.Open, FileAccess.Write))
                {
                    RandomAccess.SetLength(file, size / 2);
                }

                break;
        }

        await InitializeAsync();
        await ThrowsResetOrNothingAsync();

        Assert.Equal(0, Store.AppliedSequence);
        Assert.Equal(damage != "missing", Directory.GetFiles(_folder, "events.duckdb.corrupt-*").Length > 0);
        await FillAsync();
        await InitializeAsync();
        Assert.Equal(20_000, await Store.CountAsync(new EventFilter { Reach = AllHere }, Token));
    }

    [Fact]
    public async Task A_flipped_bit_anywhere_is_found_and_never_answers_wrongly()
    {
        await FillAsync();
        var whole = await File.ReadAllBytesAsync(FileName, Token);
        var random = new Random(11);
        for (var round = 0; round < 25; round++)
        {
            await File.WriteAllBytesAsync(FileName, whole, Token);
            Flip(random.NextInt64(whole.Length));
            await InitializeAsync();
            await ThrowsResetOrNothingAsync();
            if (Store.AppliedSequence == 20_000)
            {
                // The bit was in a part of the file that holds nothing.
                var usage = await Store.UsageAsync(
                    new UsageQuery { Filter = new EventFilter { Reach = AllHere }, Aggregation = Aggregation.Sum, PropertyName = "v" }, Token);
                Assert.Equal(new ExactDecimal(20_000L * 19_999 / 2, 0), usage.Value);
            }
            else
            {
                Assert.Equal(0, Store.AppliedSequence);
                Assert.NotNull(((DuckDbEventStore)Store).SetAside);
            }

            await Store.DisposeAsync();
            Array.ForEach(Directory.GetFiles(_folder), File.Delete);
        }

        await InitializeAsync();
    }

    protected override async Task<IEventStore> OpenAsync() => await DuckDbEventStore.OpenAsync(
        _folder, new DuckDbEventStoreOptions { MemoryMegabytes = 512 }, TimeProvider.System, NullLogger.Instance, Token);

    private async Task FillAsync()
    {
        if (Store.AppliedSequence == 0)
        {
            await ApplyAsync(Batch(1, Here, [.. Enumerable.Range(0, 20_000).Select(index => Event(
                $"e{index}-{index * 7919L}", "n", "c", $$"""{"v":{{index}},"w":"{{index:x8}}-{{index * 104729L:x16}}"}""", DateTimeOffset.UnixEpoch.AddSeconds(index)))]));
        }

        await Store.DisposeAsync();
    }

    private async Task ThrowsResetOrNothingAsync()
    {
        try
        {
            await ((DuckDbEventStore)Store).VerifyAsync(Token);
        }
        catch (EventStoreResetException)
        {
            // Found by reading: the store has begun anew.
        }
    }

    private void Flip(long offset)
    {
        using var file = File.OpenHandle(FileName, FileMode.Open, FileAccess.ReadWrite);
        var one = new byte[1];
        RandomAccess.Read(file, one, offset);
        one[0] ^= 4;
        RandomAccess.Write(file, one, offset);
    }
}
