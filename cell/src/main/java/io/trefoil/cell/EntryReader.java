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

    void field(
        Opened of,
        byte[] field,
        int fieldOffset,
        int fieldLength,
        byte[] value,
        int valueOffset,
        int valueLength);

    void drop(Opened of, byte[] field, int offset, int length);

    void head(Opened of, long expireAtMillis, long count);

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
    Opened opened = null;
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
        case EntryWriter.OPEN -> opened = Opened.read(source);
        case EntryWriter.FIELD -> field(source, Opened.checked(opened), changes);
        case EntryWriter.DROP -> {
          int length = source.getBlockLength();
          changes.drop(Opened.checked(opened), source.array(), source.skip(length), length);
        }
        case EntryWriter.HEAD -> head(source, Opened.checked(opened), changes);
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

  private static void field(ByteSource source, Opened of, Changes changes) {
    int fieldLength = source.getBlockLength();
    int field = source.skip(fieldLength);
    int valueLength = source.getBlockLength();
    int value = source.skip(valueLength);
    changes.field(of, source.array(), field, fieldLength, source.array(), value, valueLength);
  }

  private static void head(ByteSource source, Opened of, Changes changes) {
    long expireAt = source.getVarint();
    long count = source.getVarint();
    if (count <= 0) {
      throw new MalformedBytesException("a head of " + count + " fields");
    }
    changes.head(of, expireAt, count);
  }
}
