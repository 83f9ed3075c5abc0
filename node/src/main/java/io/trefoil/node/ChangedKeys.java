package io.trefoil.node;

import io.trefoil.base.Hash64;
import java.util.Arrays;

/**
 * Which entry of a leadership changed a key last, for connections that watch keys. A table of fixed
 * size by the keys' hashes: of two keys in one place the later entry counts, so that a key may seem
 * changed that is not, never the other way round. Of one leader and one epoch; owner thread only.
 */
final class ChangedKeys {
  private static final int PLACES = 1 << 16;

  private final long[] last = new long[PLACES];
  private long lastOfAll;

  // What the running command has overwritten: places, and what was there.
  private int[] places = new int[16];
  private long[] before = new long[16];
  private int noted;
  private long lastOfAllBefore;

  /** Begins a command. */
  void begin() {
    noted = 0;
    lastOfAllBefore = lastOfAll;
  }

  /** An entry changes a key. */
  void note(long index, byte[] key, int offset, int length) {
    int place = place(key, offset, length);
    if (last[place] == index) {
      return;
    }
    if (noted == places.length) {
      places = Arrays.copyOf(places, noted * 2);
      before = Arrays.copyOf(before, noted * 2);
    }
    places[noted] = place;
    before[noted] = last[place];
    noted++;
    last[place] = index;
  }

  /** An entry changes nobody knows which keys. */
  void noteAll(long index) {
    lastOfAll = index;
  }

  /** The command is taken back, with all that it noted. */
  void undo() {
    while (noted > 0) {
      noted--;
      last[places[noted]] = before[noted];
    }
    lastOfAll = lastOfAllBefore;
  }

  /** Whether an entry after {@code index} may have changed a key. */
  boolean isChangedAfter(long index, byte[] key, int offset, int length) {
    return lastOfAll > index || last[place(key, offset, length)] > index;
  }

  private static int place(byte[] key, int offset, int length) {
    return (int) Hash64.of(key, offset, length) & PLACES - 1;
  }
}
