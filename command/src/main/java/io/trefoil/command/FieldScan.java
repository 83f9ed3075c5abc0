package io.trefoil.command;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.resp.ReplyWriter;
import java.util.Arrays;
import java.util.OptionalLong;

/** Iterating over a key's fields by a cursor, as {@code HSCAN} and {@code SSCAN} do. */
final class FieldScan {
  private FieldScan() {}

  /**
   * Replies with the next cursor and some fields.
   *
   * @param values whether each name is followed by its value
   */
  static void run(Call call, CellType type, boolean values) {
    OptionalLong cursor = ScanCursor.parse(call.args(), 2);
    if (cursor.isEmpty()) {
      call.reply().error("ERR invalid cursor");
      return;
    }
    Fields fields = call.fields(type);
    long count = fields.count();
    // As in Redis, nobody looks at the options then.
    ScanOptions options = count == 0 ? null : ScanOptions.parse(call, 3, false);
    if (count > 0 && options == null) {
      return;
    }
    // A cursor that no scan gave ends the iteration.
    boolean none = count == 0 || cursor.getAsLong() >>> 32 != 0;
    ReplyWriter reply = call.reply();
    int start = reply.size();
    Matches matches = new Matches(call, options, values);
    long next = none ? 0 : visit(fields, cursor.getAsLong(), options.count(), matches);
    finish(reply, start, matches.items, next);
  }

  /** Puts the next cursor before the items that were written from {@code start} on. */
  static void finish(ReplyWriter reply, int start, int items, long next) {
    reply.arrayFrom(start, items);
    byte[] found = Arrays.copyOfRange(reply.array(), start, reply.size());
    reply.truncate(start);
    reply.array(2);
    reply.bulkText(Long.toString(next));
    reply.raw(found);
  }

  /** Those of a small key together: without another step to learn that there are no more. */
  private static long visit(Fields fields, long cursor, int count, Fields.Visitor visitor) {
    if (cursor == 0 && fields.count() <= count) {
      fields.forEach(visitor);
      return 0;
    }
    return fields.scan(cursor, count, visitor);
  }

  private static final class Matches implements Fields.Visitor {
    private final ScanOptions options;
    private final Fields.Visitor reply;
    private final int itemsOfField;
    private int items;

    Matches(Call call, ScanOptions options, boolean values) {
      this.options = options;
      reply = call.replying(true, values);
      itemsOfField = values ? 2 : 1;
    }

    @Override
    public void visit(
        byte[] field,
        int fieldOffset,
        int fieldLength,
        byte[] value,
        int valueOffset,
        int valueLength) {
      if (options.matches(field, fieldOffset, fieldLength)) {
        reply.visit(field, fieldOffset, fieldLength, value, valueOffset, valueLength);
        items += itemsOfField;
      }
    }
  }
}
