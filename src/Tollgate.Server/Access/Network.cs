using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tollgate.Server.Access;

/// <summary>
/// A network of IPv4 or of IPv6 addresses. An IPv4 address that is written or received as an IPv6 one (<c>::ffff:192.0.2.1</c>) is the
/// IPv4 address, so that it makes no difference how a socket was opened.
/// </summary>
internal readonly record struct Network
{
    private const int MappedLength = 96;

    private static readonly SearchValues<char> OfAddresses = SearchValues.Create("0123456789abcdefABCDEF:.");

    private readonly bool _isV4;
    private readonly UInt128 _first;
    private readonly int _length;

    private Network(bool isV4, UInt128 first, int length) => (_isV4, _first, _length) = (isV4, first, length);

    private int Bits => BitsOf(_isV4);

    /// <summary>Reads an address, or an address, a slash and the length of the prefix; answers what is wrong, or null.</summary>
    public static string? TryParse(string text, out Network network)
    {
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var written = slash < 0 ? text : text[..slash];
        if (!TryParseAddress(written, out var address))
        {
            return "must be a network like 192.0.2.0/24 or 2001:db8::/32, or an address.";
        }

        var bits = BitsOf(address.AddressFamily == AddressFamily.InterNetwork);
        if (!TryParseLength(slash < 0 ? null : text[(slash + 1)..], bits, out var length))
        {
            return string.Create(CultureInfo.InvariantCulture, $"must end with the length of the prefix, 0 to {bits}.");
        }

        if (address.IsIPv4MappedToIPv6)
        {
            if (length < MappedLength)
            {
                return "holds IPv4 addresses and others: name the IPv4 network by itself, like 192.0.2.0/24.";
            }

            (address, length, bits) = (address.MapToIPv4(), length - MappedLength, BitsOf(isV4: true));
        }

        var number = NumberOf(address);
        network = new Network(bits == 32, number & MaskOf(bits, length), length);
        return number == network._first
            ? null
            : $"has bits behind its prefix; the network is {network}.";
    }

    public bool Contains(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetwork == _isV4 && (NumberOf(plain) & MaskOf(Bits, _length)) == _first;
    }

    /// <summary>Whether each of the other network's addresses is in this one.</summary>
    public bool Covers(Network other) =>
        other._isV4 == _isV4 && other._length >= _length && (other._first & MaskOf(Bits, _length)) == _first;

    /// <summary>In canonical form, always with the length.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _first);
        var address = new IPAddress(_isV4 ? bytes[12..] : bytes);
        return string.Create(CultureInfo.InvariantCulture, $"{address}/{_length}");
    }

    /// <summary>Only what can be taken in one way: no octal or short IPv4 address, no zone, no port.</summary>
    private static bool TryParseAddress(string text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.Length == 0 || text.AsSpan().ContainsAnyExcept(OfAddresses) || !IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        address = parsed;
        return parsed.AddressFamily == AddressFamily.InterNetworkV6 || parsed.ToString() == text;
    }

    private static bool TryParseLength(string? text, int bits, out int length)
    {
        length = bits;
        return text is null
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out length)
                && length <= bits
                && (text.Length == 1 || text[0] != '0'));
    }

    private static int BitsOf(bool isV4) => isV4 ? 32 : 128;

    private static UInt128 MaskOf(int bits, int length)
    {
        var all = bits == 128 ? UInt128.MaxValue : (UInt128.One << bits) - 1;
        // A shift by the whole width would be one by nothing.
        return length == 0 ? UInt128.Zero : all & (UInt128.MaxValue << (bits - length));
    }

    private static UInt128 NumberOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        address.TryWriteBytes(address.AddressFamily == AddressFamily.InterNetwork ? bytes[12..] : bytes, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
