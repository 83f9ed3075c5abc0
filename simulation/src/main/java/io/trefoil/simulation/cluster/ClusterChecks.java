package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.Counters;
import io.trefoil.check.Durability;
import io.trefoil.check.Invocation;
import io.trefoil.check.Linearizability;
import io.trefoil.check.Sessions;
import io.trefoil.check.Staleness;
import io.trefoil.check.StringModel;
import io.trefoil.check.Versions;
import io.trefoil.check.Violation;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.node.LeftHistory;
import io.trefoil.simulation.SimulationFailure;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Whether what clients were told, and what is there in the end, keeps the promises. */
final class ClusterChecks {
  private final ClusterWorld world;
  private final int boundMillis;

  /**
   * @param boundMillis of the reads that are at most so old
   */
  ClusterChecks(ClusterWorld world, int boundMillis) {
    this.world = world;
    this.boundMillis = boundMillis;
  }

  /**
   * Checks it all.
   *
   * @param contents what each node's replicas hold in the end
   * @param seen what clients saw while it ran; what is found now is added
   */
  void check(List<Map<String, String>> contents, Set<Anomaly> seen) {
    for (Map<String, String> each : contents) {
      if (!each.equals(contents.get(0))) {
        throw new SimulationFailure("replicas differ: " + difference(contents.get(0), each));
      }
    }
    Map<String, String> data = contents.get(0);
    world.history.forEach(it -> world.count(it.outcome().name().toLowerCase(Locale.ROOT)));
    List<Invocation> unique =
        world.history.stream().filter(it -> it.key().startsWith("unique-")).toList();
    List<Violation> violations = Durability.check(unique, data, savedKeys());
    // Beyond the cap on the journal the number of entries is all that is saved.
    long unknown = unknownEntries();
    ClusterWorld.require(
        violations.size() <= unknown,
        violations.size() + " broken, " + unknown + " not known; first " + first(violations));
    for (int i = Durability.lost(unique, data).size(); i > 0; i--) {
      world.count("acknowledged, lost and saved");
      world.seen(Anomaly.ACKNOWLEDGED_WRITE_LOST);
    }
    Counters counters = new Counters(world.history);
    if (anythingDiverged()) {
      // A search for any order would not end here.
      if (!counters.countedTwice().isEmpty()) {
        world.seen(Anomaly.NO_ORDER);
      }
    } else {
      List<Invocation> all = new ArrayList<>(world.expiries);
      List<Invocation> fields = new ArrayList<>();
      for (Invocation it : world.history) {
        if (!it.key().startsWith(FieldKeys.FLEETING + "-")) {
          (FieldKeys.isShared(it.key()) ? fields : all).add(it);
        }
      }
      require(Linearizability.check(all, new StringModel()));
      require(FieldKeys.check(fields));
      // A copy that comes is a moment behind the leader, who answered in its place.
      require(world.isMoved() ? List.of() : readsThatGoBack());
      requireSessions();
      requireBound();
      world.count("histories linearizable");
    }
    require(counters.neverAsked(world.followerReads));
    counters.old(world.followerReads).forEach(read -> world.seen(Anomaly.OLD_FOLLOWER_READ));
    Set<Anomaly> forbidden = EnumSet.copyOf(seen.isEmpty() ? EnumSet.noneOf(Anomaly.class) : seen);
    forbidden.removeAll(world.mayBeSeen());
    ClusterWorld.require(forbidden.isEmpty(), "seen, though it may not happen: " + forbidden);
  }

  /** On one connection to a follower. */
  private List<Violation> readsThatGoBack() {
    return Sessions.check(
        Sessions.Guarantee.MONOTONIC_READS, world.followerReads, counts(world.followerReads));
  }

  /** Wherever a session goes on. */
  private void requireSessions() {
    Versions counts = counts(world.sessionCalls);
    require(Sessions.check(Sessions.Guarantee.READ_YOUR_WRITES, world.sessionCalls, counts));
    require(Sessions.check(Sessions.Guarantee.MONOTONIC_READS, world.sessionCalls, counts));
  }

  /** Whoever answered. */
  private void requireBound() {
    List<Invocation> calls = new ArrayList<>(world.boundedReads);
    for (Invocation it : world.history) {
      if (it.call().kind() == Call.Kind.INCREMENT) {
        calls.add(it);
      }
    }
    require(Staleness.check(calls, counts(calls), boundMillis * 1_000_000L));
  }

  /** In which order a counter's values came about. */
  static Versions counts(List<Invocation> calls) {
    Map<String, Integer> most = new TreeMap<>();
    for (Invocation it : calls) {
      if (it.isAcknowledged()) {
        most.merge(it.key(), it.value() == null ? 0 : Integer.parseInt(it.value()), Math::max);
      }
    }
    Versions counts = new Versions();
    most.forEach(
        (key, last) ->
            counts.add(key, IntStream.rangeClosed(1, last).mapToObj(Integer::toString).toList()));
    return counts;
  }

  private static void require(List<Violation> violations) {
    ClusterWorld.require(
        violations.isEmpty(), violations.size() + " broken, first " + first(violations));
  }

  private static String first(List<Violation> violations) {
    return violations.isEmpty() ? "" : violations.get(0).toString();
  }

  private long unknownEntries() {
    return world.machines.stream()
        .flatMap(machine -> machine.diverged.values().stream())
        .mapToLong(LeftHistory::unknownCount)
        .sum();
  }

  private boolean anythingDiverged() {
    return world.machines.stream().anyMatch(machine -> !machine.diverged.isEmpty());
  }

  private Set<String> savedKeys() {
    Set<String> keys = new TreeSet<>();
    for (Machine machine : world.machines) {
      for (LeftHistory left : machine.diverged.values()) {
        left.batches().forEach(batch -> keys.addAll(WrittenKeys.of(batch)));
      }
    }
    return keys;
  }

  static String difference(Map<String, String> one, Map<String, String> other) {
    Set<String> keys = new TreeSet<>(one.keySet());
    keys.addAll(other.keySet());
    keys.removeIf(key -> one.containsKey(key) && one.get(key).equals(other.get(key)));
    String first = keys.iterator().next();
    return first + " is " + one.get(first) + " and " + other.get(first);
  }
}
