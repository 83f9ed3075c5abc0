package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.Durability;
import io.trefoil.check.Invocation;
import io.trefoil.check.Linearizability;
import io.trefoil.check.QuorumCounts;
import io.trefoil.check.Sessions;
import io.trefoil.check.StringModel;
import io.trefoil.check.Versions;
import io.trefoil.check.Violation;
import io.trefoil.simulation.SimulationFailure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Whether what clients of a database between regions were told, and what is there in the end, keeps
 * the promises. What a region loses by an asynchronous failover is in a divergence file: of those
 * keys nothing is expected, and while there are any, no order.
 */
final class RegionChecks {
  private final ClusterWorld world;
  private final LeftWrites left;

  RegionChecks(ClusterWorld world) {
    this.world = world;
    this.left = new LeftWrites(world.machines);
  }

  /**
   * @param contents what each node's replicas hold in the end
   */
  void check(List<Map<String, String>> contents) {
    if (world.shape().regions().clocksAreApart()) {
      contents.forEach(each -> each.keySet().removeIf(RegionClient::expires));
    }
    checkEqual(contents);
    Map<String, String> data = contents.get(0);
    world.history.forEach(it -> world.count(it.outcome().name().toLowerCase(Locale.ROOT)));
    checkDurability(data);
    SimulatedClient.requireWholeTransactions(data.keySet());
    checkCounts(data);
    checkRemoved(data);
    world.regions.forEach(this::checkOrder);
    if (left.isEmpty()) {
      checkSessions();
      checkCauses();
    }
  }

  private void checkEqual(List<Map<String, String>> contents) {
    for (int i = 1; i < contents.size(); i++) {
      if (!contents.get(i).equals(contents.get(0))) {
        throw new SimulationFailure(
            "replicas differ: "
                + world.machines.get(0)
                + " and "
                + world.machines.get(i)
                + ": "
                + ClusterChecks.difference(contents.get(0), contents.get(i)));
      }
    }
  }

  private void checkDurability(Map<String, String> data) {
    List<Violation> violations =
        Durability.check(of(it -> it.key().startsWith("unique-")), data, left.keys());
    ClusterWorld.require(
        violations.size() <= left.unknown(),
        violations.size() + " broken, " + left.unknown() + " not known; " + first(violations));
  }

  /**
   * Each acknowledged addition counts once, in whatever region; each uncertain one at most once.
   */
  private void checkCounts(Map<String, String> data) {
    List<Invocation> calls = of(it -> it.call().kind() == Call.Kind.INCREMENT);
    require(new QuorumCounts(calls).neverAsked(calls));
    long end = world.schedule.nowMicros() * 1_000;
    List<Invocation> ends = new ArrayList<>();
    calls.stream()
        .map(Invocation::key)
        .distinct()
        .forEach(
            key ->
                ends.add(
                    Invocation.acknowledged("end", key, Call.get(), end, end + 1, data.get(key))));
    require(new QuorumCounts(calls).neverAsked(ends));
    if (left.unknown() == 0) {
      List<Invocation> kept = calls.stream().filter(it -> !left.isOf(it.key())).toList();
      require(new QuorumCounts(kept).inTheEnd(data));
    }
  }

  /** What was written once and then removed, both for sure, is gone for good. */
  private void checkRemoved(Map<String, String> data) {
    Map<String, Invocation> written = new HashMap<>();
    for (Invocation it : of(each -> each.key().startsWith(RegionClient.ONCE))) {
      if (!it.isAcknowledged()) {
        written.remove(it.key());
      } else if (it.call().kind() == Call.Kind.SET) {
        written.put(it.key(), it);
      } else if (written.containsKey(it.key()) && left.unknown() == 0) {
        boolean isThere = data.containsKey(it.key()) && !left.isOf(it.key());
        ClusterWorld.require(!isThere, "what was removed is there again: " + it);
        world.count("removed for good");
      }
    }
  }

  /** What one region alone writes has one order there, unless some of it left the history. */
  private void checkOrder(SimulatedRegion region) {
    if (!new LeftWrites(region.machines).isEmpty()) {
      return;
    }
    List<Invocation> writes =
        of(it -> RegionClient.isOwnOf(it.key(), region) && !it.call().isRead());
    List<Invocation> fields = new ArrayList<>(writes);
    fields.removeIf(it -> !FieldKeys.isShared(it.key()));
    writes.removeIf(it -> FieldKeys.isShared(it.key()));
    require(Linearizability.check(writes, new StringModel()));
    require(FieldKeys.check(fields));
    world.count("histories linearizable");
  }

  /** In whatever region a session goes on. */
  private void checkSessions() {
    Versions counts = ClusterChecks.counts(world.sessionCalls);
    require(Sessions.check(Sessions.Guarantee.READ_YOUR_WRITES, world.sessionCalls, counts));
    require(Sessions.check(Sessions.Guarantee.MONOTONIC_READS, world.sessionCalls, counts));
  }

  private void checkCauses() {
    for (CauseClient.Seen seen : world.effects) {
      ClusterWorld.require(!seen.isBroken(), "an effect is seen without its cause: " + seen);
    }
    world.count("causes checked");
  }

  private List<Invocation> of(Predicate<Invocation> which) {
    return new ArrayList<>(world.history.stream().filter(which).toList());
  }

  private static void require(List<Violation> violations) {
    ClusterWorld.require(violations.isEmpty(), violations.size() + " broken, " + first(violations));
  }

  private static String first(List<Violation> violations) {
    return violations.isEmpty() ? "" : "first " + violations.get(0);
  }
}
