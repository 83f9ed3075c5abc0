package io.trefoil.command;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.resp.ReplyWriter;
import java.util.OptionalLong;

/**
 * {@code ZSCAN}. What is small enough that Redis keeps it in one piece is, as there, answered whole
 * and in order, whatever the cursor.
 */
final class ZScan implements Fields.Visitor {
  /** Larger whole numbers are written with an exponent, also in one piece. */
  private static final double MAX_WHOLE = 1L << 62;

  private final ReplyWriter reply;
  private final int start;
  private ScanOptions options;
  private boolean inOnePiece;
  private int found;

  private ZScan(Call call) {
    this.reply = call.reply();
    this.start = reply.size();
  }

  static void run(Call call) {
    OptionalLong cursor = ScanCursor.parse(call.args(), 2);
    if (cursor.isEmpty()) {
      call.reply().error("ERR invalid cursor");
      return;
    }
    Fields members = call.fields(CellType.ZSET);
    ZScan scan = new ZScan(call);
    // As in Redis, nobody looks at the options of a key that is not there.
    if (members.count() == 0) {
      scan.finish(0);
      return;
    }
    scan.options = ScanOptions.parse(call, 3, false);
    if (scan.options != null) {
      scan.run(members, cursor.getAsLong());
    }
  }

  private void run(Fields members, long cursor) {
    inOnePiece = ZSetCommands.isInOnePiece(members);
    if (inOnePiece) {
      members.visit(0, members.count(), false, this);
      finish(0);
    } else if (cursor >>> 32 != 0) {
      finish(0); // no scan gave it; as in Redis, it ends the iteration
    } else {
      finish(members.scan(cursor, options.count(), this));
    }
  }

  @Override
  public void visit(
      byte[] member, int offset, int length, byte[] value, int valueOffset, int valueLength) {
    if (!options.matches(member, offset, length)) {
      return;
    }
    if ((long) reply.size() - start + length > Refused.MAX_FIELDS_BYTES) {
      throw Refused.TOO_LARGE;
    }
    reply.bulk(member, offset, length);
    double score = Score.read(value, valueOffset);
    if (inOnePiece && score == Math.rint(score) && Math.abs(score) <= MAX_WHOLE) {
      reply.bulkLong((long) score);
    } else {
      reply.bulkDouble(score);
    }
    found++;
  }

  private void finish(long next) {
    FieldScan.finish(reply, start, found * 2, next);
  }
}
