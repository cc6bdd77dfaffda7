using System.Collections;
using System.Globalization;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.ApiKeys;
using Tollgate.Server.Audit;
using Tollgate.Server.Billing;
using Tollgate.Server.Corrections;
using Tollgate.Server.Customers;
using Tollgate.Server.Environments;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Server.Meters;
using Tollgate.Server.Roles;
using Tollgate.Server.Sessions;
using Tollgate.Server.Usage;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server;

internal static class Program
{
    private static string Help =>
        $"""
        tollgate-server [--Option=value …]            starts the server
        tollgate-server rebuild [--Option=value …]    rebuilds the event store from the event log
        tollgate-server openapi FILE                  writes the OpenAPI document

        Options, also as variables TOLLGATE_SECTION__NAME; docs/reference/configuration.md says what they mean:
          {string.Join("\n  ", ServerOptions.Defaults.Select(option => $"{option.Key,-32}{option.Value}"))}
        """;

    /// <summary>Starts the server, or does what the first argument names: <c>rebuild</c>, <c>openapi FILE</c>.</summary>
    public static async Task<int> Main(string[] arguments)
    {
        try
        {
            var command = arguments.FirstOrDefault(argument => !argument.StartsWith('-')) is { } word && word == arguments[0] ? word : "serve";
            if (arguments is ["--help"] or ["-h"])
            {
                Console.WriteLine(Help);
                return 0;
            }

            if (command is not "openapi")
            {
                FileModes.KeepToOwner();
            }

            return command switch
            {
                "serve" => await ServeAsync(Options(arguments)),
                "rebuild" => await RebuildAsync(Options(arguments[1..])),
                "openapi" => await WriteOpenApiAsync(arguments),
                _ => throw new ConfigurationException($"'{command}' is not a command; there are rebuild and openapi, and none to start the server."),
            };
        }
        catch (Exception exception) when (exception is ConfigurationException or ControlStoreUnusableException or LogDamagedException or SumsFileDamagedException)
        {
            // One sentence for the operator: what is wrong, by name.
            await Console.Error.WriteLineAsync($"tollgate-server: {exception.Message}");
            return 2;
        }
        catch (IOException exception) when (exception.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await Console.Error.WriteLineAsync("tollgate-server: The option Urls names an address that another program listens at.");
            return 2;
        }
    }

