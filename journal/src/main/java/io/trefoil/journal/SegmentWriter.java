package io.trefoil.journal;

import io.trefoil.base.ByteSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Puts records into a direct buffer, and the buffer into the current segment. Owner only. */
final class SegmentWriter {
  private final long journalId;
  private final ByteBuffer buffer;
  private final ByteSink record = new ByteSink(256);
  private final CRC32C crc = new CRC32C();

  private Segment segment;
  private byte[] seed;

  /** Where in the file the buffer's first byte belongs. */
  private long bufferAt;

  private int lastCrc;

  /**
   * @param lastCrc the CRC of the record before the first that will be written
   */
  SegmentWriter(long journalId, int bufferBytes, int lastCrc) {
    this.journalId = journalId;
    this.buffer = ByteBuffer.allocateDirect(bufferBytes);
    this.lastCrc = lastCrc;
  }

  /** Goes on in {@code next}; the buffer must have been flushed. */
  void begin(Segment next) {
    segment = next;
    seed = RecordFormat.seed(journalId, next.number);
    bufferAt = 0;
    buffer.put(RecordFormat.prelude(RecordFormat.VERSION, journalId));
  }

  /** Begins a record; the caller adds the fields and calls {@link #finish}. */
  ByteSink record(int type, long synced) {
    record.clear();
    record.putInt(0).putInt(0).putInt(lastCrc).putInt(type);
    return record.putLong(offset()).putLong(synced);
  }

  /** Ends the record with {@code length} bytes of {@code body}. Flushes when the buffer is full. */
  void finish(byte[] body, int offset, int length) throws IOException {
    int total = record.size() + length;
    record.setInt(RecordFormat.LENGTH_AT, total);
    crc.reset();
    crc.update(seed, 0, seed.length);
    crc.update(record.array(), RecordFormat.LENGTH_AT, record.size() - RecordFormat.LENGTH_AT);
    crc.update(body, offset, length);
    lastCrc = (int) crc.getValue();
    record.setInt(0, lastCrc);
    if (total > buffer.remaining()) {
      flush();
    }
    put(record.array(), 0, record.size());
    put(body, offset, length);
  }

  private void put(byte[] source, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      if (!buffer.hasRemaining()) {
        flush();
      }
      int n = Math.min(buffer.remaining(), length - done);
      buffer.put(source, offset + done, n);
      done += n;
    }
  }

  /** Where in the file the next record begins. */
  long position() {
    return bufferAt + buffer.position();
  }

  /** The offset at which the next record begins. */
  long offset() {
    return segment.base + position();
  }

  void flush() throws IOException {
    buffer.flip();
    int length = buffer.remaining();
    if (length > 0) {
      segment.file.write(buffer, bufferAt);
    }
    bufferAt += length;
    buffer.clear();
  }
}
