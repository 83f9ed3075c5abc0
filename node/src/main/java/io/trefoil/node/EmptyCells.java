package io.trefoil.node;

import io.trefoil.base.Invariants;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.Fields;
import io.trefoil.cell.merge.KeyChange;
import java.util.List;

/**
 * The cells of a database that does not exist yet: reads find nothing, and its first write makes
 * it.
 */
final class EmptyCells implements Cells {
  private final long nowMillis;

  EmptyCells(long nowMillis) {
    this.nowMillis = nowMillis;
  }

  @Override
  public boolean find(byte[] key, int offset, int length) {
    return false;
  }

  /** All of a change is new, but nothing tells what would become of it. */
  @Override
  public KeyChange.Preview preview(byte[] key, int offset, int length, KeyChange change) {
    List<KeyChange.FieldPreview> fields =
        change.fields().keySet().stream()
            .map(field -> new KeyChange.FieldPreview(true, null, null))
            .toList();
    return new KeyChange.Preview(true, null, fields);
  }

  @Override
  public long keyCount() {
    return 0;
  }

  @Override
  public long scan(long cursor, int count, KeyVisitor visitor) {
    return 0;
  }

  @Override
  public byte[] randomKey() {
    return null;
  }

  @Override
  public long random() {
    return 0;
  }

  @Override
  public long nowMillis() {
    return nowMillis;
  }

  @Override
  public CellType type() {
    throw nothingHere();
  }

  @Override
  public long expireAtMillis() {
    throw nothingHere();
  }

  @Override
  public long stamp() {
    throw nothingHere();
  }

  @Override
  public int valueLength() {
    throw nothingHere();
  }

  @Override
  public void copyValue(int from, byte[] to, int toOffset, int length) {
    throw nothingHere();
  }

  @Override
  public void putString(
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength,
      long expireAtMillis) {
    throw nothingHere();
  }

  @Override
  public Fields fields(CellType type, byte[] key, int offset, int length) {
    return NO_FIELDS;
  }

  @Override
  public void remove(byte[] key, int offset, int length) {
    throw nothingHere();
  }

  @Override
  public void setExpiry(byte[] key, int offset, int length, long expireAtMillis) {
    throw nothingHere();
  }

  @Override
  public void clear() {
    throw nothingHere();
  }

  private static final Fields NO_FIELDS =
      new Fields() {
        @Override
        public long count() {
          return 0;
        }

        @Override
        public boolean find(byte[] field, int offset, int length) {
          return false;
        }

        @Override
        public void forEach(Visitor visitor) {}

        @Override
        public long scan(long cursor, int count, Visitor visitor) {
          return 0;
        }

        @Override
        public void pick(Visitor visitor) {}

        @Override
        public long rank(byte[] place, int offset, int length) {
          return 0;
        }

        @Override
        public void visit(long rank, long count, boolean backwards, Visitor visitor) {}

        @Override
        public byte[] placeBetween(byte[] lower, byte[] upper) {
          throw nothingHere();
        }

        @Override
        public long stamp() {
          throw nothingHere();
        }

        @Override
        public long newestStamp() {
          throw nothingHere();
        }

        @Override
        public int valueLength() {
          throw nothingHere();
        }

        @Override
        public void copyValue(int from, byte[] to, int toOffset, int length) {
          throw nothingHere();
        }

        @Override
        public boolean put(byte[] field, int fo, int fl, byte[] value, int vo, int vl) {
          throw nothingHere();
        }

        @Override
        public boolean remove(byte[] field, int offset, int length) {
          return false;
        }

        @Override
        public void save() {
          throw nothingHere();
        }
      };

  private static RuntimeException nothingHere() {
    Invariants.check(false, "a database that does not exist holds nothing");
    return new IllegalStateException();
  }
}
