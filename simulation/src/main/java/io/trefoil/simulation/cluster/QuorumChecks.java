package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.Durability;
import io.trefoil.check.Invocation;
import io.trefoil.check.QuorumCounts;
import io.trefoil.check.QuorumReads;
import io.trefoil.check.Violation;
import io.trefoil.control.Conflict;
import io.trefoil.control.Quorums;
import io.trefoil.simulation.SimulationFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Whether what clients of a leaderless database saw keeps what its R and W promise. */
final class QuorumChecks {
  private final ClusterWorld world;
  private final int replicas;
  private final Quorums quorums;

  QuorumChecks(ClusterWorld world) {
    this.world = world;
    this.replicas = world.shape().replicas();
    this.quorums = world.shape().quorums();
  }

  /**
   * @param contents what each node's replicas hold in the end
   */
  void check(List<Map<String, String>> contents) {
    for (Map<String, String> each : contents) {
      if (!each.equals(contents.get(0))) {
        throw new SimulationFailure(
            "replicas differ: " + ClusterChecks.difference(contents.get(0), each));
      }
    }
    Map<String, String> data = contents.get(0);
    world.history.forEach(it -> world.count(it.outcome().name().toLowerCase(Locale.ROOT)));
    require(
        Durability.check(
            world.history.stream().filter(it -> it.key().startsWith("unique-")).toList(),
            data,
            Set.of()));
    SimulatedClient.requireWholeTransactions(data.keySet());
    checkCounts(data);
    checkReads(data);
  }

  /** What is there in the end was read by everybody, after everything. */
  private void checkReads(Map<String, String> data) {
    List<Invocation> all = new ArrayList<>();
    Map<String, Long> lastEnd = new TreeMap<>();
    for (Invocation it : world.history) {
      if (!isCounter(it) && !maySplit(it)) {
        all.add(it);
        lastEnd.merge(it.key(), it.startNanos(), Math::max);
      }
    }
    long end = world.schedule.nowMicros() * 1_000;
    lastEnd.forEach(
        (key, start) ->
            all.add(
                Invocation.acknowledged("end", key, Call.get(), end, end + 1, held(data, key))));
    // Of two writes with the clocks apart, either may be the later one; and a removal that does not
    // ask enough replicas leaves what they have.
    if (quorums.writesOverlap(replicas) && quorums.overlap(replicas)) {
      require(QuorumReads.stale(all));
      if (2 * quorums.reads() > replicas) {
        require(QuorumReads.goBack(all));
      }
      world.count("quorum reads checked");
    }
  }

  /** A member is there or not. */
  private static String held(Map<String, String> data, String key) {
    boolean member = key.startsWith(QuorumClient.BAG + "-") && data.containsKey(key);
    return member ? QuorumClient.THERE : data.get(key);
  }

  /**
   * A text that several wrote may have siblings, of which a read shows one, and a write replaces
   * one.
   */
  private boolean maySplit(Invocation it) {
    return quorums.conflict() == Conflict.SIBLINGS && it.key().startsWith(QuorumClient.TEXT + "-");
  }

  private static boolean isCounter(Invocation it) {
    return it.key().startsWith("counter-");
  }

  /** Each acknowledged addition counts once, each uncertain one at most once. */
  private void checkCounts(Map<String, String> data) {
    List<Invocation> calls = world.history.stream().filter(QuorumChecks::isCounter).toList();
    QuorumCounts counts = new QuorumCounts(calls);
    require(counts.inTheEnd(data));
    require(counts.neverAsked(calls));
    if (quorums.overlap(replicas)) {
      require(counts.stale(calls));
    }
  }

  private static void require(List<Violation> violations) {
    ClusterWorld.require(
        violations.isEmpty(),
        violations.size() + " broken, first " + (violations.isEmpty() ? "" : violations.get(0)));
  }
}
