package io.trefoil.storage;

import io.trefoil.cell.CellType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * What a key that has fields holds as its value: the number of its collection (8) and how many
 * fields there are (8). The fields are cells of that collection; those of a number that no key
 * holds are rubbish. A key that several origins write has more behind it: see {@link MergedStore}.
 */
final class Head {
  static final int BYTES = 16;

  static final int COUNT_AT = 8;

  /**
   * Behind the head of a key that several origins write: what it adds to the {@link MergedTree}.
   */
  static final int DIGEST_AT = BYTES;

  /** Behind the digest: flags, of which this class knows one. */
  static final int FLAGS_AT = DIGEST_AT + Long.BYTES;

  /** Some fields are, or were, of a type that has an order. */
  static final int ORDERED = 2;

  private static final long[] NONE = {};

  /** In the place of a collection's number: there are no fields. */
  static final long NO_COLLECTION = 0;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Head() {}

  /**
   * The numbers under which a key's fields are stored, and their order.
   *
   * @param flags of a key that several origins write
   */
  static long[] numbers(CellType type, long collection, int flags) {
    if (collection == NO_COLLECTION) {
      return NONE;
    }
    return switch (type) {
      case STRING -> NONE;
      case HASH, SET -> new long[] {collection};
      case LIST -> new long[] {FieldOrder.number(CellType.LIST, collection)};
      case ZSET -> new long[] {collection, FieldOrder.number(CellType.ZSET, collection)};
      case MERGED, GONE -> (flags & ORDERED) == 0 ? new long[] {collection} : all(collection);
    };
  }

  private static long[] all(long collection) {
    return new long[] {
      collection,
      FieldOrder.number(CellType.ZSET, collection),
      FieldOrder.number(CellType.LIST, collection)
    };
  }

  static void write(byte[] to, long collection, long count) {
    LONG.set(to, 0, collection);
    LONG.set(to, COUNT_AT, count);
  }

  static long collection(byte[] from, int offset) {
    return (long) LONG.get(from, offset);
  }

  static long count(byte[] from, int offset) {
    return (long) LONG.get(from, offset + COUNT_AT);
  }
}
