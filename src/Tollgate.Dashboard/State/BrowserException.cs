namespace Tollgate.Dashboard.State;

/// <summary>The browser did not do its part; the message says what.</summary>
internal sealed class BrowserException(string message, Exception? inner = null) : HttpRequestException(message, inner);
