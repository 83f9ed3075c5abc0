package io.trefoil.command;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.cell.CellType;
import io.trefoil.cell.ListPlaces;
import io.trefoil.cell.Score;
import io.trefoil.cell.merge.KeyChange;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import io.trefoil.cell.merge.Write;
import io.trefoil.resp.Args;

/**
 * A change of a key that several nodes write, in the words of a command: that of the key, and three
 * words for each field.
 *
 * <pre>
 * change of the key, then for each field: hash|set|list|zset field change of the field
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
        ByteSource bytes = source(args, i + 2);
        KeyChange.Field field = field(args, i);
        Versions versions = new Versions().read(bytes);
        bytes.expectEnd();
        check(field, versions);
        change.join(field, versions);
      }
      return change;
    } catch (MalformedBytesException e) {
      return null;
    }
  }

  /** A list is in the order of its names, a sorted set in that of its values. */
  private static void check(KeyChange.Field field, Versions versions) {
    if (field.type() == CellType.LIST && !ListPlaces.isLength(field.name().length())) {
      throw new MalformedBytesException("a place of " + field.name().length() + " bytes");
    }
    for (Write each : versions.liveWrites()) {
      if (field.type() == CellType.ZSET && each.length() != Score.BYTES) {
        throw new MalformedBytesException("a score of " + each.length() + " bytes");
      }
    }
  }

  private static ByteSource source(Args args, int at) {
    return new ByteSource(args.copy(at));
  }

  private static KeyChange.Field field(Args args, int at) {
    for (CellType type : CellType.WITH_FIELDS) {
      if (args.text(at).equals(type.redisName())) {
        return new KeyChange.Field(type, Bytes.wrap(args.copy(at + 1)));
      }
    }
    throw new MalformedBytesException("no type of fields: " + args.text(at));
  }
}
