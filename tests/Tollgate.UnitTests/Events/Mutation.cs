namespace Tollgate.UnitTests.Events;

/// <summary>Damages a body in a few places.</summary>
internal static class Mutation
{
    // What parsers stumble over, put in whole.
    private static readonly byte[][] Fragments =
    [
        [0], "\n"u8.ToArray(), "\r"u8.ToArray(), "\r\n\r\n"u8.ToArray(), "\""u8.ToArray(), "\\"u8.ToArray(), "\\ud800"u8.ToArray(), "\\u0000"u8.ToArray(),
        "{"u8.ToArray(), "}"u8.ToArray(), "[[[[[[[[[[[[[[[["u8.ToArray(), "1e999"u8.ToArray(), "-"u8.ToArray(), [0xEF, 0xBB, 0xBF], [0xC3, 0x28], [0xED, 0xA0, 0x80],
        "//"u8.ToArray(), ",\"event_id\":\"2\""u8.ToArray(), ",\"properties\":{\"a\":1,\"a\":2}"u8.ToArray(), "NaN"u8.ToArray(),
    ];

    /// <summary>The body with up to three changes; perhaps with none.</summary>
    public static byte[] Of(byte[] body, Random random)
    {
        var bytes = body.ToList();
        for (var times = random.Next(4); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Fragments[random.Next(Fragments.Length)]);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(0, Math.Min(bytes.Count, random.Next(1, 60))));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
