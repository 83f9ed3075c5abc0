package io.trefoil.command;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.resp.Args;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Members of a sorted set, taken out of it: to be removed, or for another key; bounded. */
final class MemberList implements Fields.Visitor {
  /** What a member takes in memory beside its name, roughly. */
  private static final int MEMBER_BYTES = 64;

  private record Member(Bytes name, double score) {}

  private static final Comparator<Member> ORDER =
      Comparator.comparingDouble(Member::score).thenComparing(Member::name);

  private final List<Member> members = new ArrayList<>();
  private long bytes;

  @Override
  public void visit(
      byte[] member, int offset, int length, byte[] value, int valueOffset, int valueLength) {
    add(Bytes.copyOf(member, offset, length), Score.read(value, valueOffset));
  }

  /**
   * Adds a member.
   *
   * @throws Refused when that is too much
   */
  void add(Bytes name, double score) {
    bytes = checkedBytes(bytes, name.length());
    members.add(new Member(name, score + 0.0)); // zero has no sign
  }

  /**
   * What members take with one more.
   *
   * @throws Refused when that is too much
   */
  static long checkedBytes(long before, int nameLength) {
    long after = before + nameLength + MEMBER_BYTES;
    if (after > Refused.MAX_FIELDS_BYTES) {
      throw Refused.TOO_LARGE;
    }
    return after;
  }

  int size() {
    return members.size();
  }

  /** Brings them into the order of a sorted set. */
  void sort() {
    members.sort(ORDER);
  }

  /** Replies with them. */
  void reply(Call call, MemberReply.Form form) {
    MemberReply reply = new MemberReply(call, form, members.size());
    for (Member member : members) {
      reply.add(member.name.array(), 0, member.name.length(), member.score);
    }
  }

  /** Replies with the only one and its score, in the list that was begun. */
  void replyOne(Call call) {
    Member member = members.get(0);
    call.reply().bulk(member.name.array(), 0, member.name.length());
    call.reply().doubleValue(member.score);
  }

  /** Removes them from where they were. */
  void removeFrom(Fields fields) {
    fields.expect(() -> members.stream().map(member -> member.name.array()));
    for (Member member : members) {
      fields.remove(member.name.array(), 0, member.name.length());
    }
    fields.save();
  }

  /** Lets the key that is argument {@code index} hold them, and nothing else. */
  void store(Call call, int index) {
    if (call.find(index)) {
      call.remove(index);
    }
    if (members.isEmpty()) {
      return;
    }
    Args args = call.args();
    Fields fields =
        call.cells().fields(CellType.ZSET, args.array(), args.offset(index), args.length(index));
    byte[] score = new byte[Score.BYTES];
    for (Member member : members) {
      Score.write(member.score, score, 0);
      fields.put(member.name.array(), 0, member.name.length(), score, 0, score.length);
    }
    fields.save();
  }
}
