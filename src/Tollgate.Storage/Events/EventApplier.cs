using DuckDB.NET.Data;
using Tollgate.Storage.Log;

namespace Tollgate.Storage.Events;

/// <summary>Adds batches of the log to the store's tables: the rows and, in the same transaction, what the roll-ups say about them.</summary>
internal static class EventApplier
{
    /// <summary>Returns the number of the last event that is in the store then.</summary>
    public static long Apply(
        StoreChange change, IReadOnlyList<SequencedBatch> batches, long applied, StoreScopes scopes, CorrectionIndex corrections)
    {
        var before = applied;
        var cells = new Dictionary<int, RollupCells>();
        using (var appender = change.Connection.CreateAppender("events"))
        {
            var (names, values) = (new List<string>(), new List<string>());
            foreach (var batch in batches)
            {
                if (batch.FirstSequence > applied + 1)
                {
                    throw new InvalidOperationException($"Event {applied + 1} is missing: the batch begins with {batch.FirstSequence}.");
                }

                var scope = new EventScope(batch.Batch.Provenance.TenantId, batch.Batch.Provenance.EnvironmentId);
                var number = scopes.ForWriting(scope);
                if (!cells.TryGetValue(number, out var rolledUp))
                {
                    cells[number] = rolledUp = new RollupCells();
                }

                for (var index = (int)(applied + 1 - batch.FirstSequence); index < batch.Batch.Events.Count; index++)
                {
                    var item = batch.Batch.Events[index];
                    applied++;
                    if (item.RemovedKey is not null || corrections.Removes(scope, item, applied))
                    {
                        change.CountRemoved(1);
                        continue;
                    }

                    var quarantine = corrections.QuarantineOf(scope, batch.Batch, applied);
                    var timestamp = DuckDbSql.Microseconds(item.Timestamp);
                    PropertyValues.Read(item.Properties, names, values);
                    Append(appender, applied, number, batch.Batch, item, names, values, quarantine);
                    rolledUp.AddEvent(
                        new RollupKey(RollupCell.HourOf(timestamp), item.EventName, item.ExternalCustomerId, null, quarantine, null),
                        timestamp,
                        applied,
                        names,
                        values);
                }
            }

            appender.Close();
        }

        scopes.Write(change.Connection);
        foreach (var (scope, rolledUp) in cells)
        {
            Rollups.Write(change, scope, rolledUp, merged: false);
        }

        void Added(DuckDbSql sql) => sql.Add("sequence > ").Parameter(before);
        Rollups.WriteValues(change, merged: false, Added);
        change.Enter(Added);
        return applied;
    }

    private static void Append(
        DuckDBAppender appender,
        long sequence,
        int scope,
        EventBatch batch,
        LoggedEvent item,
        List<string> names,
        List<string> values,
        string? quarantine)
    {
        var row = appender.CreateRow()
            .AppendValue(sequence)
            .AppendValue(scope)
            .AppendValue(item.EventId)
            .AppendValue(item.EventName)
            .AppendValue(item.ExternalCustomerId)
            .AppendValue(item.CustomerId)
            .AppendValue(item.Source)
            .AppendValue(DuckDbSql.Microseconds(item.Timestamp))
            .AppendValue(DuckDbSql.Microseconds(batch.IngestedAt))
            .AppendValue(item.Properties)
            .AppendValue<string>(names)
            .AppendValue<string>(values);
        row.AppendValue(batch.Provenance.AccountId)
            .AppendValue(batch.Provenance.ByServiceAccount)
            .AppendValue(batch.Provenance.ApiKeyId)
            .AppendValue(batch.Provenance.RequestId)
            .AppendValue(batch.Provenance.Address)
            .AppendValue(quarantine)
            .EndRow();
    }
}
