package io.trefoil.cli.demo;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Notices that a replica that was away has got all that was kept for it. Not thread-safe. */
final class HintChanges {
  private final Map<String, Long> mostKept = new TreeMap<>();

  /**
   * Sees how it is with a node's copies.
   *
   * @param away whether coordinators don't hear of it
   * @param kept entries that they keep for it
   * @param inSync whether none waits for it
   * @return what to tell; empty when nothing happened
   */
  Optional<String> see(String node, boolean away, long kept, boolean inSync) {
    if (away) {
      mostKept.merge(node, kept, Math::max);
      return Optional.empty();
    }
    if (!inSync || !mostKept.containsKey(node)) {
      return Optional.empty();
    }
    long most = mostKept.remove(node);
    return most == 0
        ? Optional.empty()
        : Optional.of(node + " is back and has all that was kept for it: " + most + " hints");
  }
}
