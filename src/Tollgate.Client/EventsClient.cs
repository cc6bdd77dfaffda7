using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>Events: sending, reading, correcting, and what they add up to.</summary>
public sealed class EventsClient
{
    private readonly Wire _wire;

    internal EventsClient(Wire wire) => _wire = wire;

    /// <summary>Sends one event. It is on disk when the answer comes.</summary>
    public Task<IngestEventResponse> IngestAsync(
        IngestEventRequest request, IngestEventQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<IngestEventResponse>(HttpMethod.Post, "/v1/events", request, query, cancellationToken);

    /// <summary>Sends up to 1,000 events, all or none.</summary>
    public Task<IngestEventsResponse> IngestManyAsync(
        IngestEventsRequest request, IngestEventsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<IngestEventsResponse>(HttpMethod.Post, "/v1/events/bulk", request, query, cancellationToken);

    /// <summary>One page of events.</summary>
    public Task<EventsResponse> QueryAsync(QueryEventsRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<EventsResponse>(HttpMethod.Post, "/v1/events/query", request, null, cancellationToken);

    /// <summary>One page of events, by a query in the URL.</summary>
    public Task<EventsResponse> ListAsync(ListEventsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<EventsResponse>(HttpMethod.Get, "/v1/events", null, query, cancellationToken);

    /// <summary>One event, who sent it, and which meters count it.</summary>
    public Task<SingleEventResponse> LookupAsync(LookupEventQuery query, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SingleEventResponse>(HttpMethod.Get, "/v1/events/lookup", null, query, cancellationToken);

    /// <summary>How many events there were by window.</summary>
    public Task<EventMonitoringResponse> MonitorAsync(MonitorEventsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<EventMonitoringResponse>(HttpMethod.Get, "/v1/events/monitoring", null, query, cancellationToken);

    /// <summary>How many of the events that were sent are stored, were stored already, or were refused.</summary>
    public Task<EventOutcomesResponse> GetOutcomesAsync(EventOutcomesQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<EventOutcomesResponse>(HttpMethod.Get, "/v1/events/outcomes", null, query, cancellationToken);

    /// <summary>What is not counted in a period, and why.</summary>
    public Task<EventDiagnosticsResponse> DiagnoseAsync(DiagnoseEventsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<EventDiagnosticsResponse>(HttpMethod.Get, "/v1/events/diagnostics", null, query, cancellationToken);

    /// <summary>Events as they come, as server-sent events.</summary>
    public Task<Stream> StreamAsync(StreamEventsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.OpenAsync(HttpMethod.Get, "/v1/events/stream", query, cancellationToken);

    /// <summary>Events as CSV or lines of JSON.</summary>
    public Task<Stream> ExportAsync(ExportEventsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.OpenAsync(HttpMethod.Get, "/v1/events/export", query, cancellationToken);

    /// <summary>What events add up to.</summary>
    public Task<UsageResponse> GetUsageAsync(UsageRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<UsageResponse>(HttpMethod.Post, "/v1/events/usage", request, null, cancellationToken);

    /// <summary>What a meter says.</summary>
    public Task<MeterUsageResponse> GetMeterUsageAsync(MeterUsageRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<MeterUsageResponse>(HttpMethod.Post, "/v1/events/usage/meter", request, null, cancellationToken);

    /// <summary>Takes what a key sent out of every query and sum, or says what that would do.</summary>
    public Task<QuarantineResponse> QuarantineAsync(QuarantineEventsRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<QuarantineResponse>(HttpMethod.Post, "/v1/events/quarantine", request, null, cancellationToken);

    /// <summary>One page of quarantines.</summary>
    public Task<ListResponse<QuarantineResponse>> ListQuarantinesAsync(
        ListCorrectionsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<QuarantineResponse>>(HttpMethod.Get, "/v1/events/quarantine", null, query, cancellationToken);

    /// <summary>One quarantine.</summary>
    public Task<QuarantineResponse> GetQuarantineAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<QuarantineResponse>(HttpMethod.Get, $"/v1/events/quarantine/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Puts the events back.</summary>
    public Task ReleaseQuarantineAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, $"/v1/events/quarantine/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Removes a customer's events for good, or says what that would do.</summary>
    public Task<RemovalResponse> EraseAsync(EraseEventsRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<RemovalResponse>(HttpMethod.Post, "/v1/events/erase", request, null, cancellationToken);

    /// <summary>One page of erasures and of what retention removed.</summary>
    public Task<ListResponse<RemovalResponse>> ListRemovalsAsync(ListCorrectionsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<RemovalResponse>>(HttpMethod.Get, "/v1/events/removals", null, query, cancellationToken);

    /// <summary>One removal.</summary>
    public Task<RemovalResponse> GetRemovalAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<RemovalResponse>(HttpMethod.Get, $"/v1/events/removals/{Wire.Segment(id)}", null, null, cancellationToken);
}
