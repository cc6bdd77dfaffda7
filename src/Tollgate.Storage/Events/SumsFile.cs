using System.IO.Compression;
using System.Numerics;
using System.Security.Cryptography;
using Tollgate.Storage.Log;

namespace Tollgate.Storage.Events;

/// <summary>
/// The sums of events whose content was removed, with the times of the first and the last event of each cell of events; files of version 1
/// lack these times and are read as if events lay anywhere in their hour. Eight bytes of version; SHA-256 of all behind it; a brotli stream. In the stream, as
/// <see cref="BinaryWriter"/> writes them: tenant, environment, then records that begin with a byte: 1 a cell, 2 a value, 0 the end. A text that may be
/// missing has a byte ahead of it that says whether it is there; a number is a count of bytes and a little-endian two's complement.
/// </summary>
internal static class SumsFile
{
    private const int DigestLength = SHA256.HashSizeInBytes;

    private const byte End = 0;

    private const byte Cell = 1;

    private const byte Value = 2;

    // More than the longest number of a cell takes by far: a damaged length must not become an allocation.
    private const int MaxNumberLength = 256;

    private static ReadOnlySpan<byte> Version => "TGSUMS2\n"u8;

    private static ReadOnlySpan<byte> VersionWithoutTimes => "TGSUMS1\n"u8;

