namespace Tollgate.Server.Hosting;

/// <summary>Every limit of the server (decision 16). A test checks that <c>docs/reference/limits.md</c> lists each with its value.</summary>
internal static class Limits
{
    /// <summary>Bytes of a request body outside of ingest, after decompression.</summary>
    public const int MaxBodyBytes = 1024 * 1024;

    /// <summary>Bytes of the body of a request that needs no credential.</summary>
    public const int MaxPublicBodyBytes = 16 * 1024;

    /// <summary>Bytes of an ingest body after decompression, unless <c>Events:MaxBodyBytes</c> says otherwise.</summary>
    public const int MaxIngestBodyBytes = 8 * 1024 * 1024;

    /// <summary>Depth of nested JSON.</summary>
    public const int MaxJsonDepth = 64;

    /// <summary>Bytes of the request line.</summary>
    public const int MaxRequestLineBytes = 8 * 1024;

    /// <summary>Bytes of all request headers together.</summary>
    public const int MaxHeaderBytes = 16 * 1024;

    /// <summary>Number of request headers.</summary>
    public const int MaxHeaders = 64;

    /// <summary>Connections at once.</summary>
    public const int MaxConnections = 20_000;

    /// <summary>Within what time the headers must arrive.</summary>
    public static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long an idle connection is kept.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(60);

    /// <summary>How long open requests may take to end after SIGTERM.</summary>
    public static readonly TimeSpan Drain = TimeSpan.FromSeconds(10);

    /// <summary>Items on a page when the request does not say.</summary>
    public const int DefaultPageSize = 50;

    /// <summary>Items on a page at the most.</summary>
    public const int MaxPageSize = 1000;

    /// <summary>Events on a page at the most.</summary>
    public const int MaxEventPageSize = 500;

    /// <summary>Events in one request.</summary>
    public const int MaxEventsPerRequest = 1000;

    /// <summary>Events in one request that has one on each line.</summary>
    public const int MaxEventsPerStream = 10_000;

    /// <summary>Bytes of such a line.</summary>
    public const int MaxEventLineBytes = 128 * 1024;

    /// <summary>Attributes of a CloudEvent.</summary>
    public const int MaxCloudEventAttributes = 100;

    /// <summary>Characters of an event's id, name, customer and source.</summary>
    public const int MaxEventTextLength = 255;

    /// <summary>Members of an event's properties.</summary>
    public const int MaxEventProperties = 100;

    /// <summary>Bytes of an event's properties as JSON.</summary>
    public const int MaxEventPropertiesBytes = 64 * 1024;

    /// <summary>Digits of a number in an event's properties.</summary>
    public const int MaxNumberDigits = 1000;

    /// <summary>Windows in one answer about usage.</summary>
    public const int MaxUsageWindows = 100_000;

    /// <summary>Names that usage is grouped by.</summary>
    public const int MaxUsageGroupBy = 3;

    /// <summary>Properties that a query of events filters by.</summary>
    public const int MaxFilterProperties = 20;

    /// <summary>Values of one property that a query of events filters by.</summary>
    public const int MaxFilterValues = 1000;

    /// <summary>Names and customers that a diagnosis of events lists.</summary>
    public const int MaxDiagnosed = 50;

    /// <summary>Events that a diagnosis shows as examples of one thing.</summary>
    public const int MaxExamples = 3;

    /// <summary>Meters whose change the preview of a quarantine shows.</summary>
    public const int MaxQuarantinedMeters = 100;

    /// <summary>Meters in use in one environment.</summary>
    public const int MaxMetersPerEnvironment = 1000;

    /// <summary>Digits behind the point of a meter's multiplier and of a price's amounts.</summary>
    public const int MaxDecimalPlaces = 18;

    /// <summary>How long a query waits for the events that were accepted before it came.</summary>
    public static readonly TimeSpan ReadYourWrites = TimeSpan.FromSeconds(10);

    /// <summary>How long one query of events may take.</summary>
    public static readonly TimeSpan EventQuery = TimeSpan.FromSeconds(30);

    /// <summary>Queries of events that run at once. One connection to the event store more stays free for the server's own questions.</summary>
    public const int MaxQueries = 3;

    /// <summary>Queries of one tenant's events that run at once.</summary>
    public const int MaxQueriesPerTenant = 2;

    /// <summary>Queries of one tenant's events that wait at once.</summary>
    public const int MaxQueriesWaitingPerTenant = 50;

    /// <summary>How many ingest bodies of the greatest size are in memory at once.</summary>
    public const int MaxIngestBodies = 16;

    /// <summary>How many of them can be one tenant's.</summary>
    public const int MaxIngestBodiesPerTenant = 4;

    /// <summary>How often events are looked for that are older than they are kept, and removals are tried again.</summary>
    public static readonly TimeSpan RemovalsLookedFor = TimeSpan.FromHours(1);

    /// <summary>Events that an export reads at once.</summary>
    public const int ExportPageSize = 250;

    /// <summary>Event streams that are open at once.</summary>
    public const int MaxStreams = 500;

    /// <summary>Event streams of one tenant that are open at once.</summary>
    public const int MaxStreamsPerTenant = 20;

    /// <summary>Events that a stream reads at once.</summary>
    public const int StreamPageSize = 100;

    /// <summary>Events that a reader of a stream may be behind before the stream leaves out what it missed.</summary>
    public const int MaxStreamLag = 10_000;

    /// <summary>How often a stream without events sends something, so that nobody on the way takes it for dead.</summary>
    public static readonly TimeSpan StreamKeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>How often the caller of an open stream is judged again at the least.</summary>
    public static readonly TimeSpan StreamJudged = TimeSpan.FromMilliseconds(500);

