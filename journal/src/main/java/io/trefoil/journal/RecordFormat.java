package io.trefoil.journal;

import io.trefoil.base.ByteSink;
import java.util.zip.CRC32C;

/**
 * The bytes of a segment: a prelude, then records without gaps, then whatever was there before.
 *
 * <pre>
 * prelude  magic (8) · format version (4) · CRC32C of these (4) · journal id (8) · CRC32C of all before (4)
 * record   CRC32C (4) · length of the whole record (4) · CRC of the record before (4) · type (4)
 *          · its own offset (8) · offset known to be synced when it was written (8) · fields
 * </pre>
 *
 * <p>An <em>offset</em> counts the bytes of all segments since the journal began; a segment's file
 * begins at its <em>base</em>. A record's CRC covers the journal id, the segment's number and all
 * of the record behind the CRC. So a record is only valid where it was written, and its stored
 * predecessor says whether it follows what stands before it: stale bytes of a segment's former life
 * fail both.
 *
 * <pre>
 *  1 segment  previous segment's number, 0 for none (8) · boot id (16)
 *  2 batch    copy (8) · epoch (8) · first index (8) · count (4) · commit index (8) · log time (8)
 *             · issuer (8) · body
 *  3 cut      copy (8) · epoch (8) and index (8) of the last entry kept
 *  4 start    copy (8) · epoch (8) and index (8) before its first entry · meta
 *  5 end      copy (8)
 *  6 commit   copy (8) · commit index (8)
 *  7 note     kind (8) · value
 *  8 kept copy  copy (8) · last epoch (8) · last index (8) · commit index (8) · meta
 *  9 kept note  kind (8) · value
 * 10 close
 * </pre>
 *
 * The kept ones are written at a segment's head, so that nothing is lost with an older segment.
 */
final class RecordFormat {
  static final long MAGIC = 0x4a4c494f46455254L; // "TREFOILJ" in the file

  /** The entries of version 1 have no fields; the records are the same. */
  static final int VERSION = 2;

  static final int OLDEST_VERSION = 1;
  static final int PRELUDE_VERSION_AT = 8;
  static final int PRELUDE_BYTES = 28;

  /** The part of a prelude that no later version may move. */
  static final int PRELUDE_FIXED_BYTES = 16;

  static final int HEADER_BYTES = 32;
  static final int LENGTH_AT = 4;
  static final int PREVIOUS_AT = 8;
  static final int TYPE_AT = 12;
  static final int OFFSET_AT = 16;
  static final int SYNCED_AT = 24;
  static final int BATCH_FIELDS_BYTES = 52;

  static final int SEGMENT = 1;
  static final int BATCH = 2;
  static final int CUT = 3;
  static final int START = 4;
  static final int END = 5;
  static final int COMMIT = 6;
  static final int NOTE = 7;
  static final int KEPT_COPY = 8;
  static final int KEPT_NOTE = 9;
  static final int CLOSE = 10;

  /** No record is longer, so no length read from disk takes more memory. */
  static final int MAX_RECORD_BYTES = Journal.MAX_BODY_BYTES + 1024;

  private static final String NAME = "segment-";

  private RecordFormat() {}

  static byte[] prelude(int version, long journalId) {
    ByteSink sink = new ByteSink(PRELUDE_BYTES);
    sink.putLong(MAGIC).putInt(version);
    sink.putInt(crc(sink)).putLong(journalId);
    return sink.putInt(crc(sink)).toArray();
  }

  private static int crc(ByteSink sink) {
    CRC32C crc = new CRC32C();
    crc.update(sink.array(), 0, sink.size());
    return (int) crc.getValue();
  }

  /** What a record's CRC covers first. */
  static byte[] seed(long journalId, long segmentNumber) {
    return new ByteSink(16).putLong(journalId).putLong(segmentNumber).toArray();
  }

  static boolean isHead(int type) {
    return type == SEGMENT || type == KEPT_COPY || type == KEPT_NOTE;
  }

  static String fileName(long segmentNumber) {
    return NAME + String.format("%016d", segmentNumber);
  }

  /** The number in a segment's file name, or 0 when {@code name} is no such name. */
  static long segmentNumber(String name) {
    return name.matches(NAME + "[0-9]{16}") ? Long.parseLong(name.substring(NAME.length())) : 0;
  }
}
