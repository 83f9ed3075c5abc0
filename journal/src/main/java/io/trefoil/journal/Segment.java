package io.trefoil.journal;

/** A segment that has been begun. */
final class Segment {
  /** While it is the last one. */
  static final long OPEN = Long.MAX_VALUE;

  final long number;

  /** The offset of its file's first byte. */
  final long base;

  final SegmentFile file;

  /** The offset behind its head: with that synced, older segments may go. Guarded by Segments. */
  long headEnd;

  /** The offset behind its last record. Guarded by Segments. */
  long end = OPEN;

  /** Reads under way, which keep it from being deleted. Guarded by Segments. */
  int readers;

  Segment(long number, long base, SegmentFile file) {
    this.number = number;
    this.base = base;
    this.headEnd = base;
    this.file = file;
  }

  String name() {
    return RecordFormat.fileName(number);
  }
}
