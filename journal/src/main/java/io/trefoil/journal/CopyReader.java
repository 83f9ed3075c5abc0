package io.trefoil.journal;

import io.trefoil.base.ByteSource;
import java.io.IOException;

/** One read of a copy's batches, while the owner goes on appending. */
final class CopyReader {
  private final Segments segments;
  private final long journalId;
  private final CopyLog copy;
  private final long written;
  private final int maxBytes;
  private final BatchSink sink;

  private long wanted;
  private long bytes;
  private boolean full;

  CopyReader(
      Segments segments, long journalId, CopyLog copy, long written, int maxBytes, BatchSink sink) {
    this.segments = segments;
    this.journalId = journalId;
    this.copy = copy;
    this.written = written;
    this.maxBytes = maxBytes;
    this.sink = sink;
  }

  long read(long fromIndex) throws IOException {
    wanted = fromIndex;
    CopyLog.Extent extent = copy.extent(wanted);
    while (extent != null && !full) {
      read(extent);
      // What follows in the next extent begins with the index that this one ended with.
      extent = extent.nextIndex() == wanted ? copy.extent(wanted) : null;
    }
    return wanted;
  }

  private void read(CopyLog.Extent extent) throws IOException {
    Segment segment = segments.keep(extent.from());
    if (segment == null) {
      return;
    }
    try {
      long end = Math.min(written, segments.endOf(segment));
      RecordCursor cursor =
          new RecordCursor(
              segment.file,
              end - segment.base,
              segment.base,
              journalId,
              segment.number,
              RecordCursor.WINDOW_BYTES);
      long offset = extent.from();
      while (!full && offset < Math.min(extent.to(), end)) {
        if (!cursor.moveTo(offset - segment.base)) {
          throw new JournalDamaged(
              segments.place(),
              segment.name(),
              offset - segment.base,
              "a record that was written can't be read back");
        }
        if (cursor.type() == RecordFormat.BATCH) {
          batch(cursor.fields(), offset);
        }
        offset += cursor.length();
      }
    } finally {
      segments.free(segment);
    }
  }

  private void batch(ByteSource fields, long offset) {
    if (fields.getLong() != copy.copyId()) {
      return;
    }
    long epoch = fields.getLong();
    long first = fields.getLong();
    int count = fields.getInt();
    long commit = fields.getLong();
    long logTime = fields.getLong();
    long issuer = fields.getLong();
    long end = Math.min(first + count, copy.goneFrom(offset));
    if (first > wanted || end <= wanted) {
      return;
    }
    int kept = (int) (end - first);
    int length = kept == count ? fields.remaining() : lengthOf(fields, kept);
    full = bytes > 0 && bytes + length > maxBytes;
    if (!full) {
      byte[] array = fields.array();
      int at = fields.position();
      sink.batch(copy.copyId(), epoch, first, kept, commit, logTime, issuer, array, at, length);
      bytes += length;
      wanted = end;
    }
  }

  /** The bytes of the first {@code count} entries. */
  private static int lengthOf(ByteSource fields, int count) {
    ByteSource entries = new ByteSource(fields.array(), fields.position(), fields.remaining());
    for (int i = 0; i < count; i++) {
      entries.skip(entries.getBlockLength());
    }
    return entries.position() - fields.position();
  }
}
