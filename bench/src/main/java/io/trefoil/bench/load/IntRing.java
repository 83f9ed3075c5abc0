package io.trefoil.bench.load;

/** Numbers in the order in which they came, so many at most. */
final class IntRing {
  private final int[] numbers;
  private int first;
  private int count;

  IntRing(int capacity) {
    numbers = new int[capacity];
  }

  boolean isEmpty() {
    return count == 0;
  }

  void add(int number) {
    if (count == numbers.length) {
      throw new IllegalStateException("more than " + count);
    }
    numbers[(first + count++) % numbers.length] = number;
  }

  /** The one that came first. */
  int remove() {
    if (count == 0) {
      throw new IllegalStateException("nothing is there");
    }
    int number = numbers[first];
    first = (first + 1) % numbers.length;
    count--;
    return number;
  }
}
