using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Server.Hosting;
using Tollgate.Server.Sessions;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.UnitTests.Sessions;

public sealed class SecondFactorsTests
{
    private const string Owner = "user_1";

    private static readonly InstanceKey Key = new(new byte[32]);

    /// <summary>RFC 6238, appendix B, SHA-1; the last six of its eight digits.</summary>
    public static TheoryData<long, string> Vectors => new()
    {
        { 59, "287082" },
        { 1111111109, "081804" },
        { 1111111111, "050471" },
        { 1234567890, "005924" },
        { 2000000000, "279037" },
        { 20000000000, "353130" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Codes_are_those_of_RFC_6238(long seconds, string code)
    {
        Assert.Equal(seconds / 30, At(seconds).Judge(Factor(), code, null, onKnownDevice: false)?.Step);
        Assert.Equal(seconds / 30, At(seconds).Judge(Factor(), $" {code[..3]} {code[3..]} ", null, onKnownDevice: false)?.Step);
    }

    [Theory]
    [InlineData(-90, false)]
    [InlineData(-60, false)]
    [InlineData(-30, true)]
    [InlineData(0, true)]
    [InlineData(30, true)]
    [InlineData(60, false)]
    [InlineData(90, false)]
    public void A_clock_may_be_one_step_off_and_no_more(int offset, bool taken)
    {
        // The device shows the code of 1111111111 while the server's clock is elsewhere.
        var proof = At(1111111111 - offset).Judge(Factor(), "050471", null, onKnownDevice: false);

        Assert.Equal(taken, proof is not null);
    }

    [Theory]
    [InlineData("050472")]
    [InlineData("50471")]
    [InlineData("0050471")]
    [InlineData("05047a")]
    [InlineData("٠٥٠٤٧١")]
    [InlineData("")]
    public void What_is_not_the_code_is_refused(string code) =>
        Assert.Null(At(1111111111).Judge(Factor(), code, null, onKnownDevice: false));

    [Fact]
    public void A_step_that_was_used_and_every_earlier_one_are_over()
    {
        var factor = Factor();
        factor.LastStep = 1111111111 / 30;

        Assert.Null(At(1111111111).Judge(factor, "050471", null, onKnownDevice: false));
        Assert.Null(At(1111111111).Judge(factor, "081804", null, onKnownDevice: false));
    }

    [Fact]
    public void A_sweep_ends_after_a_hundred_codes_whoever_waits_however_long()
    {
        var factor = Factor();
        factor.Failures = Limits.MaxSecondFactorFailures;

        Assert.Null(At(1111111111).Judge(factor, "050471", null, onKnownDevice: false));
        Assert.NotNull(At(1111111111).Judge(factor, "050471", null, onKnownDevice: true));
        Assert.NotNull(At(1111111111).Judge(factor, null, RecoveryCodeText.New(), onKnownDevice: false));
    }

    [Fact]
    public void A_secret_opens_for_its_owner_with_its_key_and_not_otherwise()
    {
        var closed = Key.Seal([1, 2, 3], Owner);
        var other = new InstanceKey([.. Enumerable.Repeat((byte)1, 32)]);

        Assert.Equal([1, 2, 3], Key.Open(closed, Owner));
        Assert.Null(Key.Open(closed, "user_2"));
        Assert.Null(other.Open(closed, Owner));
        Assert.Null(Key.Open(closed[..^1], Owner));
        Assert.Null(Key.Open([1], Owner));
        for (var index = 0; index < closed.Length; index++)
        {
            closed[index] ^= 1;
            Assert.Null(Key.Open(closed, Owner));
            closed[index] ^= 1;
        }
    }

    [Fact]
    public void A_recovery_code_is_the_same_however_it_is_typed()
    {
        Assert.Equal(RecoveryCodeText.Digest("0123 45abcd-efghjk mnpqrs"), RecoveryCodeText.Digest("O1234-5ABCDEFGHJKMNPQRS".Replace("1", "l", StringComparison.Ordinal)));
        Assert.Null(RecoveryCodeText.Digest("0123"));
        Assert.Null(RecoveryCodeText.Digest("uuuuuu-uuuuuu-uuuuuu-uuuuuu"));
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => RecoveryCodeText.New()).Distinct().Count());
    }

    private static SecondFactors At(long seconds) => new(Key, new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(seconds)));

    private static SecondFactor Factor() =>
        new() { AccountId = Owner, Secret = Key.Seal(Encoding.ASCII.GetBytes("12345678901234567890"), Owner), LastStep = 0 };
}