    /// <summary>Writes the file under another name first, so that it is there whole or not at all, also after a power cut.</summary>
    public static void Write(string path, EventScope scope, IEnumerable<SumsRecord> records, CancellationToken cancellationToken)
    {
        var temporary = path + ".tmp";
        new LogDisk().CreateFolder(Path.GetDirectoryName(path)!); // Not null: a file is in a folder.
        using (var file = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(Version);
            file.Write(new byte[DigestLength]);
            using (var compressed = new BrotliStream(file, CompressionLevel.Fastest, leaveOpen: true))
            using (var writer = new BinaryWriter(compressed))
            {
                writer.Write(scope.TenantId);
                writer.Write(scope.EnvironmentId);
                foreach (var record in records)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Write(writer, record);
                }

                writer.Write(End);
            }

            file.Position = Version.Length + DigestLength;
            var digest = SHA256.HashData(file);
            file.Position = Version.Length;
            file.Write(digest);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        new LogDisk().FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <exception cref="SumsFileDamagedException">It is missing, or not what was written.</exception>
    public static void Verify(string path)
    {
        try
        {
            Check(path);
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            throw new SumsFileDamagedException(path, exception.Message, exception);
        }
    }

    /// <summary>Checks the whole file, and reads it.</summary>
    public static (EventScope Scope, IEnumerable<SumsRecord> Records) Read(string path)
    {
        try
        {
            var withTimes = Check(path);
            using var file = Body(path);
            using var reader = new BinaryReader(file);
            var scope = new EventScope(reader.ReadString(), reader.ReadString());
            return (scope, Records(path, withTimes));
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            throw new SumsFileDamagedException(path, exception.Message, exception);
        }
    }

    /// <summary>Takes a customer out of it, or puts the removal's id in its place where its sums are kept.</summary>
    public static void Rewrite(string path, EventRemoval erase, CancellationToken cancellationToken)
    {
        var (scope, records) = Read(path);
        if (scope == erase.Scope && records.Any(record => record.Key.Customer == erase.ExternalCustomerId))
        {
            Write(path, scope, records.Select(record => Rewritten(record, erase)).OfType<SumsRecord>(), cancellationToken);
        }
    }

    private static SumsRecord? Rewritten(SumsRecord record, EventRemoval erase) =>
        record.Key.Customer != erase.ExternalCustomerId ? record
            : erase.SumsFile is null || record.Value is not null ? null
            : record with { Key = record.Key with { Customer = erase.Id } };

    /// <summary>Whether it is of the version with times.</summary>
    private static bool Check(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> version = stackalloc byte[Version.Length];
        if (file.Length < Version.Length + DigestLength
            || file.ReadAtLeast(version, version.Length) < version.Length
            || !(version.SequenceEqual(Version) || version.SequenceEqual(VersionWithoutTimes)))
        {
            throw new InvalidDataException("it is no file of sums");
        }

        Span<byte> expected = stackalloc byte[DigestLength];
        file.ReadExactly(expected);
        if (!SHA256.HashData(file).AsSpan().SequenceEqual(expected))
        {
            throw new InvalidDataException("its checksum is another one");
        }

        return version.SequenceEqual(Version);
    }

    private static BrotliStream Body(string path)
    {
        var file = File.OpenRead(path);
        file.Position = Version.Length + DigestLength;
        return new BrotliStream(file, CompressionMode.Decompress);
    }

    private static IEnumerable<SumsRecord> Records(string path, bool withTimes)
    {
        using var body = Body(path);
        using var reader = new BinaryReader(body);
        reader.ReadString();
        reader.ReadString();
        while (reader.ReadByte() is var kind && kind != End)
        {
            var key = new RollupKey(
                reader.ReadInt64(), reader.ReadString(), reader.ReadString(), Text(reader), Text(reader), Removal: null);
            yield return kind == Value ? new SumsRecord(key, new RollupCell { Events = reader.ReadInt64() }, reader.ReadString()) : ReadCell(reader, key, withTimes);
        }
    }

    private static SumsRecord ReadCell(BinaryReader reader, RollupKey key, bool withTimes)
    {
        var cell = new RollupCell { Events = reader.ReadInt64() };
        if (key.Property is null)
        {
            cell.Widen(withTimes ? reader.ReadInt64() : key.Hour, withTimes ? reader.ReadInt64() : key.Hour + RollupCell.HourLength - 1);
        }

        if (key.Property is not null)
        {
            cell.Sum = Number(reader);
            cell.Weighted = Number(reader);
            cell.OfferMax(Number(reader));
            cell.OfferLatest(Number(reader), reader.ReadInt64(), reader.ReadInt64());
        }

        return new SumsRecord(key, cell, null);
    }

    private static void Write(BinaryWriter writer, SumsRecord record)
    {
        var (key, cell, value) = record;
        writer.Write(value is null ? Cell : Value);
        writer.Write(key.Hour);
        writer.Write(key.EventName);
        writer.Write(key.Customer!);
        Write(writer, key.Property);
        Write(writer, key.Quarantine);
        writer.Write(cell.Events);
        if (value is not null)
        {
            writer.Write(value);
        }
        else if (key.Property is null)
        {
            writer.Write(cell.FirstAt!.Value);
            writer.Write(cell.LastAt!.Value);
        }
        else
        {
            Write(writer, cell.Sum);
            Write(writer, cell.Weighted);
            Write(writer, cell.Max!.Value);
            Write(writer, cell.Latest!.Value);
            writer.Write(cell.LatestAt);
            writer.Write(cell.LatestSequence);
        }
    }

    private static void Write(BinaryWriter writer, string? text)
    {
        writer.Write(text is not null);
        if (text is not null)
        {
            writer.Write(text);
        }
    }

    private static void Write(BinaryWriter writer, BigInteger number)
    {
        var bytes = number.ToByteArray();
        writer.Write7BitEncodedInt(bytes.Length);
        writer.Write(bytes);
    }

    private static string? Text(BinaryReader reader) => reader.ReadBoolean() ? reader.ReadString() : null;

    private static BigInteger Number(BinaryReader reader)
    {
        var length = reader.Read7BitEncodedInt();
        return length is > 0 and <= MaxNumberLength
            ? new BigInteger(reader.ReadBytes(length))
            : throw new InvalidDataException("it has a number of an impossible length");
    }

    private static bool IsDamage(Exception exception) =>
        exception is InvalidDataException or EndOfStreamException or FileNotFoundException or DirectoryNotFoundException or InvalidOperationException;
}

/// <summary>A cell by customer, or how many events have a value.</summary>
internal sealed record SumsRecord(RollupKey Key, RollupCell Cell, string? Value);
