package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;

/**
 * What a coordinator of a leaderless partition achieved for a command.
 *
 * @param reads the R that was asked for
 * @param writes the W
 * @param copies how many replicas had a stable copy of what was written, when it was answered; 0
 *     when nothing was
 * @param hinted how many of the W were hints, in place of copies
 * @param repaired whether others had something else, which was merged and written first
 */
record QuorumAnswer(int reads, int writes, int copies, int hinted, boolean repaired) {

  /** Of a command that two coordinators answered together: the worst of both. */
  QuorumAnswer with(QuorumAnswer other) {
    return new QuorumAnswer(
        Math.max(reads, other.reads),
        Math.max(writes, other.writes),
        fewer(copies, other.copies),
        Math.max(hinted, other.hinted),
        repaired || other.repaired);
  }

  /** One that wrote nothing has no say. */
  private static int fewer(int copies, int others) {
    return copies == 0 || others == 0 ? Math.max(copies, others) : Math.min(copies, others);
  }

  /** Writes it, or that there is none. */
  static void put(ByteSink sink, QuorumAnswer quorum) {
    sink.putByte(quorum == null ? 0 : 1);
    if (quorum != null) {
      sink.putVarint(quorum.reads).putVarint(quorum.writes).putVarint(quorum.copies);
      sink.putVarint(quorum.hinted).putByte(quorum.repaired ? 1 : 0);
    }
  }

  /** Reads what {@link #put} wrote: null when there is none. */
  static QuorumAnswer get(ByteSource source) {
    return source.getByte() == 0
        ? null
        : new QuorumAnswer(
            getNumber(source),
            getNumber(source),
            getNumber(source),
            getNumber(source),
            source.getByte() != 0);
  }

  private static int getNumber(ByteSource source) {
    return (int) Math.min(source.getVarint(), Integer.MAX_VALUE);
  }
}
