using System.Net;
using CsCheck;
using Tollgate.Server.Access;
using Xunit;

namespace Tollgate.UnitTests.Access;

public sealed class NetworkTests
{
    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("192.0.2.1", "192.0.2.1/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("255.255.255.255/32", "255.255.255.255/32")]
    [InlineData("2001:DB8:0:0::/32", "2001:db8::/32")]
    [InlineData("::1", "::1/128")]
    [InlineData("::/0", "::/0")]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.0/24")]
    [InlineData("::ffff:c000:0201", "192.0.2.1/32")]
    [InlineData("::ffff:0.0.0.0/96", "0.0.0.0/0")]
    public void A_network_has_one_canonical_form(string text, string canonical) => Assert.Equal(canonical, Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("/8")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/+8")]
    [InlineData("10.0.0.0/08")]
    [InlineData("10.0.0.0/ 8")]
    [InlineData("10.0.0.0 /8")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("10/8")]
    [InlineData("10.1")]
    [InlineData("010.0.0.0/8")]
    [InlineData("0x0a.0.0.0/8")]
    [InlineData("167772160")]
    [InlineData("1.2.3.4.5")]
    [InlineData("256.0.0.0/8")]
    [InlineData("10.0.0.1/8")]
    [InlineData("2001:db8::1/32")]
    [InlineData("::/129")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("[::1]:80")]
    [InlineData("10.0.0.0:80")]
    [InlineData("::ffff:0:0/90")]
    [InlineData("::ffff:10.0.0.1/104")]
    [InlineData("localhost")]
    [InlineData("١.0.0.0/8")]
    public void What_can_be_taken_in_two_ways_or_none_is_refused(string text) => Assert.NotNull(Network.TryParse(text, out _));

    [Fact]
    public void Bits_behind_the_prefix_are_refused_with_the_network_that_is_meant()
    {
        Assert.Equal("has bits behind its prefix; the network is 10.0.0.0/8.", Network.TryParse("10.1.2.3/8", out _));
        Assert.Equal("has bits behind its prefix; the network is 2001:db8::/33.", Network.TryParse("2001:db8:1::/33", out _));
    }

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.255", true)]
    [InlineData("192.0.2.0/24", "192.0.3.0", false)]
    [InlineData("192.0.2.0/24", "::ffff:192.0.2.7", true)]
    [InlineData("192.0.2.0/24", "::192.0.2.7", false)]
    [InlineData("::/0", "192.0.2.7", false)]
    [InlineData("::/0", "::ffff:192.0.2.7", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("0.0.0.0/0", "192.0.2.7", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.9", true)]
    [InlineData("fe80::/10", "fe80::1%3", true)]
    [InlineData("::1", "::1", true)]
    public void An_address_is_inside_or_not_however_the_socket_writes_it(string network, string address, bool inside) =>
        Assert.Equal(inside, Parse(network).Contains(IPAddress.Parse(address)));

    [Fact]
    public void Containing_and_covering_are_as_the_bits_say()
    {
        var ofFour = Gen.Select(Gen.UInt, Gen.Int[0, 32], (bits, length) => (new IPAddress(Bytes(bits)), length));
        Gen.Select(ofFour, Gen.UInt, Gen.Int[0, 40], Gen.Int[0, 32]).Sample(
            (network, other, shared, length) =>
            {
                var (address, prefix) = network;
                var own = address.GetAddressBytes();
                // Shares some leading bits, so that both outcomes are met.
                var near = Bytes(other).Select((part, index) => (byte)Enumerable.Range(0, 8).Sum(bit =>
                    ((index * 8) + bit < shared ? own[index] : part) & (0x80 >> bit))).ToArray();
                var expected = Enumerable.Range(0, prefix).All(bit => Bit(own, bit) == Bit(near, bit));
                var parsed = Parse(Masked(own, prefix));

                Assert.Equal(expected, parsed.Contains(new IPAddress(near)));
                Assert.Equal(expected && length >= prefix, parsed.Covers(Parse(Masked(near, length))));
            },
            iter: 10_000);
    }

    private static Network Parse(string text)
    {
        Assert.Null(Network.TryParse(text, out var network));
        return network;
    }

    private static byte[] Bytes(uint number) => [(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number];

    private static int Bit(byte[] bytes, int bit) => (bytes[bit / 8] >> (7 - (bit % 8))) & 1;

    private static string Masked(byte[] bytes, int length)
    {
        var masked = bytes.Select((part, index) => (byte)(length >= (index + 1) * 8 ? part : length <= index * 8 ? 0 : part & (0xff << (((index + 1) * 8) - length)))).ToArray();
        return $"{new IPAddress(masked)}/{length}";
    }
}
