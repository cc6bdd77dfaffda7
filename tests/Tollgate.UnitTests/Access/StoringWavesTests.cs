using Tollgate.Contracts;
using Tollgate.Server.Access;
using Xunit;

namespace Tollgate.UnitTests.Access;

/// <summary>An answer that takes something away waits for what was let in before, and for nothing that came after.</summary>
public sealed class StoringWavesTests
{
    private readonly AccountState _account = new("user_0", "tenant_0", AccountTypes.ServiceAccount, place: 0);

    [Fact]
    public void With_nothing_under_way_nothing_is_waited_for() => Assert.True(_account.StoredAsync().IsCompletedSuccessfully);

    [Fact]
    public async Task What_was_let_in_before_is_waited_for_and_what_came_after_is_not()
    {
        var (first, second) = (Begin(), Begin());
        var stored = _account.StoredAsync();
        var later = Begin();
        _account.EndStoring(first);
        Assert.False(stored.IsCompleted);
        _account.EndStoring(second);
        await stored.WaitAsync(TestContext.Current.CancellationToken);
        _account.EndStoring(later);
    }

    [Fact]
    public async Task Who_waits_later_waits_for_what_the_one_before_still_waits_for()
    {
        var hanging = Begin();
        var first = _account.StoredAsync();
        var next = Begin();
        var second = _account.StoredAsync();
        _account.EndStoring(next);
        Assert.False(first.IsCompleted || second.IsCompleted);
        _account.EndStoring(hanging);
        await Task.WhenAll(first, second).WaitAsync(TestContext.Current.CancellationToken);
    }

    private StoringWave Begin()
    {
        lock (_account.Admission)
        {
            return _account.BeginStoring();
        }
    }
}