    /// <summary>Events of the log that are looked at to say how many can't be read yet.</summary>
    public const int MaxLagCounted = 100_000;

    /// <summary>How long the monitoring of events waits for those that can't be read yet.</summary>
    public static readonly TimeSpan MonitoringWait = TimeSpan.FromSeconds(1);

    /// <summary>Live API keys of one tenant.</summary>
    public const int MaxKeysPerTenant = 100_000;

    /// <summary>How long the longest overlap of a key and the one that replaces it is.</summary>
    public static readonly TimeSpan MaxRotationOverlap = TimeSpan.FromDays(7);

    /// <summary>The overlap when a key replaces itself and does not say.</summary>
    public static readonly TimeSpan OwnRotationOverlap = TimeSpan.FromHours(1);

    /// <summary>Age from which a key needs attention.</summary>
    public static readonly TimeSpan OldKey = TimeSpan.FromDays(90);

    /// <summary>How long before its expiry a key needs attention.</summary>
    public static readonly TimeSpan KeyExpiresSoon = TimeSpan.FromDays(14);

    /// <summary>Longest life of a key that <c>expires_in_days</c> and the tenant's setting can ask for, in days.</summary>
    public const int MaxKeyLifetimeDays = 3650;

    /// <summary>Keys in one import.</summary>
    public const int MaxImportedKeys = 1000;

    /// <summary>Tokens in one report of leaks.</summary>
    public const int MaxLeakedTokens = 1000;

    /// <summary>How long an answer that takes something away waits for what was let in before to be stored.</summary>
    public static readonly TimeSpan StoringWaited = TimeSpan.FromSeconds(5);

    /// <summary>How often the use of keys is written down.</summary>
    public static readonly TimeSpan UseWritten = TimeSpan.FromSeconds(5);

    /// <summary>Days for which the use of keys is kept, by day and route.</summary>
    public const int UseKeptDays = 100;

    /// <summary>Addresses for which tries with a dead key are counted one by one; further ones are counted together.</summary>
    public const int MaxAttemptAddresses = 1000;

    /// <summary>Environments of one tenant.</summary>
    public const int MaxEnvironmentsPerTenant = 100;

    /// <summary>Custom roles of one tenant.</summary>
    public const int MaxRolesPerTenant = 1000;

    /// <summary>Steps of the search for the smallest set of roles that covers what was used.</summary>
    public const int MaxRoleSearchSteps = 200_000;

    /// <summary>Live sessions of one person; a further login ends the oldest.</summary>
    public const int MaxSessionsPerPerson = 100;

    /// <summary>Characters of a password at the least.</summary>
    public const int MinPasswordLength = 12;

    /// <summary>Bytes of a password in UTF-8 at the most.</summary>
    public const int MaxPasswordBytes = 1024;

    /// <summary>Password hashes computed at once.</summary>
    public const int MaxPasswordHashes = 2;

    /// <summary>Logins that wait for a hash; one more is refused with 429.</summary>
    public const int MaxWaitingPasswordHashes = 16;

    /// <summary>Failed logins of one account from one place before each further one must wait.</summary>
    public const int FreeLoginFailures = 5;

    /// <summary>Failed logins of one account from anywhere before each further one from an unknown place must wait.</summary>
    public const int FreeLoginFailuresOfName = 20;

    /// <summary>Failed logins from one address before each further one from there must wait.</summary>
    public const int FreeLoginFailuresOfAddress = 40;

    /// <summary>Failed logins at once from unknown places, all names together, before such logins must wait.</summary>
    public const int LoginFailureBurst = 200;

    /// <summary>After what time one of them is forgotten.</summary>
    public static readonly TimeSpan LoginFailureInterval = TimeSpan.FromSeconds(1);

    /// <summary>Wrong codes of a second factor in a row before codes are taken from known devices alone.</summary>
    public const int MaxSecondFactorFailures = 100;

    /// <summary>Recovery codes of a second factor.</summary>
    public const int RecoveryCodes = 10;

    /// <summary>Browsers of one person in which strangers' failed logins don't count; a further one takes the place of the oldest.</summary>
    public const int MaxKnownDevices = 20;

    /// <summary>A browser without a login is known for this time.</summary>
    public static readonly TimeSpan KnownDevice = TimeSpan.FromDays(180);

    /// <summary>How long an invitation link works.</summary>
    public static readonly TimeSpan InvitationLink = TimeSpan.FromDays(7);

    /// <summary>How long a link that resets a password works.</summary>
    public static readonly TimeSpan ResetLink = TimeSpan.FromMinutes(10);

    /// <summary>The longest wait after failed logins.</summary>
    public static readonly TimeSpan MaxLoginDelay = TimeSpan.FromMinutes(15);

    /// <summary>A session without use ends after this time.</summary>
    public static readonly TimeSpan SessionIdle = TimeSpan.FromMinutes(30);

    /// <summary>A session ends after this time, however much it is used.</summary>
    public static readonly TimeSpan SessionLifetime = TimeSpan.FromHours(12);

    /// <summary>How long the first answer to a request with an <c>Idempotency-Key</c> is kept.</summary>
    public static readonly TimeSpan IdempotencyKept = TimeSpan.FromHours(24);

    /// <summary>How often the heads of the audit logs are kept as checkpoints.</summary>
    public static readonly TimeSpan AuditCheckpointEvery = TimeSpan.FromHours(1);

    /// <summary>Members of <c>metadata</c>.</summary>
    public const int MaxMetadataMembers = 50;

    /// <summary>Characters of a name in <c>metadata</c>.</summary>
    public const int MaxMetadataNameLength = 100;

    /// <summary>Characters of a value in <c>metadata</c>.</summary>
    public const int MaxMetadataValueLength = 1000;
}
