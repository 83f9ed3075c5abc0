package io.trefoil.check;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A key that holds a list: all its elements at one moment. A read of the whole key answers them in
 * their order, parted by commas.
 */
public final class ListModel implements Model<List<String>> {
  @Override
  public List<String> initial() {
    return Collections.emptyList();
  }

  @Override
  public List<String> after(List<String> state, Call call) {
    List<String> after = new ArrayList<>(state);
    switch (call.kind()) {
      case GET, COUNT_FIELDS -> {}
      case PUSH_FIRST -> after.add(0, call.argument());
      case PUSH_LAST -> after.add(call.argument());
      case POP_FIRST -> after.subList(0, Math.min(1, after.size())).clear();
      case POP_LAST -> after.subList(Math.max(0, after.size() - 1), after.size()).clear();
      case DELETE -> after.clear();
      default -> throw new IllegalArgumentException("nobody asks a list to " + call);
    }
    return after;
  }

  @Override
  public String result(List<String> state, Call call) {
    return switch (call.kind()) {
      case GET -> String.join(",", state);
      case COUNT_FIELDS -> Integer.toString(state.size());
      case PUSH_FIRST, PUSH_LAST -> Integer.toString(state.size() + 1);
      case POP_FIRST -> state.isEmpty() ? null : state.get(0);
      case POP_LAST -> state.isEmpty() ? null : state.get(state.size() - 1);
      case DELETE -> state.isEmpty() ? "0" : "1";
      default -> throw new IllegalArgumentException("nobody asks a list to " + call);
    };
  }
}
