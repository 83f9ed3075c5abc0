package io.trefoil.node;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The wait of a blocking command, as its client's side sees it: it may end before anything came.
 * The command may wait here, at another node, or not yet. Owner thread only.
 */
final class ClientWait {
  /** Why a wait ends before its time. The codes go between nodes and never change. */
  enum End {
    /** The client is gone: nobody is to be answered, and nothing taken. */
    GONE,
    /** As if the time were over. */
    TIMEOUT,
    /** With an error, as somebody wants it. */
    ERROR,
    /** The node that the client is connected to is out of reach. */
    LOST
  }

  private final BooleanSupplier reaches;
  private End end;
  private Consumer<End> ender;

  /**
   * @param reaches whether an answer would reach the client, as far as is known
   */
  ClientWait(BooleanSupplier reaches) {
    this.reaches = reaches;
  }

  /** Whether the client is gone: its command is not to be run any more. */
  boolean isGone() {
    return end == End.GONE || !reaches.getAsBoolean();
  }

  /**
   * Ends the wait; at once, or when it comes to one.
   *
   * @return whether nobody had ended it
   */
  boolean end(End how) {
    if (end != null && how != End.GONE) {
      return false;
    }
    boolean first = end == null;
    end = how;
    if (ender != null) {
      ender.accept(how);
    }
    return first;
  }

  /** The command waits from now on where this ends it. */
  void endedBy(Consumer<End> newEnder) {
    ender = newEnder;
    if (end != null) {
      newEnder.accept(end);
    }
  }
}
