using System.Buffers;
using System.Security.Cryptography;

namespace Tollgate.Server.Hosting;

/// <summary>The one generator of ids: a prefix and a ULID, so ids of a kind sort by time of creation. Ids may be guessed; secrets are made elsewhere.</summary>
internal sealed class Ids(TimeProvider time)
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private static readonly SearchValues<char> Digits = SearchValues.Create(Alphabet);

    private readonly Lock _order = new();
    private UInt128 _last;

    /// <summary>How many characters a ULID has.</summary>
    public const int UlidLength = 26;

    public string Tenant() => New("tenant_");

    public string Environment() => New("env_");

    public string Account() => New(AccountPrefix);

    public string ApiKey() => New(ApiKeyPrefix);

    public string Session() => New("session_");

    public string AuditRecord() => New("audit_");

    public string Customer() => New("cust_");

    public string Meter() => New("meter_");

    public string Price() => New("price_");

    public string Invoice() => New("inv_");

    public string Quarantine() => New("quarantine_");

    public string Removal() => New("removal_");

    public string Event() => New("event_");

    public string Request() => New("req_");

    public string Decision() => New("decision_");

    public const string ApiKeyPrefix = "secret_";

    public const string AccountPrefix = "user_";

    /// <summary>Whether the text has the form of an id with this prefix.</summary>
    public static bool IsId(string prefix, string text) =>
        text.Length == prefix.Length + UlidLength
        && text.StartsWith(prefix, StringComparison.Ordinal)
        && !text.AsSpan(prefix.Length).ContainsAnyExcept(Digits);

    /// <summary>The number behind the ULID of an id with this prefix.</summary>
    public static UInt128 NumberOf(string prefix, string id)
    {
        if (!IsId(prefix, id))
        {
            throw new FormatException($"'{id}' is not an id of the form {prefix}ULID.");
        }

        var number = UInt128.Zero;
        foreach (var character in id.AsSpan(prefix.Length))
        {
            number = (number << 5) | (UInt128)Alphabet.IndexOf(character, StringComparison.Ordinal);
        }

        return number;
    }

    /// <summary>The id with this prefix and number.</summary>
    public static string Text(string prefix, UInt128 number) =>
        string.Create(prefix.Length + UlidLength, (prefix, number), static (text, state) =>
        {
            state.prefix.CopyTo(text);
            var rest = state.number;
            for (var index = text.Length - 1; index >= state.prefix.Length; index--)
            {
                text[index] = Alphabet[(int)(rest & 31)];
                rest >>= 5;
            }
        });

    private string New(string prefix)
    {
        Span<byte> random = stackalloc byte[10];
        RandomNumberGenerator.Fill(random);
        var number = (UInt128)time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var part in random)
        {
            number = (number << 8) | part;
        }

        lock (_order)
        {
            // Within a millisecond, and when the clock steps back, ids still sort in the order in which they were made.
            _last = number > _last ? number : _last + 1;
            number = _last;
        }

        return Text(prefix, number);
    }
}
