package io.trefoil.journal;

/**
 * A write or a sync failed, now or earlier. It is never tried again, as nobody can say what of it
 * is on disk: close the journal, and recover by opening it again.
 */
public final class JournalFailed extends RuntimeException {
  public JournalFailed(String message, Throwable cause) {
    super(message, cause);
  }
}
