package io.trefoil.journal;

import java.util.Arrays;

/** A list of pairs of longs, both ascending, that shrinks at either end. Not thread-safe. */
final class LongPairs {
  private long[] firsts = new long[4];
  private long[] seconds = new long[4];
  private int from;
  private int to;

  int size() {
    return to - from;
  }

  long first(int at) {
    return firsts[from + at];
  }

  long second(int at) {
    return seconds[from + at];
  }

  void add(long first, long second) {
    if (to == firsts.length) {
      makeRoom();
    }
    firsts[to] = first;
    seconds[to] = second;
    to++;
  }

  /** Moves what is left to the front when that frees half, else doubles. */
  private void makeRoom() {
    int capacity = from >= firsts.length / 2 ? firsts.length : firsts.length * 2;
    firsts = Arrays.copyOf(Arrays.copyOfRange(firsts, from, to), capacity);
    seconds = Arrays.copyOf(Arrays.copyOfRange(seconds, from, to), capacity);
    to -= from;
    from = 0;
  }

  void removeLast() {
    to--;
  }

  void removeFirst() {
    from++;
  }

  /** The last pair whose first is at most {@code first}, or -1. */
  int floor(long first) {
    int at = Arrays.binarySearch(firsts, from, to, first);
    return (at >= 0 ? at : -at - 2) - from;
  }

  /** The first pair whose second is above {@code second}, or {@link #size()}. */
  int above(long second) {
    int at = Arrays.binarySearch(seconds, from, to, second);
    return (at >= 0 ? at + 1 : -at - 1) - from;
  }
}
