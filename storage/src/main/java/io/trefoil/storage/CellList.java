package io.trefoil.storage;

import io.trefoil.base.Bytes;
import java.util.List;

/**
 * The visible cells of a range of hashes, each by its digest.
 *
 * @param cells in the order of their hashes
 * @param endHash the list is complete up to before this hash, at most 2^32
 */
public record CellList(List<Cell> cells, long endHash) {
  /** Cells after which a list ends, with the hash that it is at. */
  public static final int FULL = 4_096;

  /** Bytes of a key that a list shows; of a longer key, its beginning. */
  public static final int SHOWN_KEY_BYTES = 256;

  public CellList {
    cells = List.copyOf(cells);
  }

  /**
   * One cell. Two cells are of the same key when all but {@code digest} are equal.
   *
   * @param keyHash of the whole key
   * @param keyLength of the whole key, in bytes
   * @param shownKey the key's first bytes, {@link #SHOWN_KEY_BYTES} at most
   * @param digest of key, type, expiry and value
   */
  public record Cell(long keyHash, int keyLength, Bytes shownKey, long digest) {}
}
