using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.UnitTests.Access;

public sealed class RateLimitsTests
{
    private readonly FakeTimeProvider _clock = new();
    private byte _next;

    [Fact]
    public void A_bucket_lets_in_as_many_as_a_bucket_with_drops_would() => Gen
        .Select(Gen.Int[1, 200], Gen.Int[0, 3000].Array[1, 300])
        .Sample(
            (perMinute, pauses) =>
            {
                var bucket = new RateBucket(perMinute);
                // In sixty-thousandths of a request; each millisecond adds as many as the limit is.
                var level = perMinute * 60_000L;
                var now = 0L;
                foreach (var pause in pauses)
                {
                    now += pause;
                    level = Math.Min(perMinute * 60_000L, level + ((long)pause * perMinute));
                    var expected = level >= 60_000;
                    level -= expected ? 60_000 : 0;

                    Assert.Equal(expected, bucket.TryTake(now, out var state));
                    Assert.Equal(level / 60_000, state.Remaining);
                    Assert.Equal(expected ? 0 : Seconds(60_000 - level, perMinute), state.RetryAfter);
                    Assert.Equal(Seconds((perMinute * 60_000L) - level, perMinute), state.FullAfter);
                }
            },
            iter: 1_000);

    [Fact]
    public void At_once_as_many_as_the_limit_and_then_one_after_each_share_of_a_minute()
    {
        var bucket = new RateBucket(60);

        Assert.Equal(60, Taken(bucket, tries: 100, now: 0));
        Assert.Equal(0, Taken(bucket, tries: 100, now: 999));
        Assert.Equal(1, Taken(bucket, tries: 100, now: 1_000));
        Assert.Equal(1, Taken(bucket, tries: 100, now: 2_999));
        Assert.Equal(1, Taken(bucket, tries: 100, now: 3_000));
        Assert.Equal(57, Taken(bucket, tries: 100, now: 60_000));
        Assert.Equal(60, Taken(bucket, tries: 100, now: 120_000));
        Assert.Equal(60, Taken(bucket, tries: 100, now: 10_000_000_000));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1_000_000)]
    [InlineData(10_000_000)]
    public void After_the_seconds_that_a_refusal_names_one_is_let_in(int perMinute)
    {
        var bucket = new RateBucket(perMinute);
        Assert.Equal(perMinute, Taken(bucket, perMinute + 1, now: 12_345));

        Assert.False(bucket.TryTake(12_345, out var state));

        Assert.InRange(state.RetryAfter, 1, 60);
        Assert.True(bucket.TryTake(12_345 + (state.RetryAfter * 1000L), out _));
    }

    [Fact]
    public async Task Threads_that_take_at_once_take_exactly_what_there_is()
    {
        var bucket = new RateBucket(5_000);

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Taken(bucket, tries: 2_000, now: 0))));

        Assert.Equal(5_000, taken.Sum());
    }

    [Fact]
    public void A_request_takes_from_both_limits_or_from_none()
    {
        var limits = Limits(perKey: 3, perTenant: 4);
        var (first, second) = (Key("tenant_a"), Key("tenant_a"));

        Assert.Equal([true, true, true, false, false], Within(limits, first, 5));
        // The refused ones cost the tenant nothing.
        Assert.Equal([true, false, false], Within(limits, second, 3));
        _clock.Advance(TimeSpan.FromSeconds(15));

        // One came back to the tenant; what the tenant refused cost the key nothing.
        Assert.Equal([true, false], Within(limits, second, 2));
        var decision = limits.Take(second)!;
        Assert.Equal(RateLimits.TenantPolicy, decision.Refusing.Policy);
        Assert.Equal("\"key\";q=3;w=60, \"tenant\";q=4;w=60", decision.PolicyField);
        Assert.Equal("\"key\";r=1;t=25, \"tenant\";r=0;t=60", decision.StateField);
    }

    [Fact]
    public void The_people_of_a_tenant_are_not_kept_out_by_its_keys_nor_by_another_tenant()
    {
        var limits = Limits(perKey: 0, perTenant: 2);

        Assert.Equal([true, true, false], Within(limits, Key("tenant_a"), 3));

        Assert.Equal([true, true, false], Within(limits, Person("tenant_a"), 3));
        Assert.Equal([true, true, false], Within(limits, Key("tenant_b"), 3));
    }

    [Fact]
    public void The_smaller_of_the_keys_own_limit_and_the_servers_counts()
    {
        var limits = Limits(perKey: 3, perTenant: 0);

        Assert.Equal([true, false], Within(limits, Key("tenant_a", own: 1), 2));
        Assert.Equal([true, true, true, false], Within(limits, Key("tenant_a", own: 1_000), 4));
        Assert.Equal([true, true], Within(Limits(perKey: 0, perTenant: 0), Key("tenant_a", own: 2), 2));
        Assert.Null(Limits(perKey: 0, perTenant: 0).Take(Key("tenant_a")));
        Assert.Null(limits.Take(Person("tenant_a")));
    }

    [Fact]
    public void Only_who_came_lately_takes_memory()
    {
        var limits = Limits(perKey: 60, perTenant: 0);
        for (var round = 0; round < 20; round++)
        {
            for (var key = 0; key < 1_000; key++)
            {
                Assert.True(limits.Take(Key($"{round}", digest: [(byte)round, (byte)(key >> 8), (byte)key]))!.IsWithin);
            }

            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(limits.Count, 1_000, 4_096);
    }

    [Fact]
    public async Task Nothing_is_forgotten_when_full_buckets_are_thrown_away_under_load()
    {
        var buckets = new RateBuckets<int>();

        // Others come once and are full again a millisecond later, so that buckets are thrown away all the time, while one takes what it may.
        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() => Enumerable.Range(0, 10_000).Count(now =>
        {
            buckets.Take((worker * 10_000) + now + 1, 60_000, now);
            return buckets.Take(0, 2_000, now).IsTaken;
        }))));

        Assert.InRange(taken.Sum(), 2_000, 2_000 + (10_000 * 2_000 / 60_000));
    }

    private static long Seconds(long units, int perMinute) => (long)Math.Ceiling((decimal)units / perMinute / 1000);

    private static int Taken(RateBucket bucket, int tries, long now) => Enumerable.Range(0, tries).Count(_ => bucket.TryTake(now, out var _));

    private static bool[] Within(RateLimits limits, Caller caller, int times) => [.. Enumerable.Range(0, times).Select(_ => limits.Take(caller)!.IsWithin)];

    private RateLimits Limits(int perKey, int perTenant) => new(
        ServerOptions.Read(
            [$"--Limits:RequestsPerMinutePerKey={perKey}", $"--Limits:RequestsPerMinutePerTenant={perTenant}"], new Dictionary<string, string>()),
        _clock);

    private Caller Key(string tenant, int? own = null, byte[]? digest = null)
    {
        var errors = new FieldErrors();
        var bytes = new byte[32];
        (digest ?? [++_next]).CopyTo(bytes, 0);
        return Caller(tenant, bytes) with
        {
            ApiKeyId = "secret_x",
            Constraints = ConstraintSet.From(own is null ? null : new KeyConstraints { RateLimitPerMinute = own }, "constraints", errors),
        };
    }

    private static Caller Person(string tenant)
    {
        var caller = Caller(tenant, new byte[32]);
        return caller with
        {
            Session = new SessionState("session_x", caller.Account, new KeyDigest(new byte[32]), default, default, "", null),
        };
    }

    private static Caller Caller(string tenant, byte[] digest) => new()
    {
        Account = new AccountState("user_x", tenant, AccountTypes.User, 0),
        Rights = AccountRights.None,
        Environment = new EnvironmentState("env_x", tenant, 0),
        Permissions = PermissionSet.Empty,
        Digest = digest,
    };
}
