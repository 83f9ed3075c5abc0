package io.trefoil.command;

import io.trefoil.cell.Fields;

/** Fields picked at random, each as likely as any other. */
final class PickedFields {
  /** Of so few, all are looked at. */
  private static final int FEW = 128;

  /** What a reply takes for a field, at least. */
  private static final int REPLY_BYTES = 6;

  private PickedFields() {}

  /**
   * Visits so many different fields, or all if there are no more, in any order. Few of many are
   * picked one by one; otherwise all are looked at.
   */
  static void different(Call call, Fields fields, long count, Fields.Visitor visitor) {
    long all = fields.count();
    if (count >= all) {
      fields.forEach(visitor);
    } else if (count == 1) {
      fields.pick(visitor);
    } else if (all <= FEW || count > all / 3) {
      fields.forEach(new Sample(call, all, count, visitor));
    } else {
      MemberSet picked = new MemberSet();
      while (picked.size() < count) {
        fields.pick(
            (field, offset, length, value, valueOffset, valueLength) -> {
              if (picked.add(field, offset, length)) {
                visitor.visit(field, offset, length, value, valueOffset, valueLength);
              }
            });
      }
    }
  }

  /** Passes on some of all fields: each so many of those left to pick, of those left to come. */
  private static final class Sample implements Fields.Visitor {
    private final Call call;
    private final Fields.Visitor visitor;
    private long toCome;
    private long toPick;

    Sample(Call call, long all, long count, Fields.Visitor visitor) {
      this.call = call;
      this.visitor = visitor;
      toCome = all;
      toPick = count;
    }

    @Override
    public void visit(
        byte[] field,
        int fieldOffset,
        int fieldLength,
        byte[] value,
        int valueOffset,
        int valueLength) {
      if (Long.remainderUnsigned(call.cells().random(), toCome) < toPick) {
        visitor.visit(field, fieldOffset, fieldLength, value, valueOffset, valueLength);
        toPick--;
      }
      toCome--;
    }
  }

  /**
   * Visits so many fields, of which some may be the same. There is one at least.
   *
   * @throws Refused when a reply of so many would be too large
   */
  static void repeated(Call call, Fields fields, long count, Fields.Visitor visitor) {
    if (count > Refused.MAX_FIELDS_BYTES / REPLY_BYTES) {
      throw Refused.TOO_LARGE;
    }
    long all = fields.count();
    if (count == 1 || all > FEW && count <= all / 3) {
      for (long i = 0; i < count; i++) {
        fields.pick(visitor);
      }
      return;
    }
    FieldList list = new FieldList();
    fields.forEach(list);
    for (long i = 0; i < count; i++) {
      int number = (int) Long.remainderUnsigned(call.cells().random(), list.count());
      list.visit(number, visitor);
    }
  }
}
