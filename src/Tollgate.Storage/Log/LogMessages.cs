using Microsoft.Extensions.Logging;

namespace Tollgate.Storage.Log;

/// <summary>What the log and the id index tell the operator: event ids 7000 to 7099.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(EventId = 7000, Level = LogLevel.Information,
        Message = "The event log is open: events 1 to {LastSequence} in {Segments} segments")]
    public static partial void Opened(ILogger logger, long lastSequence, int segments);

    [LoggerMessage(EventId = 7001, Level = LogLevel.Warning,
        Message = "{File} ended in {Bytes} bytes that were never acknowledged ({Finding}); they were cut off behind event {LastSequence}")]
    public static partial void TailCut(ILogger logger, string file, long bytes, string finding, long lastSequence);

    [LoggerMessage(EventId = 7002, Level = LogLevel.Warning,
        Message = "The high-water mark of the event log was missing or unreadable; it was rebuilt from the segments at event {LastSequence}")]
    public static partial void MarkRebuilt(ILogger logger, long lastSequence);

    [LoggerMessage(EventId = 7003, Level = LogLevel.Warning,
        Message = "One copy of the event log's high-water mark was unreadable; the other one, at event {LastSequence}, is used")]
    public static partial void MarkCopyLost(ILogger logger, long lastSequence);

    [LoggerMessage(EventId = 7004, Level = LogLevel.Error,
        Message = "Events could not be made durable; their senders were told, {File} is closed at event {LastSequence}")]
    public static partial void CommitFailed(ILogger logger, Exception exception, string file, long lastSequence);

    [LoggerMessage(EventId = 7005, Level = LogLevel.Error, Message = "{File} could not be marked as ending at event {LastSequence}")]
    public static partial void SealFailed(ILogger logger, Exception exception, string file, long lastSequence);

    [LoggerMessage(EventId = 7006, Level = LogLevel.Warning, Message = "The high-water mark of the event log could not be flushed")]
    public static partial void MarkFlushFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 7007, Level = LogLevel.Information, Message = "{File} was compressed from {Bytes} to {CompressedBytes} bytes")]
    public static partial void Compressed(ILogger logger, string file, long bytes, long compressedBytes);

    [LoggerMessage(EventId = 7008, Level = LogLevel.Error, Message = "{File} could not be compressed; it stays as it is")]
    public static partial void CompressionFailed(ILogger logger, Exception exception, string file);

    [LoggerMessage(EventId = 7009, Level = LogLevel.Warning, Message = "{File} does not belong to the event log and is left alone")]
    public static partial void ForeignFile(ILogger logger, string file);

    [LoggerMessage(EventId = 7010, Level = LogLevel.Information, Message = "Events can be made durable again, beginning with {FirstSequence}")]
    public static partial void Recovered(ILogger logger, long firstSequence);

    [LoggerMessage(EventId = 7011, Level = LogLevel.Information, Message = "{Events} events of {File} were removed")]
    public static partial void Removed(ILogger logger, string file, long events);

    [LoggerMessage(EventId = 7050, Level = LogLevel.Information,
        Message = "The id index is open: events 1 to {LastSequence} in {Runs} runs, {ReadAgain} of them read again from the log")]
    public static partial void IndexOpened(ILogger logger, long lastSequence, int runs, long readAgain);

    [LoggerMessage(EventId = 7051, Level = LogLevel.Warning, Message = "{File} is damaged ({Finding}); its part of the id index is rebuilt from the log")]
    public static partial void RunDamaged(ILogger logger, string file, string finding);

    [LoggerMessage(EventId = 7052, Level = LogLevel.Error, Message = "The id index could not write or merge its files; it goes on in memory and tries again")]
    public static partial void IndexUpkeepFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 7053, Level = LogLevel.Debug, Message = "The id index wrote {File}")]
    public static partial void RunWritten(ILogger logger, string file);
}
