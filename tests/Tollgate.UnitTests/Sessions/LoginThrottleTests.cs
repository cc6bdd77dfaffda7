using Microsoft.Extensions.Time.Testing;
using Tollgate.Server.Hosting;
using Tollgate.Server.Sessions;
using Xunit;

namespace Tollgate.UnitTests.Sessions;

public sealed class LoginThrottleTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void The_fifth_failure_makes_the_next_wait_and_each_doubles_it()
    {
        var throttle = new LoginThrottle(_clock);
        Fail(throttle, "a@b", "1.1.1.1", 4);
        Assert.Equal(TimeSpan.Zero, throttle.Wait("a@b", "1.1.1.1"));

        var waits = Enumerable.Range(0, 12).Select(_ =>
        {
            Fail(throttle, "a@b", "1.1.1.1", 1);
            return throttle.Wait("a@b", "1.1.1.1").TotalSeconds;
        });

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900], waits);
    }

    [Fact]
    public void Many_addresses_do_not_help_against_one_name()
    {
        var throttle = new LoginThrottle(_clock);
        for (var address = 0; address < 20; address++)
        {
            Fail(throttle, "a@b", $"1.1.1.{address}", 1);
        }

        Assert.NotEqual(TimeSpan.Zero, throttle.Wait("a@b", "9.9.9.9"));
    }

    [Fact]
    public void Strangers_cannot_keep_the_owner_out_of_a_known_place()
    {
        var throttle = new LoginThrottle(_clock);
        throttle.Succeeded("a@b", "5.5.5.5");
        for (var address = 0; address < 100; address++)
        {
            Fail(throttle, "a@b", $"1.1.1.{address}", 5);
        }

        Assert.Equal(TimeSpan.Zero, throttle.Wait("a@b", "5.5.5.5"));
        Assert.NotEqual(TimeSpan.Zero, throttle.Wait("a@b", "6.6.6.6"));
    }

    [Fact]
    public void Many_names_do_not_help_from_one_address()
    {
        var throttle = new LoginThrottle(_clock);
        for (var name = 0; name < 40; name++)
        {
            Fail(throttle, $"{name}@b", "1.1.1.1", 1);
        }

        Assert.NotEqual(TimeSpan.Zero, throttle.Wait("fresh@b", "1.1.1.1"));
    }

    [Fact]
    public void An_hour_without_a_failure_is_forgiven()
    {
        var throttle = new LoginThrottle(_clock);
        Fail(throttle, "a@b", "1.1.1.1", 10);
        _clock.Advance(TimeSpan.FromMinutes(61));
        Fail(throttle, "a@b", "1.1.1.1", 1);

        Assert.Equal(TimeSpan.Zero, throttle.Wait("a@b", "1.1.1.1"));
    }

    [Fact]
    public void A_flood_of_failures_does_not_make_the_server_forget_who_is_known_where()
    {
        var throttle = new LoginThrottle(_clock);
        throttle.Succeeded("a@b", "5.5.5.5");
        for (var name = 0; name < 30_000; name++)
        {
            throttle.Failed($"{name}@b", "1.1.1.1");
        }

        Assert.Equal(TimeSpan.Zero, throttle.Wait("a@b", "5.5.5.5"));
    }

    [Fact]
    public void On_a_known_device_only_its_own_failures_count()
    {
        var throttle = new LoginThrottle(_clock);
        Fail(throttle, "a@b", "1.1.1.1", 100);
        Assert.NotEqual(TimeSpan.Zero, throttle.Wait("a@b", "1.1.1.1"));
        Assert.Equal(TimeSpan.Zero, throttle.Wait("a@b", "1.1.1.1", "device"));

        for (var time = 0; time < 5; time++)
        {
            throttle.Failed("a@b", "1.1.1.1", "device");
        }

        Assert.Equal(TimeSpan.FromSeconds(1), throttle.Wait("a@b", "1.1.1.1", "device"));
    }

    [Fact]
    public void Many_names_from_many_addresses_are_slowed_down_and_a_known_place_is_not()
    {
        var throttle = new LoginThrottle(_clock);
        throttle.Succeeded("known@b", "5.5.5.5");
        for (var name = 0; name < Limits.LoginFailureBurst + 1; name++)
        {
            Assert.Equal(TimeSpan.Zero, throttle.Wait($"{name}@b", $"1.1.{name / 200}.{name % 200}"));
            throttle.Failed($"{name}@b", $"1.1.{name / 200}.{name % 200}");
        }

        Assert.Equal(Limits.LoginFailureInterval, throttle.Wait("fresh@b", "9.9.9.9"));
        Assert.Equal(TimeSpan.Zero, throttle.Wait("known@b", "5.5.5.5"));
        _clock.Advance(Limits.LoginFailureInterval);
        Assert.Equal(TimeSpan.Zero, throttle.Wait("fresh@b", "9.9.9.9"));
    }

    [Fact]
    public void The_half_of_an_address_that_the_client_chooses_makes_no_other_place()
    {
        var throttle = new LoginThrottle(_clock);
        for (var address = 1; address <= 5; address++)
        {
            throttle.Failed("a@b", $"2001:db8:1:2::{address:x}");
        }

        Assert.Equal(TimeSpan.FromSeconds(1), throttle.Wait("a@b", "2001:db8:1:2:ffff::1"));
        Assert.Equal(TimeSpan.Zero, throttle.Wait("a@b", "2001:db8:1:3::1"));
    }

    [Fact]
    public void Links_that_do_not_work_slow_down_their_address_alone()
    {
        var throttle = new LoginThrottle(_clock);
        for (var time = 0; time < Limits.FreeLoginFailuresOfAddress; time++)
        {
            throttle.Failed(null, "1.1.1.1");
        }

        Assert.NotEqual(TimeSpan.Zero, throttle.Wait(null, "1.1.1.1"));
        Assert.Equal(TimeSpan.Zero, throttle.Wait(null, "2.2.2.2"));
    }

    private static void Fail(LoginThrottle throttle, string email, string address, int times)
    {
        for (var time = 0; time < times; time++)
        {
            throttle.Failed(email, address);
        }
    }
}
