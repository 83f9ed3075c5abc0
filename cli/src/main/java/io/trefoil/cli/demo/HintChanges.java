package io.trefoil.cli.demo;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Notices that a replica that was away has got nearly all that was kept for it; a few new entries
 * are always under way. Not thread-safe.
 */
final class HintChanges {
  /** So small a part of the most may be left. */
  private static final int NEARLY_ALL = 20;

  private final Map<String, Long> mostKept = new TreeMap<>();

  /**
   * Sees how it is with a node's copies.
   *
   * @param away whether coordinators don't hear of it
   * @param kept entries that they keep for it
   * @return what to tell; empty when nothing happened
   */
  Optional<String> see(String node, boolean away, long kept) {
    if (away) {
      mostKept.merge(node, kept, Math::max);
      return Optional.empty();
    }
    Long most = mostKept.get(node);
    if (most == null || kept * NEARLY_ALL > most) {
      return Optional.empty();
    }
    mostKept.remove(node);
    return most == 0
        ? Optional.empty()
        : Optional.of(node + " is back: " + most + " hints were kept for it, now " + kept);
  }
}
