package io.trefoil.node;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import java.util.Arrays;

/**
 * A value that a merge hid, as a copy knows it: origins have numbers here, and the entry need not
 * be committed yet. Keys and values are cut to {@link #MAX_BYTES}.
 *
 * @param index of the entry that merged
 * @param number of the conflict within its entry, from 0: the same on every copy
 * @param field null for the key itself
 */
record FoundConflict(
    long index, int number, Cause cause, Text key, Text field, Side winner, Side loser) {
  static final int MAX_BYTES = 1 << 10;

  /** Between what two writes were in conflict, and so which rule decided. */
  enum Cause {
    /** Values of one string. */
    STRING("latest write"),
    /** Values of one field of a hash. */
    FIELD("latest write"),
    /** What the key is: a string, or fields of one type. */
    TYPE("type of the latest write");

    private final String rule;

    Cause(String rule) {
      this.rule = rule;
    }

    String rule() {
      return rule;
    }
  }

  /**
   * The beginning of a key, a field or a value.
   *
   * @param length of the whole, in bytes
   */
  record Text(Bytes begin, int length) {
    static final Text EMPTY = new Text(Bytes.EMPTY, 0);

    static Text of(byte[] array) {
      return of(array, 0, array.length);
    }

    static Text of(byte[] array, int offset, int length) {
      int kept = Math.min(length, MAX_BYTES);
      return new Text(Bytes.wrap(Arrays.copyOfRange(array, offset, offset + kept)), length);
    }
  }

  /**
   * One of the two writes.
   *
   * @param type of the key by this write
   * @param value of the string or the field; of hidden fields, each in a line
   * @param stamp of the write
   */
  record Side(CellType type, Text value, int origin, long stamp) {}

  /**
   * One whose entry is committed.
   *
   * @param millis log time of the entry
   */
  record Committed(FoundConflict conflict, Position position, long millis) {}
}
