package io.trefoil.cell;

/** What a key holds. The codes are stored; they never change. */
public enum CellType {
  STRING(1, "string");

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

  /**
   * The type of a stored code.
   *
   * @throws io.trefoil.base.MalformedBytesException for a code that this version does not know
   */
  public static CellType of(int code) {
    if (code == STRING.code) {
      return STRING;
    }
    throw new io.trefoil.base.MalformedBytesException(
        "cell type " + code + " is not known to this version");
  }
}
