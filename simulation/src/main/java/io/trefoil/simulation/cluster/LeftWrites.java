package io.trefoil.simulation.cluster;

import io.trefoil.node.LeftHistory;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/** What left the history of some machines, as their divergence files tell. */
final class LeftWrites {
  private final Set<String> keys = new TreeSet<>();
  private boolean empty = true;
  private long unknown;

  LeftWrites(Collection<Machine> machines) {
    for (Machine machine : machines) {
      for (LeftHistory left : machine.diverged.values()) {
        empty = false;
        unknown += left.unknownCount();
        left.batches().forEach(batch -> keys.addAll(WrittenKeys.of(batch)));
      }
    }
  }

  boolean isEmpty() {
    return empty;
  }

  /** Of how many entries nothing but their number is known. */
  long unknown() {
    return unknown;
  }

  /** Keys that are written there; a field is {@code key/field}. */
  Set<String> keys() {
    return keys;
  }

  /** Whether a key, or the key of a field, is among them. */
  boolean isOf(String key) {
    return keys.contains(key) || keys.contains(key.split("/")[0]);
  }
}
