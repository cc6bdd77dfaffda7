namespace Tollgate.Storage.Events;

/// <summary>The store found itself damaged and begins anew; nothing is lost, because the log has it all. The writer replays from <see cref="IEventStore.AppliedSequence"/>.</summary>
public sealed class EventStoreResetException(string reason, Exception cause) : Exception(reason, cause);
