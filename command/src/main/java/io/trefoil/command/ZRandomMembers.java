package io.trefoil.command;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.resp.Args;
import java.util.Arrays;

/** {@code ZRANDMEMBER}. */
final class ZRandomMembers {
  /** Of a set that is less than so many times as large as what is asked for, all is visited. */
  private static final int VISIT_ALL_BELOW = 3;

  private ZRandomMembers() {}

  static void run(Call call) {
    Args args = call.args();
    if (args.count() == 2) {
      one(call);
      return;
    }
    if (!call.parseLong(2)) {
      return;
    }
    long count = args.parsed();
    if (count == Long.MIN_VALUE) {
      call.reply()
          .error(
              "ERR value is out of range, value must between -9223372036854775807 and"
                  + " 9223372036854775807");
      return;
    }
    boolean scores = args.count() == 4 && args.isWord(3, "WITHSCORES");
    if (args.count() > 3 && !scores) {
      call.reply().error(Errors.SYNTAX);
    } else if (scores && Math.abs(count) > Long.MAX_VALUE / 2) {
      call.reply().error("ERR value is out of range");
    } else {
      some(call, count, MemberReply.Form.of(call, scores));
    }
  }

  private static void one(Call call) {
    Fields members = call.fields(CellType.ZSET);
    if (members.count() == 0) {
      call.reply().nil();
      return;
    }
    members.visit(
        rank(call, members),
        1,
        false,
        (member, offset, length, value, valueOffset, valueLength) ->
            call.reply().bulk(member, offset, length));
  }

  private static long rank(Call call, Fields members) {
    return Long.remainderUnsigned(call.cells().random(), members.count());
  }

  private static void some(Call call, long count, MemberReply.Form form) {
    Fields members = call.fields(CellType.ZSET);
    long size = members.count();
    if (size == 0) {
      call.reply().array(0);
    } else if (count < 0) {
      withRepetition(call, members, -count, form);
    } else {
      MemberReply reply = new MemberReply(call, form, Math.min(count, size));
      if (count >= size) {
        members.visit(0, size, false, reply);
      } else if (count > size / VISIT_ALL_BELOW) {
        visitAll(call, members, count, reply);
      } else {
        for (long rank : ranks(call, members, (int) count)) {
          members.visit(rank, 1, false, reply);
        }
      }
    }
  }

  private static void withRepetition(Call call, Fields members, long count, MemberReply.Form form) {
    MemberReply reply = new MemberReply(call, form, count);
    for (long i = 0; i < count; i++) {
      members.visit(rank(call, members), 1, false, reply);
    }
  }

  /** Of the members still to come, each is taken with the chance that as many are as must. */
  private static void visitAll(Call call, Fields members, long count, MemberReply reply) {
    long[] left = {members.count(), count};
    members.visit(
        0,
        members.count(),
        false,
        (member, offset, length, value, valueOffset, valueLength) -> {
          if (Long.remainderUnsigned(call.cells().random(), left[0]--) < left[1]) {
            left[1]--;
            reply.visit(member, offset, length, value, valueOffset, valueLength);
          }
        });
  }

  /** So many different ranks: what was drawn twice is drawn again. */
  private static long[] ranks(Call call, Fields members, int count) {
    long[] ranks = new long[count];
    int drawn = 0;
    while (drawn < count) {
      for (int i = drawn; i < count; i++) {
        ranks[i] = rank(call, members);
      }
      Arrays.sort(ranks);
      drawn = 1;
      for (int i = 1; i < count; i++) {
        if (ranks[i] != ranks[drawn - 1]) {
          ranks[drawn++] = ranks[i];
        }
      }
    }
    return ranks;
  }
}
