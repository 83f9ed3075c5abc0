package io.trefoil.command;

import io.trefoil.cell.Cells;
import io.trefoil.cell.merge.KeyChange;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;

/**
 * What a divergence file holds of a key that leaders of several regions write: changes, which are
 * merged again. Nothing is written over, and what is there already, or comes again from a region
 * that had it, counts once.
 *
 * <pre>
 * DIVERGED PREVIEW key max-bytes change...
 * DIVERGED MERGE   key change...
 * </pre>
 *
 * The change is in the words of {@link ChangeWords}.
 */
final class LeftChanges {
  static final String NEEDS_SEVERAL_WRITERS = "needs changes that are merged";
  private static final int KEY = 2;
  private static final int LIMIT = 3;
  private static final int CHANGE_AFTER_LIMIT = 4;
  private static final int CHANGE = 3;

  private LeftChanges() {}

  /**
   * Replies as {@code DIVERGED COMPARE} does, with {@code merges} for a key of which something is
   * not there; then, for each field, {@code same} or {@code merges}, its value with the change, and
   * its value now; then the string that the key holds with the change.
   */
  static void preview(Call call) {
    KeyChange change = parse(call, CHANGE_AFTER_LIMIT);
    if (change == null || !call.parseLong(LIMIT)) {
      return;
    }
    int limit = (int) Math.min(Math.max(call.args().parsed(), 0), Integer.MAX_VALUE);
    KeyChange.Preview preview = preview(call, change);
    boolean found = call.find(KEY);
    ReplyWriter reply = call.reply();
    reply.array(8);
    reply.bulkText(word(preview.isNews()));
    now(call, found, limit);
    fields(preview, limit, reply);
    value(preview.value(), limit, reply);
  }

  private static void now(Call call, boolean found, int limit) {
    Cells cells = call.cells();
    ReplyWriter reply = call.reply();
    boolean string = found && DivergedCommands.isString(call);
    int length = string ? cells.valueLength() : 0;
    reply.integer(found ? cells.stamp() : 0);
    reply.bulkText(found ? cells.type().redisName() : "none");
    reply.integer(found ? cells.expireAtMillis() : Cells.NEVER);
    reply.integer(length);
    if (string) {
      call.replyValue(0, Math.min(length, limit));
    } else {
      reply.bulkText("");
    }
  }

  private static void fields(KeyChange.Preview preview, int limit, ReplyWriter reply) {
    int fieldLimit = Math.min(limit, DivergedCommands.MAX_FIELD_BYTES);
    int told = 0;
    reply.array(3 * preview.fields().size());
    for (KeyChange.FieldPreview each : preview.fields()) {
      reply.bulkText(word(each.isNews()));
      boolean isTold = each.isNews() && told++ < FieldChanges.MAX_VALUES;
      value(isTold ? each.value() : null, fieldLimit, reply);
      value(isTold ? each.now() : null, fieldLimit, reply);
    }
  }

  private static String word(boolean isNews) {
    return isNews ? "merges" : "same";
  }

  private static void value(byte[] value, int limit, ReplyWriter reply) {
    if (value == null) {
      reply.nil();
    } else {
      reply.bulk(value, 0, Math.min(value.length, limit));
    }
  }

  /** Replies with {@code applied}, or {@code same} when nothing is written. */
  static void merge(Call call) {
    KeyChange change = parse(call, CHANGE);
    if (change == null) {
      return;
    }
    if (!preview(call, change).isNews()) {
      call.reply().bulkText("same");
      return;
    }
    Args args = call.args();
    call.cells().merge(args.array(), args.offset(KEY), args.length(KEY), change);
    call.reply().bulkText("applied");
  }

  private static KeyChange.Preview preview(Call call, KeyChange change) {
    Args args = call.args();
    return call.cells().preview(args.array(), args.offset(KEY), args.length(KEY), change);
  }

  private static KeyChange parse(Call call, int at) {
    KeyChange change = ChangeWords.parse(call.args(), at);
    if (change == null) {
      call.reply().error(Errors.SYNTAX);
    }
    return change;
  }
}
