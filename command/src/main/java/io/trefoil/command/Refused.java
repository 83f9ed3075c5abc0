package io.trefoil.command;

/**
 * Ends a handler with an error for its reply, thrown before it changed anything. An exception, so
 * that each of many handlers need not pass on that a key holds another type.
 */
final class Refused extends RuntimeException {
  static final Refused WRONG_TYPE =
      new Refused("WRONGTYPE Operation against a key holding the wrong kind of value");

  /** What a key's fields may be together where all are read at once, in bytes. */
  static final int MAX_FIELDS_BYTES = 128 << 20;

  /** A reply, or an entry, must not take the memory of the node. */
  static final Refused TOO_LARGE =
      new Refused(
          "ERR the key's fields are more than "
              + (MAX_FIELDS_BYTES >> 20)
              + " MB together, too much for one command; read or write them by name");

  private Refused(String error) {
    super(error, null, false, false);
  }

  String error() {
    return getMessage();
  }
}
