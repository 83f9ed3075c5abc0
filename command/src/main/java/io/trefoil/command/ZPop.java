package io.trefoil.command;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.resp.Args;

/** Taking members from the ends of a sorted set. */
final class ZPop {
  private ZPop() {}

  /** {@code ZPOPMIN key [count]}, and {@code ZPOPMAX} from the other end. */
  static void pop(Call call, boolean max) {
    Args args = call.args();
    if (args.count() > 3) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    boolean counted = args.count() == 3;
    if (counted && !call.parseTaken(2)) {
      return;
    }
    long count = counted ? args.parsed() : 1;
    // One member that was not counted is no list of pairs.
    MemberReply.Form form = counted ? MemberReply.Form.of(call, true) : MemberReply.Form.FLAT;
    take(call, 1, count, max).reply(call, form);
  }

  /** Takes members from the key that is argument {@code index}; all that are visited go. */
  private static MemberList take(Call call, int index, long count, boolean max) {
    Fields members = call.fields(CellType.ZSET, index);
    long size = members.count();
    long taken = Math.min(count, size);
    MemberList list = new MemberList();
    Ranks ranks = max ? Ranks.between(size - taken, size) : Ranks.between(0, taken);
    ranks.visit(members, max, list);
    remove(call, index, members, list);
    return list;
  }

  /** Removes members; all of them at once, if those are all. */
  static void remove(Call call, int index, Fields members, MemberList list) {
    if (list.size() == members.count()) {
      if (list.size() > 0) {
        call.remove(index);
      }
    } else if (list.size() > 0) {
      list.removeFrom(members);
    }
  }

  /**
   * {@code ZMPOP numkeys key [key …] MIN|MAX [COUNT count]}, and with a timeout before that.
   *
   * @param countWord the word {@code numkeys}
   */
  static void popFromFirst(Call call, int countWord) {
    Args args = call.args();
    if (!args.parseLong(countWord) || args.parsed() < 1) {
      call.reply().error("ERR numkeys should be greater than 0");
      return;
    }
    long keys = args.parsed();
    int first = countWord + 1;
    if (keys > args.count() - first - 1) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    int where = first + (int) keys;
    boolean max = args.isWord(where, "MAX");
    if (!max && !args.isWord(where, "MIN")) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    long count = count(call, where + 1);
    if (count > 0 && Blocking.checkTimeout(call)) {
      popFromFirst(call, first, (int) keys, count, max);
    }
  }

  /** Reads {@code COUNT count} from word {@code at} on; 0 when the reply is an error. */
  private static long count(Call call, int at) {
    Args args = call.args();
    if (args.count() == at) {
      return 1;
    }
    if (!args.isWord(at, "COUNT") || at + 1 == args.count()) {
      call.reply().error(Errors.SYNTAX);
      return 0;
    }
    if (!args.parseLong(at + 1) || args.parsed() < 1) {
      call.reply().error("ERR count should be greater than 0");
      return 0;
    }
    if (at + 2 < args.count()) {
      call.reply().error(Errors.SYNTAX);
      return 0;
    }
    return args.parsed();
  }

  private static void popFromFirst(Call call, int first, int keys, long count, boolean max) {
    Args args = call.args();
    for (int key = first; key < first + keys; key++) {
      MemberList taken = take(call, key, count, max);
      if (taken.size() > 0) {
        call.reply().array(2);
        call.reply().bulk(args.array(), args.offset(key), args.length(key));
        taken.reply(call, MemberReply.Form.PAIRS);
        return;
      }
    }
    call.reply().nilArray();
    call.leaveEmptyHanded();
  }

  /**
   * Removes a member from the first sorted set that has any, and replies with key, member and
   * score.
   *
   * @param keys how many arguments name one, from the first on
   * @return whether one has any; if not, there is no reply
   */
  static boolean popOneFromFirst(Call call, int keys, boolean max) {
    Args args = call.args();
    for (int key = 1; key <= keys; key++) {
      MemberList taken = take(call, key, 1, max);
      if (taken.size() > 0) {
        call.reply().array(3);
        call.reply().bulk(args.array(), args.offset(key), args.length(key));
        taken.replyOne(call);
        return true;
      }
    }
    return false;
  }
}
