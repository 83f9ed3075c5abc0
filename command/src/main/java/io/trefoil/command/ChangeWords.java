package io.trefoil.command;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.cell.CellType;
import io.trefoil.cell.merge.KeyChange;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import io.trefoil.resp.Args;

/**
 * A change of a key that several nodes write, in the words of a command: that of the key, and three
 * words for each field.
 *
 * <pre>
 * change of the key, then for each field: hash|set field change of the field
 * </pre>
 *
 * The changes are as {@link MergedKey} and {@link Versions} write them.
 */
final class ChangeWords {
  private static final int WORDS = 3;

  private ChangeWords() {}

  /**
   * Reads the words from number {@code at} on.
   *
   * @return null when they are no such words
   */
  static KeyChange parse(Args args, int at) {
    if (args.count() <= at || (args.count() - at - 1) % WORDS != 0) {
      return null;
    }
    try {
      KeyChange change = new KeyChange();
      ByteSource key = source(args, at);
      change.join(new MergedKey().read(key));
      key.expectEnd();
      for (int i = at + 1; i < args.count(); i += WORDS) {
        ByteSource field = source(args, i + 2);
        change.join(field(args, i), new Versions().read(field));
        field.expectEnd();
      }
      return change;
    } catch (MalformedBytesException e) {
      return null;
    }
  }

  private static ByteSource source(Args args, int at) {
    return new ByteSource(args.copy(at));
  }

  private static KeyChange.Field field(Args args, int at) {
    for (CellType type : new CellType[] {CellType.HASH, CellType.SET}) {
      if (args.text(at).equals(type.redisName())) {
        return new KeyChange.Field(type, Bytes.wrap(args.copy(at + 1)));
      }
    }
    throw new MalformedBytesException("no type of fields: " + args.text(at));
  }
}
