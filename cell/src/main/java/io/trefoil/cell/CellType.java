package io.trefoil.cell;

import io.trefoil.base.MalformedBytesException;

/** What a key holds. The codes are stored; they never change. */
public enum CellType {
  STRING(1, "string"),
  HASH(2, "hash"),
  SET(3, "set");

  private static final CellType[] ALL = values();

  private final int code;
  private final String redisName;

  CellType(int code, String redisName) {
    this.code = code;
    this.redisName = redisName;
  }

  public int code() {
    return code;
  }

  /** As {@code TYPE} answers it. */
  public String redisName() {
    return redisName;
  }

  /** Whether a key of this type has a cell for each of its fields. A member of a set is a field. */
  public boolean hasFields() {
    return this != STRING;
  }

  /**
   * The type of a stored code.
   *
   * @throws MalformedBytesException for a code that this version does not know
   */
  public static CellType of(int code) {
    if (code < STRING.code || code > ALL.length) {
      throw new MalformedBytesException("cell type " + code + " is not known to this version");
    }
    return ALL[code - 1];
  }
}
