using Tollgate.Server.Events;
using Xunit;

namespace Tollgate.UnitTests.Events;

public sealed class IngestBudgetTests
{
    [Fact]
    public void One_tenant_can_not_take_what_another_needs()
    {
        var budget = new IngestBudget(total: 100, perTenant: 40);
        using var first = budget.Of("a");
        using var second = budget.Of("a");
        using var other = budget.Of("b");

        Assert.Null(first.TryGrowTo(30));
        Assert.Equal(IngestRefusal.Tenant, second.TryGrowTo(11));
        Assert.Null(second.TryGrowTo(10));
        Assert.Null(other.TryGrowTo(40));
        Assert.Equal(80, budget.Taken);

        using var third = budget.Of("c");
        Assert.Equal(IngestRefusal.Server, third.TryGrowTo(21));
        Assert.Null(third.TryGrowTo(20));
    }

    [Fact]
    public void What_a_request_took_is_there_again_when_it_is_over()
    {
        var budget = new IngestBudget(total: 100, perTenant: 100);
        for (var request = 0; request < 10; request++)
        {
            using var share = budget.Of("a");
            Assert.Null(share.TryGrowTo(60));
            Assert.Null(share.TryGrowTo(50));
            Assert.Null(share.TryGrowTo(100));
            Assert.Equal(IngestRefusal.Tenant, share.TryGrowTo(101));
            Assert.Equal(100, budget.Taken);
        }

        Assert.Equal(0, budget.Taken);
    }
}
