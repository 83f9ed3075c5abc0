package io.trefoil.cell;

import io.trefoil.base.MalformedBytesException;
import java.util.List;

/** What a key holds. The codes are stored; they never change. */
public enum CellType {
  STRING(1, "string"),
  HASH(2, "hash"),
  SET(3, "set"),
  LIST(4, "list"),
  ZSET(5, "zset"),

  /** A key that several origins write; what it holds is inside. Of stores only, as is GONE. */
  MERGED(64, "merged"),

  /** As MERGED, with nothing to see: what is left of a removed key. */
  GONE(65, "gone");

  /** Those that have fields. */
  public static final List<CellType> WITH_FIELDS = List.of(HASH, SET, LIST, ZSET);

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
   * Whether a key of this type has a cell for each of its fields. A member of a set is a field, and
   * an element of a list.
   */
  public boolean hasFields() {
    return this != STRING;
  }

  /** Whether the fields of such a key have an order; see {@link Fields#rank}. */
  public boolean isOrdered() {
    return this == LIST || this == ZSET;
  }

  /** Whether several origins write such a key. */
  public boolean isMerged() {
    return this == MERGED || this == GONE;
  }

  /**
   * The type of a code in an entry: one that commands know.
   *
   * @throws MalformedBytesException for a code that this version does not know
   */
  public static CellType of(int code) {
    CellType type = ofStored(code);
    if (type.isMerged()) {
      throw unknown(code);
    }
    return type;
  }

  /**
   * The type of a stored code.
   *
   * @throws MalformedBytesException for a code that this version does not know
   */
  public static CellType ofStored(int code) {
    return switch (code) {
      case 1 -> STRING;
      case 2 -> HASH;
      case 3 -> SET;
      case 4 -> LIST;
      case 5 -> ZSET;
      case 64 -> MERGED;
      case 65 -> GONE;
      default -> throw unknown(code);
    };
  }

  private static MalformedBytesException unknown(int code) {
    return new MalformedBytesException("cell type " + code + " is not known to this version");
  }
}
