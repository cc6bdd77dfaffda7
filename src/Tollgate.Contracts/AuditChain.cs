namespace Tollgate.Contracts;

/// <summary>What the chain needs of a record.</summary>
/// <param name="TenantId">The tenant that it says it belongs to.</param>
/// <param name="Number">Its number.</param>
/// <param name="Id">Its id.</param>
/// <param name="PreviousHash">The hash before, as it says.</param>
/// <param name="Hash">Its hash, as it says.</param>
/// <param name="Computed">The hash that its content has.</param>
public readonly record struct AuditLink(
    string TenantId, long Number, string Id, ReadOnlyMemory<byte> PreviousHash, ReadOnlyMemory<byte> Hash, ReadOnlyMemory<byte> Computed);

/// <summary>What a record is known to have been.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Source">Who knows it, as the end of a sentence.</param>
public sealed record AuditMark(long Number, ReadOnlyMemory<byte> Hash, string Source)
{
    /// <summary>What a checkpoint knows.</summary>
    public static AuditMark Of(AuditCheckpointResponse checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);

        return new AuditMark(checkpoint.Number, Convert.FromHexString(checkpoint.Hash), $"the checkpoint of {Rfc3339.Format(checkpoint.At)}");
    }
}

/// <summary>
/// Walks along the records of one tenant in their order and finds the first that is not as it was written: changed, missing, inserted,
/// twice, moved, or not the one that a checkpoint knows. The memory it takes does not grow with the log.
/// </summary>
/// <param name="tenantId">Whose records they must be.</param>
/// <param name="known">What the log must go through.</param>
/// <param name="part">Whether the records may begin later than with number 1, as a part of an export does.</param>
public sealed class AuditChain(string tenantId, IEnumerable<AuditMark> known, bool part = false)
{
    private readonly Queue<AuditMark> _known = new(known.OrderBy(mark => mark.Number));

    private byte[] _hash = new byte[AuditHash.Length];
    private string _lastId = "";
    private (long First, long Last)? _gap;

    /// <summary>How many records were looked at.</summary>
    public long Records { get; private set; }

    /// <summary>The number of the first.</summary>
    public long? FirstNumber { get; private set; }

    /// <summary>The number of the last that was in its place.</summary>
    public long? LastNumber { get; private set; }

    /// <summary>The hash of that one; null before the first.</summary>
    public string? HeadHash => LastNumber is null ? null : Convert.ToHexStringLower(_hash);

    /// <summary>The first thing that is wrong.</summary>
    public AuditProblemResponse? Problem { get; private set; }

    /// <summary>Takes the next record.</summary>
    public void Add(in AuditLink link)
    {
        Records++;
        FirstNumber ??= link.Number;
        if (Problem is not null)
        {
            // A hole may be a record that stands elsewhere; the rest is only looked through for it.
            if (_gap is { } gap && link.Number >= gap.First && link.Number <= gap.Last)
            {
                Problem = Wrong(link.Number, link.Id, "reordered", $"Record {link.Number} does not stand in its place: it comes after record {gap.Last + 1}.");
                _gap = null;
            }

            return;
        }

        var expected = LastNumber + 1 ?? (part ? Math.Max(1, link.Number) : 1);
        Problem = link.TenantId != tenantId
            ? Wrong(link.Number, link.Id, "inserted", $"Record {link.Number} belongs to another tenant.")
            : link.Number < expected ? Again(link, expected)
            : link.Number > expected ? Missing(expected, link.Number - 1)
            : Follow(link);
        if (Problem is null)
        {
            (LastNumber, _lastId) = (link.Number, link.Id);
            link.Hash.Span.CopyTo(_hash);
            Problem = Compare(link);
        }
    }

    /// <summary>Takes note that the records have ended.</summary>
    /// <param name="newest">The number that no record may exceed; null when nobody knows.</param>
    public void End(long? newest = null)
    {
        if (Problem is not null)
        {
            return;
        }

        if (newest < LastNumber)
        {
            Problem = Wrong(newest.Value + 1, null, "inserted", $"Record {newest + 1} was not written by the server, which knows {newest} records.");
        }
        else if (_known.TryDequeue(out var mark))
        {
            var next = (LastNumber ?? 0) + 1;
            Problem = Wrong(next, null, "cut_off", $"The log ends before record {next}, but {mark.Source} knows record {mark.Number}.");
        }
    }

    private AuditProblemResponse Again(in AuditLink link, long expected) =>
        LastNumber is null || (link.Number == LastNumber && link.Id != _lastId)
            ? Wrong(link.Number, link.Id, "inserted", $"Record {link.Number} with the id {link.Id} stands where record {expected} must be.")
            : Wrong(link.Number, link.Id, "duplicate", $"Record {link.Number} is there again, after record {LastNumber}.");

    private AuditProblemResponse Missing(long first, long last)
    {
        _gap = (first, last);
        return Wrong(
            first, null, "missing", first == last ? $"Record {first} is missing." : $"The records {first} to {last} are missing.");
    }

    private AuditProblemResponse? Follow(in AuditLink link)
    {
        if (!link.Computed.Span.SequenceEqual(link.Hash.Span))
        {
            return Wrong(link.Number, link.Id, "changed", $"Record {link.Number} was changed: its content does not have its hash.");
        }

        if (LastNumber is null && part && link.Number > 1)
        {
            // What comes before a part is elsewhere; a checkpoint of it may be known all the same.
            while (_known.TryPeek(out var before) && before.Number < link.Number)
            {
                _known.Dequeue();
                if (before.Number == link.Number - 1 && !before.Hash.Span.SequenceEqual(link.PreviousHash.Span))
                {
                    return Rewritten(link.Number, link.Id, before);
                }
            }

            return null;
        }

        return link.PreviousHash.Span.SequenceEqual(_hash)
            ? null
            : Wrong(link.Number, link.Id, "unlinked", link.Number == 1
                ? "Record 1 does not begin the log: it names a record before it."
                : $"Record {link.Number} does not follow the record {link.Number - 1} that is there: one of the two was replaced.");
    }

    private AuditProblemResponse? Compare(in AuditLink link)
    {
        while (_known.TryPeek(out var mark) && mark.Number <= link.Number)
        {
            _known.Dequeue();
            if (!mark.Hash.Span.SequenceEqual(link.Hash.Span))
            {
                return Rewritten(link.Number, link.Id, mark);
            }
        }

        return null;
    }

    private static AuditProblemResponse Rewritten(long number, string id, AuditMark mark) =>
        Wrong(number, id, "rewritten", $"Record {mark.Number} is another than {mark.Source} knows: it, or what came before it, was rewritten.");

    private static AuditProblemResponse Wrong(long number, string? id, string kind, string message) => new()
    {
        Number = number,
        Id = id,
        Kind = kind,
        Message = message,
    };
}
