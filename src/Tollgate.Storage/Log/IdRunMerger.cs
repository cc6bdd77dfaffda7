namespace Tollgate.Storage.Log;

/// <summary>Chooses neighbouring runs that are worth making one, and makes them one.</summary>
internal static class IdRunMerger
{
    // Fewer means fewer filters to ask, more means fewer rewrites: each id is written about log4(ids / table) times.
    private const int FanIn = 4;

    // The filter of a run is one array; beyond this runs stay beside each other.
    private const long MaxIds = 500_000_000;

    /// <summary>
    /// The run's size class. A merge begins where <see cref="FanIn"/> runs of one class stand together; smaller ones between them,
    /// which restarts leave, go along.
    /// </summary>
    private static int ClassOf(IdRun run) => (int)Math.Log(Math.Max(run.Count, 1), FanIn);

    /// <summary>The runs to merge next; none when all is well.</summary>
    public static IReadOnlyList<IdRun> Choose(IReadOnlyList<IdRun> runs)
    {
        foreach (var size in runs.Select(ClassOf).Distinct().Order())
        {
            for (var start = 0; start < runs.Count; start++)
            {
                var window = runs.Skip(start).TakeWhile(run => ClassOf(run) <= size && !run.IsDamaged).ToList();
                if (window.Count(run => ClassOf(run) == size) >= FanIn && window.Sum(run => run.Count) <= MaxIds)
                {
                    return window;
                }

                start += window.Count;
            }
        }

        return [];
    }

    /// <summary>Writes the run that holds what these neighbours hold. Where an id is in several, its first event stays.</summary>
    public static IdRun Merge(LogDisk disk, string folder, IReadOnlyList<IdRun> runs, CancellationToken cancellationToken)
    {
        using var writer = new IdRunWriter(
            disk, folder, runs[0].FirstSequence, runs[^1].LastSequence, runs.Sum(run => run.Count));
        var cursors = runs.Select(run => new Cursor(run)).Where(cursor => cursor.MoveNext()).ToList();
        while (cursors.Count > 0)
        {
            var least = cursors[0];
            for (var i = 1; i < cursors.Count; i++)
            {
                // Of equal keys, the one from the earlier run comes first.
                least = cursors[i].Key < least.Key ? cursors[i] : least;
            }

            var key = least.Key;
            writer.Add(key, least.Event);
            for (var i = cursors.Count - 1; i >= 0; i--)
            {
                if (cursors[i].Key == key && !cursors[i].MoveNext())
                {
                    cursors.RemoveAt(i);
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
        }

        return writer.Finish();
    }

    private sealed class Cursor(IdRun run)
    {
        private readonly byte[] _page = new byte[IdRun.PageBytes];
        private int _nextPage;
        private int _entries;
        private int _entry = -1;

        public UInt128 Key { get; private set; }

        public IndexedEvent Event { get; private set; }

        public bool MoveNext()
        {
            _entry++;
            if (_entry >= _entries)
            {
                if (_nextPage == run.Pages)
                {
                    return false;
                }

                _entries = run.ReadPage(_nextPage++, _page);
                _entry = 0;
            }

            var entry = _page.AsSpan(_entry * IdRun.EntryBytes, IdRun.EntryBytes);
            Key = IdRun.ReadKey(entry);
            Event = IdRun.ReadEvent(entry);
            return true;
        }
    }
}
