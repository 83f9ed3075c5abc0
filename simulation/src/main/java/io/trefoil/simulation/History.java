package io.trefoil.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whether what clients saw is linearizable, key by key. A general search is not needed: a reply
 * carries the register's version, so the order is known and only has to be compared with time.
 *
 * <p>Writes of a key have versions 1, 2, 3…; a read of version v stands after write v and before
 * write v + 1. That order is a linearization exactly when no operation that ended before another
 * began stands behind it, and each observed what the writes before it left.
 */
final class History {
  /**
   * An operation with its place in the order.
   *
   * @param endMicros never, for a write whose client does not know
   */
  record Seen(
      int key, boolean write, long startMicros, long endMicros, long version, Object observed) {
    /** Reads of a version stand behind the write that made it. */
    private long place() {
      return version * 2 + (write ? 0 : 1);
    }

    @Override
    public String toString() {
      return (write ? "write" : "read")
          + " of k"
          + key
          + " version "
          + version
          + " at "
          + startMicros
          + ".."
          + (endMicros == Long.MAX_VALUE ? "" : endMicros)
          + " "
          + observed;
    }
  }

  private History() {}

  /**
   * Throws when the operations are not linearizable.
   *
   * @throws SimulationFailure naming two operations that no order suits
   */
  static void check(List<Seen> operations) {
    Map<Integer, List<Seen>> byKey = new TreeMap<>();
    operations.forEach(it -> byKey.computeIfAbsent(it.key(), key -> new ArrayList<>()).add(it));
    byKey.values().forEach(History::checkKey);
  }

  private static void checkKey(List<Seen> operations) {
    Map<Long, Seen> byVersion = new HashMap<>();
    Map<Long, Seen> writes = new HashMap<>();
    for (Seen it : operations) {
      Seen other = byVersion.putIfAbsent(it.version(), it);
      Checks.require(
          other == null || other.observed().equals(it.observed()),
          "one version, two values: " + other + " and " + it);
      Seen write = it.write() ? writes.putIfAbsent(it.version(), it) : null;
      Checks.require(write == null, "two writes of one version: " + write + " and " + it);
    }
    checkTime(operations);
  }

  private static void checkTime(List<Seen> operations) {
    List<Seen> byStart = new ArrayList<>(operations);
    byStart.sort(Comparator.comparingLong(Seen::startMicros));
    List<Seen> byEnd = new ArrayList<>(operations);
    byEnd.sort(Comparator.comparingLong(Seen::endMicros));
    int ended = 0;
    Seen latest = null; // of those that ended, the one furthest in the order
    for (Seen it : byStart) {
      while (byEnd.get(ended).endMicros() < it.startMicros()) {
        Seen end = byEnd.get(ended++);
        latest = latest == null || end.place() > latest.place() ? end : latest;
      }
      Checks.require(
          latest == null || latest.place() <= it.place(),
          "not linearizable: " + latest + " ended before it began, and yet: " + it);
    }
  }
}
