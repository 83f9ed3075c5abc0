package io.trefoil.command;

import io.trefoil.base.Bytes;
import io.trefoil.cell.Fields;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/** Members of sets, each once, while a command works on them; bounded. */
final class MemberSet implements Fields.Visitor {
  /** What a member takes beside its bytes, roughly. */
  private static final int MEMBER_BYTES = 64;

  /** Of a set that has so many times more, members are sought one by one rather than all read. */
  private static final int SEEK_FACTOR = 4;

  private final Set<Bytes> members = new LinkedHashSet<>();
  private long bytes;

  /**
   * Adds a member.
   *
   * @return whether it is new
   * @throws Refused when that are too many
   */
  boolean add(byte[] array, int offset, int length) {
    return add(Bytes.copyOf(array, offset, length));
  }

  private boolean add(Bytes member) {
    if (!members.add(member)) {
      return false;
    }
    bytes += member.length() + MEMBER_BYTES;
    if (bytes > Refused.MAX_FIELDS_BYTES) {
      throw Refused.TOO_LARGE;
    }
    return true;
  }

  @Override
  public void visit(
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    add(field, fieldOffset, fieldLength);
  }

  int size() {
    return members.size();
  }

  boolean isEmpty() {
    return members.isEmpty();
  }

  Iterable<Bytes> all() {
    return members;
  }

  /** Says that all are looked for among a key's fields, or removed there. */
  void expectIn(Fields fields) {
    fields.expect(() -> members.stream().map(Bytes::array));
  }

  /**
   * Those that a key has, too.
   *
   * @param most so many are enough
   */
  MemberSet commonWith(Fields others, long most) {
    MemberSet common = new MemberSet();
    if (!seeksIn(others)) {
      others.forEach(
          (field, offset, length, value, valueOffset, valueLength) -> {
            Bytes member = Bytes.copyOf(field, offset, length);
            if (common.size() < most && members.contains(member)) {
              common.add(member);
            }
          });
      return common;
    }
    expectIn(others);
    Iterator<Bytes> each = members.iterator();
    while (each.hasNext() && common.size() < most) {
      Bytes member = each.next();
      if (others.find(member.array(), 0, member.length())) {
        common.add(member);
      }
    }
    return common;
  }

  /** Removes those that a key has. */
  void removeAll(Fields others) {
    if (seeksIn(others)) {
      expectIn(others);
      members.removeIf(member -> others.find(member.array(), 0, member.length()));
      return;
    }
    others.forEach(
        (field, offset, length, value, valueOffset, valueLength) ->
            members.remove(Bytes.copyOf(field, offset, length)));
  }

  private boolean seeksIn(Fields others) {
    return others.count() / SEEK_FACTOR > members.size();
  }

  /** Puts all into a set. */
  void putInto(Fields fields) {
    for (Bytes member : members) {
      fields.put(member.array(), 0, member.length(), member.array(), 0, 0);
    }
    fields.save();
  }
}
