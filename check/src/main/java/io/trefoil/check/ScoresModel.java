package io.trefoil.check;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A key that holds a sorted set with whole numbers for scores: all its members at one moment. A
 * read of the whole key answers {@code member=score} in the order of scores, and of members where
 * these are equal, parted by commas.
 */
public final class ScoresModel implements Model<SortedMap<String, Long>> {
  @Override
  public SortedMap<String, Long> initial() {
    return Collections.emptySortedMap();
  }

  @Override
  public SortedMap<String, Long> after(SortedMap<String, Long> state, Call call) {
    SortedMap<String, Long> after = new TreeMap<>(state);
    switch (call.kind()) {
      case GET, HAS_FIELD, COUNT_FIELDS -> {}
      case SET_FIELD -> after.put(call.field(), Long.parseLong(call.argument()));
      case INCREMENT_FIELD -> after.merge(call.field(), 1L, Long::sum);
      case REMOVE_FIELD -> after.remove(call.field());
      case POP_FIRST -> inOrder(state).stream().limit(1).forEach(it -> after.remove(it.getKey()));
      case DELETE -> after.clear();
      default -> throw new IllegalArgumentException("nobody asks a sorted set to " + call);
    }
    return after;
  }

  @Override
  public String result(SortedMap<String, Long> state, Call call) {
    return switch (call.kind()) {
      case GET -> text(inOrder(state));
      case POP_FIRST -> text(inOrder(state).stream().limit(1).toList());
      case COUNT_FIELDS -> Integer.toString(state.size());
      case HAS_FIELD -> rank(state, call.field());
      case SET_FIELD -> state.containsKey(call.field()) ? "0" : "1";
      case INCREMENT_FIELD -> Long.toString(state.getOrDefault(call.field(), 0L) + 1);
      case REMOVE_FIELD -> state.containsKey(call.field()) ? "1" : "0";
      case DELETE -> state.isEmpty() ? "0" : "1";
      default -> throw new IllegalArgumentException("nobody asks a sorted set to " + call);
    };
  }

  private static List<Map.Entry<String, Long>> inOrder(SortedMap<String, Long> state) {
    return state.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
        .toList();
  }

  /** How many members come before one; null when it is not there. */
  private static String rank(SortedMap<String, Long> state, String member) {
    List<String> members = inOrder(state).stream().map(Map.Entry::getKey).toList();
    return state.containsKey(member) ? Integer.toString(members.indexOf(member)) : null;
  }

  private static String text(List<Map.Entry<String, Long>> members) {
    return members.stream()
        .map(each -> each.getKey() + "=" + each.getValue())
        .collect(Collectors.joining(","));
  }
}
