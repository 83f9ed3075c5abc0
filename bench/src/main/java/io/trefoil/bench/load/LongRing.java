package io.trefoil.bench.load;

/** As {@link IntRing}, of longs; it says whether there was room. */
final class LongRing {
  private final long[] numbers;
  private int first;
  private int count;

  LongRing(int capacity) {
    numbers = new long[capacity];
  }

  int count() {
    return count;
  }

  /** False when it is full. */
  boolean offer(long number) {
    if (count == numbers.length) {
      return false;
    }
    numbers[(first + count++) % numbers.length] = number;
    return true;
  }

  /** The one that came first; there must be one. */
  long remove() {
    long number = numbers[first];
    first = (first + 1) % numbers.length;
    count--;
    return number;
  }
}
