package io.trefoil.journal;

/**
 * The folder can't be used as it is: held by another process, not writable, of another journal, of
 * a newer format. The message says what is wrong and what would be right. Nothing was changed.
 */
public final class JournalUnusable extends RuntimeException {
  public JournalUnusable(String message) {
    super(message);
  }

  public JournalUnusable(String message, Throwable cause) {
    super(message, cause);
  }
}
