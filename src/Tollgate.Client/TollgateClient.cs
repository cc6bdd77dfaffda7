namespace Tollgate.Client;

/// <summary>
/// Typed calls of a Tollgate server, for services with an API key and for people with a session. Every call throws
/// <see cref="TollgateException"/> when the server refuses, and <see cref="HttpRequestException"/> when it can't be reached.
/// </summary>
public sealed class TollgateClient
{
    /// <summary>A client that sends through <paramref name="http"/>, which has the server's address, and for services the header <c>x-api-key</c>.</summary>
    public TollgateClient(HttpClient http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var wire = new Wire(http);
        Sessions = new SessionsClient(wire);
        Accounts = new AccountsClient(wire);
        Roles = new RolesClient(wire);
        ApiKeys = new ApiKeysClient(wire);
        Environments = new EnvironmentsClient(wire);
        AuditLog = new AuditClient(wire);
        Customers = new CustomersClient(wire);
        Events = new EventsClient(wire);
        Meters = new MetersClient(wire);
        Prices = new PricesClient(wire);
        Invoices = new InvoicesClient(wire);
    }

    /// <summary>Logging in and out, passwords and second factors. For people: keys have no session.</summary>
    public SessionsClient Sessions { get; }

    /// <summary>People and service accounts.</summary>
    public AccountsClient Accounts { get; }

    /// <summary>Roles, and who may do what.</summary>
    public RolesClient Roles { get; }

    /// <summary>API keys. Their secrets are told once, when they are made.</summary>
    public ApiKeysClient ApiKeys { get; }

    /// <summary>Environments, retention, and the tenant.</summary>
    public EnvironmentsClient Environments { get; }

    /// <summary>The audit log.</summary>
    public AuditClient AuditLog { get; }

    /// <summary>Customers.</summary>
    public CustomersClient Customers { get; }

    /// <summary>Events: sending, reading, correcting, and what they add up to.</summary>
    public EventsClient Events { get; }

    /// <summary>Meters.</summary>
    public MetersClient Meters { get; }

    /// <summary>Prices of meters.</summary>
    public PricesClient Prices { get; }

    /// <summary>Invoices.</summary>
    public InvoicesClient Invoices { get; }
}