    /// <summary>Every route of the server, in order. Each declares who may come.</summary>
    public static void MapRoutes(IEndpointRouteBuilder routes)
    {
        var root = new Api(routes, "");
        root.MapGetHealth();
        root.MapGetReadiness();
        root.MapGetErrorPage();
        root.MapGetOpenApiDocument();
        root.MapDashboardFiles();

        var v1 = root.Under("/v1");
        v1.MapLogin();
        v1.MapLogout();
        v1.MapChangePassword();
        v1.MapListSessions();
        v1.MapDeleteOtherSessions();
        v1.MapDeleteSession();
        v1.MapPreviewInvitation();
        v1.MapAcceptInvitation();
        v1.MapGetTotp();
        v1.MapEnrollTotp();
        v1.MapConfirmTotp();
        v1.MapDeleteTotp();
        v1.MapCreateRecoveryCodes();

        v1.MapCreateUser();
        v1.MapGetMe();
        v1.MapUpdateMe();
        v1.MapGetUser();
        v1.MapSearchUsers();
        v1.MapUpdateUser();
        v1.MapUpdateUserRoles();
        v1.MapPreviewUserRoles();
        v1.MapDisableUser();
        v1.MapEnableUser();
        v1.MapDeleteUser();
        v1.MapInviteUser();
        v1.MapDeleteUserTotp();
        v1.MapListUserSessions();
        v1.MapDeleteUserSessions();
        v1.MapDeleteUserSession();

        v1.MapListRoles();
        v1.MapGetRole();
        v1.MapCreateRole();
        v1.MapUpdateRole();
        v1.MapDeleteRole();
        v1.MapGetManifest();
        v1.MapCanI();
        v1.MapExplainAccess();
        v1.MapWhoCan();
        v1.MapGetRecommendations();

        v1.MapCreateApiKey();
        v1.MapListApiKeys();
        v1.MapGetApiKey();
        v1.MapUpdateApiKey();
        v1.MapDeleteApiKey();
        v1.MapRotateApiKey();
        v1.MapGetKeyRotation();
        v1.MapDisableApiKey();
        v1.MapEnableApiKey();
        v1.MapGetKeyUsage();
        v1.MapGetKeyRevocation();
        v1.MapImportApiKeys();
        v1.MapIdentifyKey();
        v1.MapReportGitHubLeaks();
        v1.MapGetKeySettings();
        v1.MapUpdateKeySettings();

        v1.MapCreateEnvironment();
        v1.MapListEnvironments();
        v1.MapGetEnvironment();
        v1.MapUpdateEnvironment();
        v1.MapGetRetention();
        v1.MapUpdateRetention();
        v1.MapGetTenant();
        v1.MapUpdateTenant();

        v1.MapListAuditLogs();
        v1.MapGetAuditLog();
        v1.MapExportAuditLogs();
        v1.MapVerifyAuditLog();
        v1.MapListAuditCheckpoints();

        v1.MapCreateCustomer();
        v1.MapListCustomers();
        v1.MapSearchCustomers();
        v1.MapGetCustomer();
        v1.MapGetCustomerByExternalId();
        v1.MapUpdateCustomer();
        v1.MapUpdateCustomerByQuery();
        v1.MapDeleteCustomer();
        v1.MapGetCustomerUsage();

        v1.MapIngestEvent();
        v1.MapIngestEvents();
        v1.MapListEvents();
        v1.MapQueryEvents();
        v1.MapMonitorEvents();
        v1.MapGetEventOutcomes();
        v1.MapStreamEvents();
        v1.MapExportEvents();
        v1.MapLookupEvent();
        v1.MapDiagnoseEvents();
        v1.MapGetEvent();
        v1.MapQuarantineEvents();
        v1.MapListQuarantines();
        v1.MapGetQuarantine();
        v1.MapDeleteQuarantine();
        v1.MapEraseEvents();
        v1.MapListRemovals();
        v1.MapGetRemoval();
        v1.MapQueryUsage();
        v1.MapQueryMeterUsage();

        v1.MapCreateMeter();
        v1.MapListMeters();
        v1.MapGetMeter();
        v1.MapUpdateMeter();
        v1.MapDeleteMeter();

        v1.MapCreatePrice();
        v1.MapListPrices();
        v1.MapSearchPrices();
        v1.MapGetPrice();
        v1.MapUpdatePrice();
        v1.MapDeletePrice();
        v1.MapPreviewInvoice();
        v1.MapCreateInvoice();
        v1.MapListInvoices();
        v1.MapSearchInvoices();
        v1.MapGetInvoice();
        v1.MapVoidInvoice();
    }

    private static ServerOptions Options(string[] arguments) => ServerOptions.Read(
        arguments,
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.Ordinal));

    private static async Task<int> RebuildAsync(ServerOptions options)
    {
        await Rebuild.RunAsync(options, TimeProvider.System, Console.Out, CancellationToken.None);
        return 0;
    }

    private static async Task<int> WriteOpenApiAsync(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            throw new ConfigurationException("The command openapi takes one argument: the file to write.");
        }

        // The document does not depend on how a server is configured.
        var options = ServerOptions.Read([], new Dictionary<string, string>());
        await OpenApiDocumentText.WriteAsync(arguments[1], options, CancellationToken.None);
        return 0;
    }

    private static async Task<int> ServeAsync(ServerOptions options)
    {
        var shown = "";
        await using var host = await TollgateHost.StartAsync(options, TimeProvider.System, TellAsync, CancellationToken.None);
        if (shown.Length > 0)
        {
            Console.WriteLine(shown);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Tollgate listens at {host.Url} (data in {options.Folder}). Ctrl+C stops it."));
        await host.WaitForShutdownAsync();
        return 0;

        async Task TellAsync(FirstStartSecrets secrets)
        {
            if (options.BootstrapFile is not null)
            {
                await secrets.WriteAsync(options.BootstrapFile, CancellationToken.None);
            }

            shown = secrets.ForPeople(options.AdminPassword is not null, options.BootstrapFile);
        }
    }
}
