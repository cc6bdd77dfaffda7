namespace Tollgate.Storage.Events;

/// <summary>The store found itself damaged and begins anew; nothing is lost, because the log has it all. The writer replays from <see cref="IEventStore.AppliedSequence"/>.</summary>
public sealed class EventStoreResetException(string reason, Exception cause) : Exception(reason, cause);

/// <summary>The question takes more memory or temporary space than the store may use. A narrower one may have an answer.</summary>
public sealed class EventQueryTooLargeException(Exception cause) : Exception("The query takes more memory than it may.", cause);
