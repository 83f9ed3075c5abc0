package io.trefoil.node;

/** The node can't start or go on; the message says what is wrong and what would be right. */
public final class NodeFailure extends Exception {
  NodeFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
