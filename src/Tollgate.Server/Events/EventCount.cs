using System.Globalization;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>The number of events that a sender says a request has, in <c>X-Event-Count</c>: whoever lost some of them on the way is told.</summary>
internal static class EventCount
{
    public const string Header = "X-Event-Count";

    /// <exception cref="ProblemException">400: it says another number, or none.</exception>
    public static void Verify(HttpRequest request, int count)
    {
        var header = request.Headers[Header];
        if (header.Count == 0)
        {
            return;
        }

        if (header.Count > 1 || !int.TryParse(header[0], NumberStyles.None, CultureInfo.InvariantCulture, out var declared))
        {
            throw new ProblemException(Problem.Invalid(Header, "must be one whole number."));
        }

        if (declared != count)
        {
            throw new ProblemException(Problem.Invalid(
                Header, string.Create(CultureInfo.InvariantCulture, $"is {declared}, and the body has {count} events.")));
        }
    }
}
