using System.Collections.Frozen;
using System.Text;

namespace Tollgate.Server.Hosting;

/// <summary>
/// The page about each error code, where a problem's <c>type</c> points: that code's section of <c>docs/reference/errors.md</c>, which is
/// embedded so that the server explains itself without a network.
/// </summary>
internal static class ErrorPages
{
    private const string Resource = "errors.md";

    /// <summary>By code; each page is Markdown that begins with the code as its heading.</summary>
    public static FrozenDictionary<string, string> ByCode { get; } = Read();

    private static FrozenDictionary<string, string> Read()
    {
        using var stream = typeof(ErrorPages).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"{Resource} is not embedded.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        const string Heading = "\n## ";
        return reader.ReadToEnd()
            .Split(Heading)
            .Skip(1)
            .Select(section => section.Split('\n', 2))
            .ToFrozenDictionary(
                section => section[0].Trim().Trim('`'),
                section => $"# {section[0].Trim()}\n{section[1].TrimEnd()}\n",
                StringComparer.Ordinal);
    }
}
