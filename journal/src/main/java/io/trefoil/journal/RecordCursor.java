package io.trefoil.journal;

import io.trefoil.base.ByteSource;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Reads records of one segment file and tells which are valid. A record is <em>valid</em> when it
 * was written at this very place of this segment; whether it follows the record before it is for
 * the caller to check with {@link #previousCrc()}. Not thread-safe.
 */
final class RecordCursor {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  static final int WINDOW_BYTES = 64 << 10;

  /** Enough for the first record of a segment, mostly. */
  static final int FIRST_RECORD_BYTES = 1 << 10;

  /** Of records of this version and of later ones. */
  private static final int MAX_TYPE = 255;

  private final SegmentFile file;
  private final long fileBytes;
  private final byte[] seed;
  private final CRC32C crc = new CRC32C();
  private final ByteSource fields = new ByteSource(new byte[0]);

  private long base;

  /** A piece of the file: {@code windowBytes} from position {@code windowAt}. */
  private byte[] window;

  private long windowAt;
  private int windowBytes;

  /** Where in the window the current record begins. */
  private int at;

  /**
   * @param window how many bytes are read at a time; a longer record is read whole all the same
   */
  RecordCursor(
      SegmentFile file, long fileBytes, long base, long journalId, long segmentNumber, int window) {
    this.window = new byte[window];
    this.file = file;
    this.fileBytes = fileBytes;
    this.base = base;
    this.seed = RecordFormat.seed(journalId, segmentNumber);
  }

  /**
   * Moves to {@code position}.
   *
   * @return whether a valid record begins there
   */
  boolean moveTo(long position) throws IOException {
    if (!fill(position, RecordFormat.HEADER_BYTES)) {
      return false;
    }
    at = (int) (position - windowAt);
    int length = length();
    boolean plausible =
        offset() == base + position
            && length >= RecordFormat.HEADER_BYTES
            && length <= RecordFormat.MAX_RECORD_BYTES;
    if (!plausible || !fill(position, length)) {
      return false;
    }
    at = (int) (position - windowAt);
    crc.reset();
    crc.update(seed, 0, seed.length);
    crc.update(window, at + RecordFormat.LENGTH_AT, length - RecordFormat.LENGTH_AT);
    return (int) crc.getValue() == crc();
  }

  /**
   * Moves to the first valid record that begins in [from, to), at any position, of a segment whose
   * base is in [minBase, maxBase].
   *
   * @return its position, or -1 when there is none
   */
  long find(long from, long to, long minBase, long maxBase) throws IOException {
    for (long position = from; position < to; position++) {
      if (!fill(position, RecordFormat.HEADER_BYTES)) {
        return -1;
      }
      long offset = (long) LONG.get(window, (int) (position - windowAt) + RecordFormat.OFFSET_AT);
      long candidate = offset - position;
      // A record holds its own offset, so nearly every position is ruled out without a checksum.
      if (candidate >= minBase && candidate <= maxBase && mayBeRecord(position)) {
        base = candidate;
        if (moveTo(position)) {
          return position;
        }
      }
    }
    return -1;
  }

  /**
   * Numbers of another record, or of a former life of the file, may look like an offset at any
   * byte; a checksum of what would then be the length takes as long as reading the file.
   */
  private boolean mayBeRecord(long position) {
    at = (int) (position - windowAt);
    return type() > 0 && type() <= MAX_TYPE && synced() >= 0 && synced() <= offset();
  }

  /** Makes the window hold {@code length} bytes from {@code position}; false beyond the end. */
  private boolean fill(long position, int length) throws IOException {
    if (position + length > fileBytes) {
      return false;
    }
    if (position >= windowAt && position + length <= windowAt + windowBytes) {
      return true;
    }
    if (window.length < length) {
      window = new byte[length];
    }
    windowAt = position;
    int wanted = (int) Math.min(window.length, fileBytes - position);
    windowBytes = file.read(ByteBuffer.wrap(window, 0, wanted), position);
    return windowBytes >= length;
  }

  long base() {
    return base;
  }

  int crc() {
    return (int) INT.get(window, at);
  }

  int length() {
    return (int) INT.get(window, at + RecordFormat.LENGTH_AT);
  }

  int previousCrc() {
    return (int) INT.get(window, at + RecordFormat.PREVIOUS_AT);
  }

  int type() {
    return (int) INT.get(window, at + RecordFormat.TYPE_AT);
  }

  long offset() {
    return (long) LONG.get(window, at + RecordFormat.OFFSET_AT);
  }

  long synced() {
    return (long) LONG.get(window, at + RecordFormat.SYNCED_AT);
  }

  /** The current record's fields; valid until the cursor moves. */
  ByteSource fields() {
    fields.reset(window, at + RecordFormat.HEADER_BYTES, length() - RecordFormat.HEADER_BYTES);
    return fields;
  }
}
