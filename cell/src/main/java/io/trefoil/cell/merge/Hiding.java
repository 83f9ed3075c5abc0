package io.trefoil.cell.merge;

import java.util.Arrays;

/**
 * Two live writes of a cell, of which readers see the winner only: the one that wrote it had not
 * seen the loser's value. Good until the cell's next change.
 */
public record Hiding(Write winner, Write loser) {
  /**
   * What a merge hid: the cell's former value, or the write that was merged.
   *
   * @param before the cell's value before the merge, or null
   * @param merged a write that was not here before, or null
   * @param now the cell after the merge
   * @return null when it hid nothing
   */
  public static Hiding of(Write before, Write merged, Versions now) {
    if (merged == null || !now.isLive(merged)) {
      return null; // somebody who had seen it has overwritten or removed it
    }
    Write value = now.written();
    Write loser = value.isSame(merged) ? before : merged;
    boolean hides = loser != null && !loser.isSame(value) && now.isLive(loser);
    // Of equal values nothing is lost: readers see the same, whichever of the writes counts.
    return hides && !hasSameValue(value, loser) ? new Hiding(value, loser) : null;
  }

  private static boolean hasSameValue(Write a, Write b) {
    return Arrays.equals(
        a.array(),
        a.offset(),
        a.offset() + a.length(),
        b.array(),
        b.offset(),
        b.offset() + b.length());
  }
}
