using System.Globalization;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>The event store is a projection: whatever happens to its file, the events are in the log.</summary>
public sealed class EventStoreRecoveryTests : IAsyncLifetime
{
    private readonly TollgateServer _server = new();

    private string StoreFile => Path.Combine(_server.Folder, "events.duckdb");

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        await _server.AdminClient.IngestManyAsync(
            Enumerable.Range(0, 300).Select(number => new { event_name = "n", external_customer_id = "c", properties = new { number } }));
        await ExpectAllAsync();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_missing_file_is_made_again()
    {
        await _server.RestartAsync(() =>
        {
            File.Delete(StoreFile);
            return Task.CompletedTask;
        });

        await ExpectAllAsync();
    }

    [Fact]
    public async Task A_damaged_file_is_set_aside_and_made_again()
    {
        await _server.RestartAsync(() => File.WriteAllBytesAsync(StoreFile, new byte[20_000], TestContext.Current.CancellationToken));

        await ExpectAllAsync();
        Assert.Single(Directory.GetFiles(_server.Folder, "events.duckdb.corrupt-*"));
    }

    [Fact]
    public async Task An_older_file_is_brought_up_to_the_log()
    {
        var copy = Path.Combine(_server.Folder, "older");
        await _server.RestartAsync(() =>
        {
            File.Copy(StoreFile, copy);
            return Task.CompletedTask;
        });
        await _server.AdminClient.IngestAsync(new { event_name = "n", external_customer_id = "c", properties = new { number = 1000 } });
        await _server.RestartAsync(() =>
        {
            File.Move(copy, StoreFile, overwrite: true);
            return Task.CompletedTask;
        });

        await ExpectAllAsync(more: 1, sum: 1000);
        Assert.Empty(Directory.GetFiles(_server.Folder, "events.duckdb.corrupt-*"));
    }

    [Fact]
    public async Task A_file_that_knows_more_than_the_log_is_of_another_log_and_is_set_aside()
    {
        var copy = await CopyOfStoreAsync();
        await using var other = await TollgateServer.StartAsync();
        await other.AdminClient.IngestAsync(new { event_name = "n", external_customer_id = "c", properties = new { number = 5 } });
        await other.RestartAsync(() =>
        {
            var file = Path.Combine(other.Folder, "events.duckdb");
            File.Delete(file);
            File.Delete(file + ".wal");
            File.Copy(copy, file);
            return Task.CompletedTask;
        });

        var usage = await other.AdminClient.UsageAsync(new { event_name = "n", aggregation_type = "SUM", property_name = "number" });

        Assert.Equal("5", usage.GetProperty("value").GetRawText());
        Assert.Single(Directory.GetFiles(other.Folder, "events.duckdb.corrupt-*"));
    }

    [Fact]
    public async Task Rebuild_makes_it_anew_and_says_how_many_events_it_found()
    {
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        await _server.RestartAsync(() => Rebuild.RunAsync(Options(), TimeProvider.System, output, TestContext.Current.CancellationToken));

        Assert.Contains("The log holds 300 events; the new event store holds 300.", output.ToString(), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_server.Folder, "events.duckdb.replaced-*"));
        await ExpectAllAsync();
    }

    [Fact]
    public async Task Rebuild_stops_at_a_damaged_log_and_leaves_the_store_alone()
    {
        LogDamagedException? damage = null;
        await _server.RestartAsync(async () =>
        {
            var segment = Directory.GetFiles(Path.Combine(_server.Folder, "log")).MaxBy(file => new FileInfo(file).Length)!;
            var whole = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
            var damaged = whole.ToArray();
            damaged[damaged.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(segment, damaged, TestContext.Current.CancellationToken);
            damage = await Assert.ThrowsAsync<LogDamagedException>(() =>
                Rebuild.RunAsync(Options(), TimeProvider.System, TextWriter.Null, TestContext.Current.CancellationToken));
            await File.WriteAllBytesAsync(segment, whole, TestContext.Current.CancellationToken);
        });

        Assert.Contains("first lost event", damage!.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_server.Folder, "events.duckdb.replaced-*"));
        await ExpectAllAsync();
    }

    [Fact]
    public async Task Rebuild_needs_the_folder_for_itself() =>
        await Assert.ThrowsAsync<ConfigurationException>(() =>
            Rebuild.RunAsync(Options(), TimeProvider.System, TextWriter.Null, TestContext.Current.CancellationToken));

    private async Task<string> CopyOfStoreAsync()
    {
        var copy = Path.Combine(_server.Folder, "copy");
        await _server.RestartAsync(() =>
        {
            File.Copy(StoreFile, copy);
            return Task.CompletedTask;
        });
        return copy;
    }

    private ServerOptions Options() =>
        ServerOptions.Read([$"--Storage:Folder={_server.Folder}", "--Logging:Level=None"], new Dictionary<string, string>());

    private async Task ExpectAllAsync(int more = 0, int sum = 0)
    {
        var usage = await _server.AdminClient.UsageAsync(new { event_name = "n", aggregation_type = "SUM", property_name = "number" });

        Assert.Equal((299 * 300 / 2) + sum, usage.GetProperty("value").GetInt64());
        Assert.Equal(300 + more, (await _server.AdminClient.QueryAsync(new { event_name = "n" })).GetProperty("total_count").GetInt64());
    }
}
