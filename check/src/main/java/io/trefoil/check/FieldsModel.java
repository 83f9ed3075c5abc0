package io.trefoil.check;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A key that holds a hash, or a set, whose members are fields with an empty value: all its fields
 * at one moment. A read of the whole key answers {@code field=value} in the order of fields, parted
 * by commas.
 */
public final class FieldsModel implements Model<SortedMap<String, String>> {
  @Override
  public SortedMap<String, String> initial() {
    return Collections.emptySortedMap();
  }

  @Override
  public SortedMap<String, String> after(SortedMap<String, String> state, Call call) {
    return switch (call.kind()) {
      case GET, GET_FIELD, HAS_FIELD, COUNT_FIELDS -> state;
      case SET_FIELD -> with(state, call.field(), call.argument());
      case ADD_MEMBER -> with(state, call.field(), "");
      case REMOVE_FIELD -> without(state, call.field());
      case DELETE -> initial();
      default -> throw new IllegalArgumentException("nobody asks a key with fields to " + call);
    };
  }

  private static SortedMap<String, String> with(
      SortedMap<String, String> state, String field, String value) {
    SortedMap<String, String> after = new TreeMap<>(state);
    after.put(field, value);
    return after;
  }

  private static SortedMap<String, String> without(SortedMap<String, String> state, String field) {
    SortedMap<String, String> after = new TreeMap<>(state);
    after.remove(field);
    return after;
  }

  @Override
  public String result(SortedMap<String, String> state, Call call) {
    return switch (call.kind()) {
      case GET -> text(state);
      case GET_FIELD -> state.get(call.field());
      case HAS_FIELD, REMOVE_FIELD -> state.containsKey(call.field()) ? "1" : "0";
      case SET_FIELD, ADD_MEMBER -> state.containsKey(call.field()) ? "0" : "1";
      case COUNT_FIELDS -> Integer.toString(state.size());
      case DELETE -> state.isEmpty() ? "0" : "1";
      default -> throw new IllegalArgumentException("nobody asks a key with fields to " + call);
    };
  }

  /** How a read of the whole key is answered. */
  public static String text(SortedMap<String, String> fields) {
    return fields.entrySet().stream()
        .map(field -> field.getKey() + "=" + field.getValue())
        .collect(Collectors.joining(","));
  }
}
