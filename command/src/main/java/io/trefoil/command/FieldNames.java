package io.trefoil.command;

import io.trefoil.cell.Fields;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Names of fields that are to be removed: fields must not change under a visit. Bounded. */
final class FieldNames implements Fields.Visitor {
  /** What an entry takes for a removed field beside its name, at most. */
  private static final int LENGTH_BYTES = 10;

  private byte[] names = new byte[0];
  private int[] ends = new int[0];
  private int count;

  @Override
  public void visit(
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    add(field, fieldOffset, fieldLength);
  }

  /**
   * Adds a name.
   *
   * @throws Refused when all are too much for one write
   */
  void add(byte[] field, int offset, int length) {
    int end = size();
    if ((long) end + length + (count + 1L) * LENGTH_BYTES > Refused.MAX_FIELDS_BYTES) {
      throw Refused.TOO_LARGE;
    }
    if (count == ends.length) {
      ends = Arrays.copyOf(ends, Math.max(16, count * 2));
    }
    if (end + length > names.length) {
      names = Arrays.copyOf(names, Math.max(end + length, names.length * 2));
    }
    System.arraycopy(field, offset, names, end, length);
    ends[count++] = end + length;
  }

  private int size() {
    return count == 0 ? 0 : ends[count - 1];
  }

  int count() {
    return count;
  }

  private byte[] name(int number) {
    return Arrays.copyOfRange(names, number == 0 ? 0 : ends[number - 1], ends[number]);
  }

  void removeFrom(Fields fields) {
    fields.expect(() -> IntStream.range(0, count).mapToObj(this::name));
    int start = 0;
    for (int i = 0; i < count; i++) {
      fields.remove(names, start, ends[i] - start);
      start = ends[i];
    }
  }
}
