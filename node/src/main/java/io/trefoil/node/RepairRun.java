package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.replication.leaderless.AntiEntropy;
import io.trefoil.replication.leaderless.RepairCounters;
import io.trefoil.replication.leaderless.RepairView;
import io.trefoil.replication.leaderless.RepairView.Progress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.BooleanSupplier;

/**
 * Rounds that an operator asked for: of some of this node's replicas, with all others of theirs at
 * once. Knows when each has ended. Belongs to the data loop's thread.
 */
final class RepairRun {
  /**
   * A replica.
   *
   * @param runNow begins its rounds
   * @param isHere whether this node still has it
   */
  record Replica(AntiEntropy machine, Runnable runNow, BooleanSupplier isHere) {
    static Replica of(QuorumReplica replica, BooleanSupplier isHere) {
      return new Replica(replica.repair().machine(), replica.repair()::runNow, isHere);
    }
  }

  /** One replica's rounds. */
  private static final class Rounds {
    final Replica replica;
    final long version;
    final long since;
    final RepairCounters before;
    final SortedMap<NodeId, RepairView> viewsBefore;
    final Map<NodeId, Progress> outcomes = new HashMap<>();
    long keysMerged;

    Rounds(Replica replica) {
      this.replica = replica;
      this.version = replica.machine().version();
      this.since = replica.machine().lastRound();
      this.before = replica.machine().counters();
      this.viewsBefore = replica.machine().peers();
    }

    int running() {
      return viewsBefore.size() - outcomes.size();
    }

    void look() {
      if (running() == 0) {
        return;
      }
      if (!replica.isHere().getAsBoolean() || replica.machine().version() != version) {
        viewsBefore.keySet().forEach(peer -> outcomes.putIfAbsent(peer, Progress.FAILED));
        return;
      }
      replica.machine().peers().forEach(this::look);
    }

    /** One that began before may still have run then: it says nothing of what came since. */
    private void look(NodeId peer, RepairView view) {
      if (view.endedRound() > since && !outcomes.containsKey(peer)) {
        outcomes.put(peer, view.outcome());
        keysMerged += view.keysMerged() - viewsBefore.get(peer).keysMerged();
      }
    }

    long count(Progress outcome) {
      return outcomes.values().stream().filter(each -> each == outcome).count();
    }

    RepairTotals totals() {
      RepairCounters now = replica.machine().counters();
      return new RepairTotals(
          1,
          viewsBefore.size(),
          count(Progress.EQUAL),
          count(Progress.DIFFERED),
          count(Progress.FAILED),
          running(),
          keysMerged,
          now.leavesPulled() - before.leavesPulled(),
          now.bytesSent() - before.bytesSent());
    }
  }

  private final List<Rounds> all = new ArrayList<>();

  /** Begins the rounds. */
  RepairRun(List<Replica> replicas) {
    for (Replica each : replicas) {
      all.add(new Rounds(each));
      each.runNow().run();
    }
  }

  /** Whether all have ended by now. */
  boolean isDone() {
    all.forEach(Rounds::look);
    return all.stream().allMatch(each -> each.running() == 0);
  }

  /** What came of it so far, as of the last {@link #isDone}. */
  RepairTotals totals() {
    return all.stream().map(Rounds::totals).reduce(RepairTotals.NONE, RepairTotals::plus);
  }
}
