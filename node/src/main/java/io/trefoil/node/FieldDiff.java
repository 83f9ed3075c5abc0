package io.trefoil.node;

import io.trefoil.resp.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * How a field stands to what a divergence file would leave it as.
 *
 * @param dropped whether the file removes it
 * @param file the value that the file sets; empty for a member of a set
 * @param now the value, or its beginning; null when it is not there, or after a hundred others
 */
record FieldDiff(byte[] name, String state, boolean dropped, byte[] file, byte[] now) {
  private static final int WORDS = 3;
  private static final int STATES = 6;

  /**
   * The fields that are not as the file would leave them.
   *
   * @param content type and fields, as {@link LeftFields#words} gives them
   * @param now what {@code DIVERGED COMPARE} answered of the key
   */
  static List<FieldDiff> of(List<byte[]> content, List<Reply> now) {
    List<Reply> states =
        now.size() > STATES ? ((Reply.Several) now.get(STATES)).items() : List.of();
    List<FieldDiff> different = new ArrayList<>();
    for (int i = 1, field = 0; i < content.size(); i += WORDS, field++) {
      boolean dropped = new String(content.get(i), StandardCharsets.UTF_8).equals("DROP");
      String absent = dropped ? "same" : "missing";
      String state = states.isEmpty() ? absent : DivergenceDiff.text(states.get(2 * field));
      if (!state.equals("same")) {
        byte[] value =
            !states.isEmpty() && states.get(2 * field + 1) instanceof Reply.Bulk bulk
                ? bulk.bytes().toArray()
                : null;
        different.add(new FieldDiff(content.get(i + 1), state, dropped, content.get(i + 2), value));
      }
    }
    return different;
  }
}
