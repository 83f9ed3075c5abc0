package io.trefoil.partition;

/**
 * Maps a key to one of 16,384 slots as Redis Cluster does: CRC16 of the key, or of its hash tag, so
 * that keys with one tag share a slot.
 *
 * @see "Redis Cluster Specification, Key distribution model and Hash tags"
 */
public final class Slots {
  /** Slots are numbered 0 to {@code COUNT - 1}. */
  public static final int COUNT = 16_384;

  private static final char[] TABLE = table();

  private Slots() {}

  /** The slot of the key in {@code length} bytes from {@code offset}. Allocates nothing. */
  public static int slot(byte[] array, int offset, int length) {
    int end = offset + length;
    int open = indexOf(array, offset, end, (byte) '{');
    if (open < end) {
      int close = indexOf(array, open + 1, end, (byte) '}');
      // An empty tag is none: "{}" would otherwise put every such key into one slot.
      if (close < end && close > open + 1) {
        return crc16(array, open + 1, close - open - 1) & COUNT - 1;
      }
    }
    return crc16(array, offset, length) & COUNT - 1;
  }

  public static int slot(byte[] key) {
    return slot(key, 0, key.length);
  }

  /** CRC-16/XMODEM: polynomial 0x1021, starts at 0, nothing reflected. */
  static int crc16(byte[] array, int offset, int length) {
    int crc = 0;
    for (int i = offset; i < offset + length; i++) {
      crc = crc << 8 & 0xffff ^ TABLE[(crc >>> 8 ^ array[i]) & 0xff];
    }
    return crc;
  }

  /** Where {@code wanted} is first found, or {@code end}. */
  private static int indexOf(byte[] array, int from, int end, byte wanted) {
    int at = from;
    while (at < end && array[at] != wanted) {
      at++;
    }
    return at;
  }

  private static char[] table() {
    char[] table = new char[256];
    for (int i = 0; i < 256; i++) {
      int crc = i << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
      }
      table[i] = (char) crc;
    }
    return table;
  }
}
