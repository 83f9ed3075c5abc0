package io.trefoil.base;

/**
 * Where an entry stands in the history of a partition: the epoch of the leader that wrote it, and
 * its index. Ordered by epoch first, then index, so the larger of two positions is the history that
 * a later leader wrote.
 *
 * @param epoch number of a leadership; 0 before the first
 * @param index counts entries from 1; 0 is "before the first entry"
 */
public record Position(long epoch, long index) implements Comparable<Position> {
  /** Before the first entry. */
  public static final Position ZERO = new Position(0, 0);

  public Position {
    Invariants.check(epoch >= 0 && index >= 0, "a position is never negative", epoch, index);
  }

  @Override
  public int compareTo(Position other) {
    int byEpoch = Long.compare(epoch, other.epoch);
    return byEpoch != 0 ? byEpoch : Long.compare(index, other.index);
  }

  /** As printed and parsed everywhere: {@code epoch:index}. */
  @Override
  public String toString() {
    return epoch + ":" + index;
  }

  /**
   * Reads {@code epoch:index}.
   *
   * @throws IllegalArgumentException when the text is not two whole numbers joined by a colon
   */
  public static Position parse(String text) {
    int colon = text.indexOf(':');
    try {
      return new Position(
          Long.parseLong(text.substring(0, Math.max(colon, 0))),
          Long.parseLong(text.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "a position is epoch:index, such as 4:1021, not '" + text + "'", e);
    }
  }
}
