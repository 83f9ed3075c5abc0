package io.trefoil.node;

import io.trefoil.command.Server.RefusedSetting;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Settings of Redis that say from which size on it keeps a value in another encoding. They are
 * taken and shown, for clients and test suites that set them; values are kept in cells here,
 * whatever they say. A node forgets them when it stops.
 */
final class EncodingSettings {
  /** As Redis 7.0 has them. */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "hash-max-listpack-entries", "512",
          "hash-max-listpack-value", "64",
          "list-compress-depth", "0",
          "list-max-listpack-size", "-2",
          "set-max-intset-entries", "512",
          "zset-max-listpack-entries", "128",
          "zset-max-listpack-value", "64");

  private final SortedMap<String, String> values = new TreeMap<>(DEFAULTS);

  /** By all their names: those with {@code listpack} have an older one with {@code ziplist}. */
  SortedMap<String, String> shown() {
    SortedMap<String, String> shown = new TreeMap<>(values);
    values.forEach((name, value) -> shown.put(name.replace("listpack", "ziplist"), value));
    return shown;
  }

  boolean has(String name) {
    return values.containsKey(nameOf(name));
  }

  private static String nameOf(String name) {
    return name.replace("ziplist", "listpack");
  }

  /** Why a value is none, or empty when it is one. */
  Optional<RefusedSetting> refuse(String name, String value) {
    try {
      Integer.parseInt(value);
      return Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.of(new RefusedSetting(name, "argument couldn't be parsed into an integer"));
    }
  }

  void set(String name, String value) {
    values.put(nameOf(name), value);
  }
}
