package io.trefoil.journal;

/**
 * Bytes that were certainly on disk can't be read back as they were written. Nothing was changed on
 * disk. Whoever opens must not go on with what is left: the replicas of this journal heal from
 * others.
 */
public final class JournalDamaged extends RuntimeException {
  private final String file;
  private final long position;

  /**
   * @param position bytes from the beginning of {@code file}
   * @param why what shows that this is damage and not the end of an interrupted write
   */
  JournalDamaged(String place, String file, long position, String why) {
    super(
        "the journal in "
            + place
            + " is damaged: file "
            + file
            + " at byte "
            + position
            + ": "
            + why
            + "; check the disk; ./trefoil heal then has the others fill this node's copies anew");
    this.file = file;
    this.position = position;
  }

  public String file() {
    return file;
  }

  public long position() {
    return position;
  }
}
