package io.trefoil.command;

import io.trefoil.cell.Fields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** All fields of a key with their values, on their way to another key; bounded. */
final class FieldList implements Fields.Visitor {
  /** What an entry takes for a field and its value beside them, at most. */
  private static final int LENGTH_BYTES = 10;

  /** Each field is followed by its value. */
  private final List<byte[]> pairs = new ArrayList<>();

  private long bytes;

  @Override
  public void visit(
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    bytes += fieldLength + valueLength + LENGTH_BYTES;
    if (bytes > Refused.MAX_FIELDS_BYTES) {
      throw Refused.TOO_LARGE;
    }
    pairs.add(Arrays.copyOfRange(field, fieldOffset, fieldOffset + fieldLength));
    pairs.add(Arrays.copyOfRange(value, valueOffset, valueOffset + valueLength));
  }

  int count() {
    return pairs.size() / 2;
  }

  /** Visits one of them, counted from 0. */
  void visit(int number, Fields.Visitor visitor) {
    byte[] field = pairs.get(2 * number);
    byte[] value = pairs.get(2 * number + 1);
    visitor.visit(field, 0, field.length, value, 0, value.length);
  }

  void putInto(Fields fields) {
    for (int i = 0; i < pairs.size(); i += 2) {
      byte[] field = pairs.get(i);
      byte[] value = pairs.get(i + 1);
      fields.put(field, 0, field.length, value, 0, value.length);
    }
    fields.save();
  }
}
