package io.trefoil.command;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.Fields;
import io.trefoil.resp.Args;
import java.util.Arrays;

/**
 * What {@code SORT} looks up for an element: with the element in place of its first star, a pattern
 * is the name of a key, after which an arrow may stand with the name of a field. As in Redis a
 * pattern is searched up to a zero byte.
 */
final class KeyPattern {
  private final byte[] text;
  private final int star;
  private final int arrow;

  private KeyPattern(byte[] text) {
    this.text = text;
    int end = indexOf(text, (byte) 0, 0, text.length);
    int searched = end < 0 ? text.length : end;
    star = indexOf(text, (byte) '*', 0, searched);
    arrow = star < 0 ? -1 : arrow(text, star + 1, searched);
  }

  /** The pattern that is an argument. */
  static KeyPattern of(Args args, int word) {
    return new KeyPattern(args.copy(word));
  }

  private static int indexOf(byte[] text, byte wanted, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  /** Where the first arrow is, if anything follows it; else -1. */
  private static int arrow(byte[] text, int from, int to) {
    for (int i = from; i + 1 < to; i++) {
      if (text[i] == '-' && text[i + 1] == '>') {
        return i + 2 < to ? i : -1;
      }
    }
    return -1;
  }

  /** Whether it names another key for each element; else it is the element, or nothing. */
  boolean namesKeys() {
    return star >= 0;
  }

  /** What there is for an element; null if nothing. */
  byte[] lookUp(Cells cells, byte[] element) {
    if (!namesKeys()) {
      boolean itself = text.length > 0 && text[0] == '#' && (text.length == 1 || text[1] == 0);
      return itself ? element : null;
    }
    byte[] key = key(element);
    if (!cells.find(key, 0, key.length)) {
      return null;
    }
    if (arrow >= 0) {
      return cells.type() == CellType.HASH ? field(cells, key) : null;
    }
    return cells.type() == CellType.STRING ? cells.value() : null;
  }

  private byte[] key(byte[] element) {
    int end = arrow < 0 ? text.length : arrow;
    byte[] key = Arrays.copyOf(text, end - 1 + element.length);
    System.arraycopy(element, 0, key, star, element.length);
    System.arraycopy(text, star + 1, key, star + element.length, end - star - 1);
    return key;
  }

  private byte[] field(Cells cells, byte[] key) {
    Fields fields = cells.fields(CellType.HASH, key, 0, key.length);
    if (!fields.find(text, arrow + 2, text.length - arrow - 2)) {
      return null;
    }
    byte[] value = new byte[fields.valueLength()];
    fields.copyValue(0, value, 0, value.length);
    return value;
  }
}
