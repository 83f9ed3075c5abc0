package io.trefoil.cell;

/**
 * Signals that a command needs cells that only the disk has. Not an error: the loop that owns the
 * partition never waits for the disk, so the command ends here and is run again when they are in.
 */
public final class CellsNotInMemory extends RuntimeException {
  private final transient byte[] key;

  /**
   * @param key the key to fetch, or null when the command needs the partition as a whole to be
   *     written out first (an exact {@link Cells#keyCount()}, for instance)
   */
  public CellsNotInMemory(byte[] key) {
    super("cells not in memory", null, false, false);
    this.key = key;
  }

  public byte[] key() {
    return key;
  }
}
