package io.trefoil.cell;

import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;

/** Reads what {@link EntryWriter} wrote. */
public final class EntryReader {
  private EntryReader() {}

  /** Receives an entry's changes in order. Arrays are only valid during the call. */
  public interface Changes {
    void put(
        CellType type,
        long expireAtMillis,
        byte[] key,
        int keyOffset,
        int keyLength,
        byte[] value,
        int valueOffset,
        int valueLength);

    void remove(byte[] key, int offset, int length);

    void expire(long expireAtMillis, byte[] key, int offset, int length);

    void clear();

    /** A point to compare replicas at; changes nothing. */
    void mark(long id, long timeMillis);
  }

  /** The stamp of the entry that {@code source} is at the beginning of. */
  public static long stamp(ByteSource source) {
    return source.getLong();
  }

  /**
   * Reads the changes that follow the stamp, to the end of {@code source}.
   *
   * @throws MalformedBytesException when they are not what an {@link EntryWriter} writes
   */
  public static void changes(ByteSource source, Changes changes) {
    while (source.remaining() > 0) {
      int tag = source.getByte();
      switch (tag) {
        case EntryWriter.PUT -> put(source, changes);
        case EntryWriter.REMOVE -> {
          int length = source.getBlockLength();
          changes.remove(source.array(), source.skip(length), length);
        }
        case EntryWriter.EXPIRE -> {
          long expireAt = source.getVarint();
          int length = source.getBlockLength();
          changes.expire(expireAt, source.array(), source.skip(length), length);
        }
        case EntryWriter.CLEAR -> changes.clear();
        case EntryWriter.MARK -> changes.mark(source.getVarint(), source.getVarint());
        default ->
            throw new MalformedBytesException("change " + tag + " is not known to this version");
      }
    }
  }

  private static void put(ByteSource source, Changes changes) {
    CellType type = CellType.of(source.getByte());
    long expireAt = source.getVarint();
    int keyLength = source.getBlockLength();
    int key = source.skip(keyLength);
    int valueLength = source.getBlockLength();
    int value = source.skip(valueLength);
    changes.put(type, expireAt, source.array(), key, keyLength, source.array(), value, valueLength);
  }
}
