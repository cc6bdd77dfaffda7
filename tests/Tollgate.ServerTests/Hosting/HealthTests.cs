using Xunit;

namespace Tollgate.ServerTests.Hosting;

public sealed class HealthTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    [Theory]
    [InlineData("/health")]
    [InlineData("/healthz/live")]
    [InlineData("/healthz/ready")]
    public async Task Health_is_told_to_anybody(string path)
    {
        using var response = await server.AnonymousClient.GetPathAsync(path);

        Assert.Equal("""{"status":"ok"}""", await (await response.ShouldBeAsync(200)).TextAsync());
    }

    [Fact]
    public async Task An_unknown_route_is_a_404_in_the_shape_of_errors()
    {
        using var response = await server.AdminClient.GetPathAsync("/v1/nothing");

        await response.ShouldBeProblemAsync(404, "not_found");
    }

    [Fact]
    public async Task A_second_tenant_has_its_own_key()
    {
        var other = await server.SecondTenantAsync();

        Assert.NotEqual(server.Secrets.TenantId, other.TenantId);
        Assert.NotEqual(server.Secrets.ApiKey, other.ApiKey);
    }

    [Fact]
    public async Task The_built_server_starts_as_a_process()
    {
        var folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;
        await using (var process = await ServerProcess.StartAsync(folder))
        {
            using var client = new HttpClient { BaseAddress = new Uri(process.Url) };
            using var response = await client.GetPathAsync("/health");
            await response.ShouldBeAsync(200);
            process.Terminate();
            await process.WaitForExitAsync();
            Assert.Equal(0, process.ExitCode);
        }

        Directory.Delete(folder, recursive: true);
    }
}
