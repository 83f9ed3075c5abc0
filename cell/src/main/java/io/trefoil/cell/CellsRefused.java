package io.trefoil.cell;

/**
 * Signals that the cells refuse what a command is to do: it ends here, the shell undoes what it
 * changed, and its reply is this error.
 */
public final class CellsRefused extends RuntimeException {
  /**
   * @param error the text of the reply, with its code in front
   */
  public CellsRefused(String error) {
    super(error, null, false, false);
  }

  /** The text of the reply, with its code in front. */
  public String error() {
    return getMessage();
  }
}
