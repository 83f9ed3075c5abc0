package io.trefoil.cli;

/** Ends a command with exit code 1; the message is one line that tells the user what to do. */
public final class CommandFailed extends RuntimeException {
  public CommandFailed(String message) {
    super(message);
  }
}
