package io.trefoil.command;

import io.trefoil.resp.Args;
import java.util.OptionalLong;

/**
 * The cursor that {@code SCAN} gives to clients: a partition's number in the bits from 32 up, and
 * below them how far the scan of that partition has come. Partitions are scanned one after the
 * other.
 */
public final class ScanCursor {
  private ScanCursor() {}

  /**
   * The partition in which a {@code SCAN} command goes on. 0 for a command without a right cursor,
   * and for one of a partition that isn't there: the handler answers those anywhere.
   */
  public static int partition(Args args, int partitionCount) {
    OptionalLong cursor = parse(args, 1);
    if (cursor.isEmpty()) {
      return 0;
    }
    long partition = cursor.getAsLong() >>> 32;
    return partition < partitionCount ? (int) partition : 0;
  }

  /** The cursor below the partition's number. */
  static long withinPartition(long cursor) {
    return cursor & 0xffff_ffffL;
  }

  /**
   * What the client gets after a step in a partition: it goes on there, or in the next partition,
   * or has come to the end.
   *
   * @param cellsCursor what {@code Cells.scan} returned
   */
  static long next(int partition, int partitionCount, long cellsCursor) {
    if (cellsCursor != 0) {
      return (long) partition << 32 | cellsCursor;
    }
    return partition + 1 < partitionCount ? (long) (partition + 1) << 32 : 0;
  }

  /**
   * An unsigned number of 64 bits; as in C's {@code strtoul} a sign is allowed, nothing is 0, and a
   * zero byte ends it.
   */
  static OptionalLong parse(Args args, int index) {
    byte[] array = args.array();
    int at = args.offset(index);
    int last = at + args.length(index);
    int end = at;
    while (end < last && array[end] != 0) {
      end++;
    }
    boolean negative = at < end && array[at] == '-';
    if (negative || at < end && array[at] == '+') {
      at++;
      if (at == end) {
        return OptionalLong.empty();
      }
    }
    long value = 0;
    for (; at < end; at++) {
      int digit = array[at] - '0';
      boolean full =
          Long.compareUnsigned(value, Long.divideUnsigned(-1, 10)) > 0
              || Long.compareUnsigned(value * 10, -1 - (long) digit) > 0;
      if (digit < 0 || digit > 9 || full) {
        return OptionalLong.empty();
      }
      value = value * 10 + digit;
    }
    return OptionalLong.of(negative ? -value : value);
  }
}
