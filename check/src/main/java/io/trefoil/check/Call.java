package io.trefoil.check;

/**
 * What a client asks of one key.
 *
 * @param argument the value to set, compare-and-set or append, or that expires; null where there is
 *     none
 * @param expected the value that a compare-and-set replaces; null for "no value"
 */
public record Call(Kind kind, String argument, String expected) {
  /** What is done to the key. */
  public enum Kind {
    GET,
    SET,
    APPEND,
    INCREMENT,
    COMPARE_AND_SET,
    DELETE,
    EXPIRE
  }

  public static Call get() {
    return new Call(Kind.GET, null, null);
  }

  public static Call set(String value) {
    return new Call(Kind.SET, value, null);
  }

  public static Call append(String suffix) {
    return new Call(Kind.APPEND, suffix, null);
  }

  public static Call increment() {
    return new Call(Kind.INCREMENT, null, null);
  }

  /** Sets {@code value} where {@code expected} is; null stands for "no value". */
  public static Call compareAndSet(String expected, String value) {
    return new Call(Kind.COMPARE_AND_SET, value, expected);
  }

  public static Call delete() {
    return new Call(Kind.DELETE, null, null);
  }

  /**
   * What nobody asks and time does: the key goes if it still holds {@code value}, or that and what
   * was appended to it. In a history it is an uncertain call: when it happens nobody says.
   */
  public static Call expire(String value) {
    return new Call(Kind.EXPIRE, value, null);
  }

  public boolean isRead() {
    return kind == Kind.GET;
  }

  @Override
  public String toString() {
    return switch (kind) {
      case GET -> "get";
      case SET -> "set " + argument;
      case APPEND -> "append " + argument;
      case INCREMENT -> "increment";
      case COMPARE_AND_SET -> "compare-and-set " + expected + " to " + argument;
      case DELETE -> "delete";
      case EXPIRE -> "expire " + argument;
    };
  }
}
