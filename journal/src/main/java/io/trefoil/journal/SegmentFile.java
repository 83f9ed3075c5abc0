package io.trefoil.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** One open file of a {@link JournalDisk}. Positions are bytes from its beginning. */
public interface SegmentFile extends Closeable {
  /** Writes all that remains in {@code source}; grows the file when it ends beyond it. */
  void write(ByteBuffer source, long position) throws IOException;

  /**
   * Reads until {@code target} is full or the file ends.
   *
   * @return bytes read; 0 at or beyond the end
   */
  int read(ByteBuffer target, long position) throws IOException;

  /** Returns when all that was written before the call survives a crash of the machine. */
  void force() throws IOException;

  long sizeBytes() throws IOException;

  /** Drops what is beyond {@code sizeBytes}. */
  void truncate(long sizeBytes) throws IOException;

  @Override
  void close() throws IOException;
}
