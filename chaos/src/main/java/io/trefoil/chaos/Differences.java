package io.trefoil.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;

/** In what nodes differ, in words. */
final class Differences {
  private static final int SHOWN_MAX = 5;

  private Differences() {}

  /**
   * @param contents by node
   */
  static String between(List<Map<String, String>> contents) {
    SortedSet<String> keys = new TreeSet<>();
    contents.forEach(each -> keys.addAll(each.keySet()));
    List<String> different = new ArrayList<>();
    for (String key : keys) {
      List<String> values = contents.stream().map(each -> each.get(key)).toList();
      if (values.stream().anyMatch(each -> !Objects.equals(each, values.get(0)))) {
        different.add(key + " is " + values);
      }
    }
    List<String> shown = different.subList(0, Math.min(SHOWN_MAX, different.size()));
    return "nodes answer different data: "
        + different.size()
        + " keys, the first: "
        + String.join("; ", shown);
  }
}
