package io.trefoil.node;

import io.trefoil.node.LeftKeys.Change;
import io.trefoil.resp.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * How a field stands to what a divergence file would leave it as.
 *
 * @param dropped whether the file removes it
 * @param file the value that it would have; empty for a member of a set
 * @param now the value, or its beginning; null when it is not there, or after a hundred others
 */
record FieldDiff(byte[] name, String state, boolean dropped, byte[] file, byte[] now) {
  private static final int WORDS = 3;
  private static final int STATES = 6;

  /** The fields that are not as the file would leave them. */
  static List<FieldDiff> of(Change change, List<byte[]> content, List<Reply> now) {
    return switch (change) {
      case FIELDS, REPLACE -> of(content, now);
      case MERGE -> merged(content, now);
      case PUT, REMOVE, EXPIRE, UNKNOWN -> List.of();
    };
  }

  /**
   * @param content as {@link LeftMerges#words} gives it
   * @param now what {@code DIVERGED PREVIEW} answered of the key
   */
  private static List<FieldDiff> merged(List<byte[]> content, List<Reply> now) {
    List<Reply> told = ((Reply.Several) now.get(STATES)).items();
    List<FieldDiff> different = new ArrayList<>();
    for (int i = 0; i < told.size(); i += WORDS) {
      String state = DivergenceDiff.text(told.get(i));
      if (!state.equals("same")) {
        byte[] merged = bytes(told.get(i + 1));
        byte[] name = content.get(i + 2);
        different.add(new FieldDiff(name, state, merged == null, merged, bytes(told.get(i + 2))));
      }
    }
    return different;
  }

  private static byte[] bytes(Reply reply) {
    return reply instanceof Reply.Bulk bulk ? bulk.bytes().toArray() : null;
  }

  /**
   * @param content type and fields, as {@link LeftFields#words} gives them
   * @param now what {@code DIVERGED COMPARE} answered of the key
   */
  private static List<FieldDiff> of(List<byte[]> content, List<Reply> now) {
    List<Reply> states =
        now.size() > STATES ? ((Reply.Several) now.get(STATES)).items() : List.of();
    List<FieldDiff> different = new ArrayList<>();
    for (int i = 1, field = 0; i < content.size(); i += WORDS, field++) {
      boolean dropped = new String(content.get(i), StandardCharsets.UTF_8).equals("DROP");
      String absent = dropped ? "same" : "missing";
      String state = states.isEmpty() ? absent : DivergenceDiff.text(states.get(2 * field));
      if (!state.equals("same")) {
        byte[] value = states.isEmpty() ? null : bytes(states.get(2 * field + 1));
        different.add(new FieldDiff(content.get(i + 1), state, dropped, content.get(i + 2), value));
      }
    }
    return different;
  }
}
