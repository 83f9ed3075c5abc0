package io.trefoil.storage;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** A cell's value as RocksDB has it: type 1 · stamp 8 · expireAt 8 · value; type 0 for a field. */
final class StoredCell {
  static final int HEADER = 17;

  /** In the place of a type, for a field: its key has the type. */
  static final int FIELD = 0;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private StoredCell() {}

  static int type(byte[] stored) {
    return stored[0] & 0xff;
  }

  static long stamp(byte[] stored) {
    return (long) LONG.get(stored, 1);
  }

  static long expireAt(byte[] stored) {
    return (long) LONG.get(stored, 9);
  }

  static int valueLength(byte[] stored) {
    return stored.length - HEADER;
  }

  /** Whether the cell is of a key that has fields. */
  static boolean isHead(byte[] stored) {
    return stored.length >= HEADER && type(stored) > CellType.STRING.code();
  }

  /** As {@link Records#isPresent}. */
  static boolean isPresent(byte[] stored) {
    return type(stored) != CellType.GONE.code();
  }

  /** The number of the collection whose head the cell is. */
  static long collection(byte[] stored) {
    return Head.collection(stored, HEADER);
  }

  /** As {@link Head#numbers}, of a cell that is a head. */
  static long[] numbers(byte[] stored) {
    CellType type = CellType.ofStored(type(stored));
    int flags = type.isMerged() ? stored[HEADER + Head.FLAGS_AT] : 0;
    return Head.numbers(type, collection(stored), flags);
  }

  /** As {@link Records#mergedDigest}. */
  static long mergedDigest(byte[] stored) {
    boolean merged = stored != CellDisk.ABSENT && type(stored) >= CellType.MERGED.code();
    return merged ? (long) LONG.get(stored, HEADER + Head.DIGEST_AT) : 0;
  }

  static Bytes value(byte[] stored) {
    return Bytes.copyOf(stored, HEADER, valueLength(stored));
  }

  /** Whether a cell with this expiry is gone at {@code logTimeMillis}; 0 never expires. */
  static boolean expired(long expireAt, long logTimeMillis) {
    return expireAt != 0 && expireAt <= logTimeMillis;
  }
}
