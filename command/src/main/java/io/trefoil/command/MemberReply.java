package io.trefoil.command;

import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.resp.ReplyWriter;

/**
 * A reply of a sorted set's members, each with its score if the command asks for them; bounded.
 *
 * @see ReplyWriter#doubleValue
 */
final class MemberReply implements Fields.Visitor {
  /** What a member without a name takes. */
  private static final int LEAST_BYTES = 6;

  /** How a member and its score stand in the reply. */
  enum Form {
    /** Without their scores. */
    NAMES,
    /** One after the other, in one list. */
    FLAT,
    /** Each two in a list of their own. */
    PAIRS;

    /** That of a command's scores, as Redis has it since RESP3 has doubles. */
    static Form of(Call call, boolean scores) {
      return !scores ? NAMES : call.reply().protocol() == 3 ? PAIRS : FLAT;
    }
  }

  private final ReplyWriter reply;
  private final Form form;
  private final int start;

  /**
   * Begins the list.
   *
   * @param count of the members that follow
   * @throws Refused when that is too much
   */
  MemberReply(Call call, Form form, long count) {
    reply = call.reply();
    this.form = form;
    start = reply.size();
    if (count > Refused.MAX_FIELDS_BYTES / LEAST_BYTES) {
      throw Refused.TOO_LARGE;
    }
    reply.array((int) count * (form == Form.FLAT ? 2 : 1));
  }

  @Override
  public void visit(
      byte[] member, int offset, int length, byte[] value, int valueOffset, int valueLength) {
    add(member, offset, length, Score.read(value, valueOffset));
  }

  /**
   * Adds a member.
   *
   * @throws Refused when that is too much
   */
  void add(byte[] member, int offset, int length, double score) {
    if ((long) reply.size() - start + length > Refused.MAX_FIELDS_BYTES) {
      throw Refused.TOO_LARGE;
    }
    if (form == Form.PAIRS) {
      reply.array(2);
    }
    reply.bulk(member, offset, length);
    if (form != Form.NAMES) {
      reply.doubleValue(score);
    }
  }
}
