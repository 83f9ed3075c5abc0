package io.trefoil.cell;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import java.util.ArrayList;
import java.util.List;

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

    /** Merge what is in {@code change} into a key. */
    void merge(byte[] key, int offset, int length, byte[] change, int at, int changeLength);

    /** Merge into a field of the key that was merged last. */
    void part(
        CellType type,
        byte[] field,
        int fieldOffset,
        int fieldLength,
        byte[] change,
        int at,
        int changeLength);

    /**
     * To the end of the entry, keys are merged of which all is told, to a copy that forgot: they
     * are taken even if nothing is held of them and they are not beyond the horizon; and what is
     * here of such a key up to {@code purged}, and is not told, is dropped.
     *
     * @param purged a stamp; 0 drops nothing
     */
    void fill(long purged);

    /** So many entries follow that another origin wrote, up to an index of its log; or 0 and 0. */
    void from(int origin, long index, int count);

    /** The next of those entries follows. */
    void entry(long stamp);

    /** A region says what it has. */
    void told(int region, byte[] what, int offset, int length);

    /** A key that one leader wrote is one that several origins write, from this entry on. */
    void adopt(byte[] key, int offset, int length);

    /** All keys are such, from this entry on. */
    void adopted();

    /** Everything is here that a region's log has up to a position, with this entry. */
    void reached(int region, long epoch, long index);
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
        case EntryWriter.MERGE -> merge(source, changes);
        case EntryWriter.PART -> part(source, changes);
        case EntryWriter.FILL -> changes.fill(source.getLong());
        case EntryWriter.FROM -> from(source, changes);
        case EntryWriter.TOLD -> told(source, changes);
        case EntryWriter.ADOPT -> {
          int length = source.getBlockLength();
          changes.adopt(source.array(), source.skip(length), length);
        }
        case EntryWriter.ADOPTED -> changes.adopted();
        case EntryWriter.REACHED ->
            changes.reached(
                source.getCount(Integer.MAX_VALUE), source.getVarint(), source.getVarint());
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

  private static void merge(ByteSource source, Changes changes) {
    int keyLength = source.getBlockLength();
    int key = source.skip(keyLength);
    int length = source.getBlockLength();
    int change = source.skip(length);
    changes.merge(source.array(), key, keyLength, source.array(), change, length);
  }

  private static void part(ByteSource source, Changes changes) {
    CellType type = CellType.of(source.getByte());
    if (!type.hasFields()) {
      throw new MalformedBytesException("a field of a " + type.redisName());
    }
    int fieldLength = source.getBlockLength();
    int field = source.skip(fieldLength);
    int length = source.getBlockLength();
    int change = source.skip(length);
    changes.part(type, source.array(), field, fieldLength, source.array(), change, length);
  }

  private static void told(ByteSource source, Changes changes) {
    int region = source.getCount(Integer.MAX_VALUE);
    int length = source.getBlockLength();
    changes.told(region, source.array(), source.skip(length), length);
  }

  private static void from(ByteSource source, Changes changes) {
    int origin = source.getCount(Integer.MAX_VALUE);
    long index = source.getVarint();
    int count = source.getCount(source.remaining());
    changes.from(origin, index, count);
    ByteSource entry = new ByteSource(new byte[0]);
    for (int i = 0; i < count; i++) {
      int length = source.getBlockLength();
      entry.reset(source.array(), source.skip(length), length);
      changes.entry(stamp(entry));
      if (tellsOfOthers(entry)) {
        throw new MalformedBytesException("an entry of another origin within one");
      }
      changes(entry, changes);
    }
  }

  private static boolean tellsOfOthers(ByteSource changes) {
    if (changes.remaining() == 0) {
      return false;
    }
    int tag = changes.array()[changes.position()];
    return tag == EntryWriter.FROM || tag == EntryWriter.REACHED;
  }

  /** Entries that another origin wrote, within an entry: their log's last index, and how many. */
  public record Wrapped(int origin, long index, int count, Bytes body) {}

  /** What others wrote, of an entry's changes that take it in. */
  public static List<Wrapped> wrapped(ByteSource source) {
    List<Wrapped> all = new ArrayList<>();
    while (source.remaining() > 0) {
      int tag = source.getByte();
      if (tag == EntryWriter.REACHED) {
        source.getVarint();
        source.getVarint();
        source.getVarint();
      } else if (tag == EntryWriter.FROM) {
        int origin = source.getCount(Integer.MAX_VALUE);
        long index = source.getVarint();
        int count = source.getCount(source.remaining());
        int start = source.position();
        for (int i = 0; i < count; i++) {
          source.skip(source.getBlockLength());
        }
        Bytes body = Bytes.copyOf(source.array(), start, source.position() - start);
        all.add(new Wrapped(origin, index, count, body));
      } else {
        throw new MalformedBytesException("change " + tag + " among what others wrote");
      }
    }
    return all;
  }

  /** Whether an entry is a mark: a point at which replicas are compared. */
  public static boolean isMark(ByteSource entry) {
    int at = entry.position() + Long.BYTES;
    return entry.remaining() > Long.BYTES && entry.array()[at] == EntryWriter.MARK;
  }

  /** Whether an entry is one that another origin wrote, or that is not to be sent on. */
  public static boolean isForeign(ByteSource entry) {
    stamp(entry);
    return tellsOfOthers(entry);
  }
}
