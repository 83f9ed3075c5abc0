package io.trefoil.check;

/**
 * What a client asks of one key.
 *
 * @param argument the value to set, compare-and-set, append or push, or that expires, or the score;
 *     null where there is none
 * @param expected the value that a compare-and-set replaces; null for "no value"
 * @param field of a hash, or member of a set or sorted set; null where the call is about the whole
 *     key
 */
public record Call(Kind kind, String argument, String expected, String field) {
  /** What is done to the key. */
  public enum Kind {
    GET,
    SET,
    APPEND,
    INCREMENT,
    COMPARE_AND_SET,
    DELETE,
    EXPIRE,
    SET_FIELD,
    ADD_MEMBER,
    REMOVE_FIELD,
    GET_FIELD,
    HAS_FIELD,
    COUNT_FIELDS,
    INCREMENT_FIELD,
    PUSH_FIRST,
    PUSH_LAST,
    POP_FIRST,
    POP_LAST
  }

  private Call(Kind kind, String argument, String expected) {
    this(kind, argument, expected, null);
  }

  /** Sets a field of a hash, or the score of a member. */
  public static Call setField(String field, String value) {
    return new Call(Kind.SET_FIELD, value, null, field);
  }

  /** Adds a member to a set. */
  public static Call addMember(String member) {
    return new Call(Kind.ADD_MEMBER, null, null, member);
  }

  /** Removes a field or member, and with the last one the key. */
  public static Call removeField(String field) {
    return new Call(Kind.REMOVE_FIELD, null, null, field);
  }

  public static Call getField(String field) {
    return new Call(Kind.GET_FIELD, null, null, field);
  }

  /** Asks for a field or member, not for its value. */
  public static Call hasField(String field) {
    return new Call(Kind.HAS_FIELD, null, null, field);
  }

  /** Asks for the number of fields, members or elements. */
  public static Call countFields() {
    return new Call(Kind.COUNT_FIELDS, null, null, null);
  }

  /** Adds one to the score of a member. */
  public static Call incrementField(String member) {
    return new Call(Kind.INCREMENT_FIELD, null, null, member);
  }

  public static Call pushFirst(String element) {
    return new Call(Kind.PUSH_FIRST, element, null);
  }

  public static Call pushLast(String element) {
    return new Call(Kind.PUSH_LAST, element, null);
  }

  /** Takes away the first element, or the member with the least score. */
  public static Call popFirst() {
    return new Call(Kind.POP_FIRST, null, null);
  }

  public static Call popLast() {
    return new Call(Kind.POP_LAST, null, null);
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
    return switch (kind) {
      case GET, GET_FIELD, HAS_FIELD, COUNT_FIELDS -> true;
      default -> false;
    };
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
      case SET_FIELD -> "set field " + field + " to " + argument;
      case ADD_MEMBER -> "add member " + field;
      case REMOVE_FIELD -> "remove field " + field;
      case GET_FIELD -> "get field " + field;
      case HAS_FIELD -> "ask for field " + field;
      case COUNT_FIELDS -> "count fields";
      case INCREMENT_FIELD -> "increment field " + field;
      case PUSH_FIRST -> "push " + argument + " first";
      case PUSH_LAST -> "push " + argument + " last";
      case POP_FIRST -> "pop the first";
      case POP_LAST -> "pop the last";
    };
  }
}
