using CsCheck;
using Tollgate.Server.Events;
using Xunit;

namespace Tollgate.UnitTests.Events;

public sealed class FairSlotsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tenant_has_no_more_than_its_share_and_the_rest_is_there_for_others()
    {
        var slots = new FairSlots(slots: 4, perTenant: 2, waitingPerTenant: 10);
        var flood = Enumerable.Range(0, 10).Select(_ => slots.TakeAsync("a", Cancellation)).ToList();
        Assert.Equal(2, flood.Count(task => task.IsCompletedSuccessfully));

        Assert.True(slots.TakeAsync("b", Cancellation).IsCompletedSuccessfully);
        Assert.True(slots.TakeAsync("c", Cancellation).IsCompletedSuccessfully);
        var late = slots.TakeAsync("d", Cancellation);
        Assert.False(late.IsCompleted);

        // A slot of the flood goes to whoever has none yet, not to the flood's next one.
        (await flood[0])!.Dispose();
        Assert.NotNull(await late);
        Assert.Equal(2, flood.Count(task => task.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task Too_many_that_wait_are_refused_for_their_tenant_alone()
    {
        var slots = new FairSlots(slots: 2, perTenant: 1, waitingPerTenant: 2);
        var first = await slots.TakeAsync("a", Cancellation);
        var waiting = new[] { slots.TakeAsync("a", Cancellation), slots.TakeAsync("a", Cancellation) };

        Assert.Null(await slots.TakeAsync("a", Cancellation));
        Assert.NotNull(await slots.TakeAsync("b", Cancellation));

        first!.Dispose();
        Assert.NotNull(await waiting[0]);
        Assert.False(waiting[1].IsCompleted);
    }

    [Fact]
    public async Task Whoever_waits_comes_in_turn_by_tenant()
    {
        var slots = new FairSlots(slots: 1, perTenant: 1, waitingPerTenant: 100);
        var held = await slots.TakeAsync("a", Cancellation);
        var order = new List<string>();
        var all = new List<Task>();
        foreach (var tenant in (string[])["a", "a", "a", "b", "c", "b"])
        {
            all.Add(RunAsync(tenant));
        }

        held!.Dispose();
        await Task.WhenAll(all);

        Assert.Equal(["b", "c", "a", "b", "a", "a"], order);
        Assert.Equal(0, slots.Tenants);

        async Task RunAsync(string tenant)
        {
            using var slot = await slots.TakeAsync(tenant, Cancellation);
            order.Add(tenant);
        }
    }

    [Fact]
    public async Task Whoever_leaves_while_waiting_takes_nothing_with_them()
    {
        var slots = new FairSlots(slots: 1, perTenant: 1, waitingPerTenant: 10);
        var held = await slots.TakeAsync("a", Cancellation);
        using var leaving = new CancellationTokenSource();
        var gone = slots.TakeAsync("a", leaving.Token);
        var next = slots.TakeAsync("a", Cancellation);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        held!.Dispose();
        held.Dispose();

        (await next)!.Dispose();
        Assert.NotNull(await slots.TakeAsync("b", Cancellation));
    }

    [Fact]
    public void No_slot_is_lost_or_given_twice_whatever_comes_and_leaves()
    {
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[0, 3].Array[1, 200]).Sample(
            input =>
            {
                var (count, share, steps) = input;
                RunAsync(count, share, steps).GetAwaiter().GetResult();
            },
            iter: 200,
            threads: 1);

        static async Task RunAsync(int count, int share, int[] steps)
        {
            var slots = new FairSlots(count, share, waitingPerTenant: 5);
            var running = new int[4];
            var tasks = steps.Select((tenant, index) => Task.Run(async () =>
            {
                using var leaving = new CancellationTokenSource();
                if (index % 3 == 0)
                {
                    leaving.CancelAfter(TimeSpan.FromMilliseconds(index % 5));
                }

                try
                {
                    using var slot = await slots.TakeAsync($"{tenant}", leaving.Token);
                    if (slot is null)
                    {
                        return;
                    }

                    Assert.InRange(Interlocked.Increment(ref running[tenant]), 1, share);
                    Assert.InRange(running.Sum(), 0, count);
                    await Task.Yield();
                    Interlocked.Decrement(ref running[tenant]);
                }
                catch (OperationCanceledException)
                {
                    // It left.
                }
            }));
            await Task.WhenAll(tasks);
            Assert.Equal(0, slots.Tenants);
            for (var slot = 0; slot < count; slot++)
            {
                Assert.NotNull(await slots.TakeAsync($"{slot}", Cancellation));
            }
        }
    }
}
