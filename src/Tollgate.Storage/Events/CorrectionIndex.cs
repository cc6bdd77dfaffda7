using Tollgate.Storage.Log;

namespace Tollgate.Storage.Events;

/// <summary>Says of each event that comes in whether a correction has it already.</summary>
internal sealed class CorrectionIndex
{
    private readonly ILookup<(EventScope Scope, string ApiKeyId), EventQuarantine> _quarantines;
    private readonly Dictionary<(EventScope Scope, string Customer), long> _erased;
    private readonly ILookup<EventScope, EventRemoval> _expired;

    public CorrectionIndex(EventCorrections corrections)
    {
        _quarantines = corrections.Quarantines.ToLookup(quarantine => (quarantine.Scope, quarantine.ApiKeyId));
        _erased = corrections.Removals.Where(removal => removal.ExternalCustomerId is not null)
            .GroupBy(removal => (removal.Scope, removal.ExternalCustomerId!))
            .ToDictionary(removals => removals.Key, removals => removals.Max(removal => removal.UpToSequence));
        _expired = corrections.Removals.Where(removal => removal.Before is not null).ToLookup(removal => removal.Scope);
    }

    /// <summary>The first quarantine in force that takes the event.</summary>
    public string? QuarantineOf(EventScope scope, EventBatch batch, long sequence)
    {
        if (batch.Provenance.ApiKeyId is not { } key)
        {
            return null;
        }

        var received = DuckDbSql.Microseconds(batch.IngestedAt);
        return _quarantines[(scope, key)].FirstOrDefault(quarantine =>
            sequence <= quarantine.UpToSequence
            && received >= DuckDbSql.Microseconds(quarantine.Start)
            && received < DuckDbSql.Microseconds(quarantine.End))?.Id;
    }

    public bool Removes(EventScope scope, LoggedEvent item, long sequence) =>
        (_erased.TryGetValue((scope, item.ExternalCustomerId), out var last) && sequence <= last)
        || _expired[scope].Any(removal =>
            sequence <= removal.UpToSequence
            && DuckDbSql.Microseconds(item.Timestamp) < DuckDbSql.Microseconds(removal.Before!.Value));
}
