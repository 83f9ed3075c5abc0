package io.trefoil.cell;

import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;

/**
 * The collection that an entry's changes of fields are about.
 *
 * @param type of its key
 * @param collection its number, larger than 0
 * @param array holds its key; only valid while the entry is read
 */
public record Opened(CellType type, long collection, byte[] array, int offset, int length) {
  static Opened read(ByteSource source) {
    CellType type = CellType.of(source.getByte());
    long collection = source.getLong();
    if (!type.hasFields() || collection <= 0) {
      throw new MalformedBytesException("a " + type.redisName() + " of number " + collection);
    }
    int length = source.getBlockLength();
    return new Opened(type, collection, source.array(), source.skip(length), length);
  }

  static Opened checked(Opened opened) {
    if (opened == null) {
      throw new MalformedBytesException("a change of a field whose key is not named");
    }
    return opened;
  }
}
