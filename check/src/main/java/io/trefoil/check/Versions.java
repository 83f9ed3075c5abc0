package io.trefoil.check;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * In which order the values of keys came about, for checkers that compare what was read with what
 * is newer. Values of a key are all different; the empty key has version 0.
 */
public final class Versions {
  private final Map<String, Map<String, Integer>> byKey = new HashMap<>();

  /**
   * Takes the values of a key, oldest first.
   *
   * @throws IllegalArgumentException when a value comes twice: it would not tell its version
   */
  public Versions add(String key, List<String> values) {
    Map<String, Integer> versions = new HashMap<>();
    for (String value : values) {
      if (versions.put(value, versions.size() + 1) != null) {
        throw new IllegalArgumentException(key + " has the value " + value + " twice");
      }
    }
    byKey.put(key, versions);
    return this;
  }

  /** The version of a value; 0 for null, and for a value that never came about -1. */
  public int of(String key, String value) {
    return value == null ? 0 : byKey.getOrDefault(key, Map.of()).getOrDefault(value, -1);
  }
}
