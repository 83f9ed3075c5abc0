package io.trefoil.simulation;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.singleleader.SingleLeaderReplica;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What must hold after every event, told of everything and believing nobody.
 *
 * <ul>
 *   <li>One leader in an epoch, which appends all that the epoch writes.
 *   <li>The same position is the same entry after the same position: so by induction two logs with
 *       a position in common are equal up to it.
 *   <li>What was committed stays committed: no replica commits another entry there, and every later
 *       leader has it. Void for what was committed before an appointment that may lose.
 *   <li>The commit index never goes back, but where a history parted.
 *   <li>Nobody serves in an epoch when a later one has its leader.
 * </ul>
 */
final class Checks {
  private record Entry(long previousEpoch, Operation.Content content) {}

  /**
   * What is committed at an index.
   *
   * @param in the epoch in which it was: leaders of later epochs must have it
   */
  private record Committed(long epoch, long in) {}

  /** Who began to lead, and on top of which log. */
  private record Leader(NodeId node, EpochTable epochs, long lastIndex) {
    boolean has(long index, long epoch) {
      return index <= lastIndex && epochs.epochAt(index) == epoch;
    }
  }

  private final Map<Position, Entry> entries = new HashMap<>(); // never iterated
  private final TreeMap<Long, Leader> leaders = new TreeMap<>();
  private final List<Committed> committed = new ArrayList<>(List.of(new Committed(0, 0)));
  private final SortedSet<Integer> diverged = new TreeSet<>();
  private long appointedEpoch;
  private final TreeSet<Long> losingEpochs = new TreeSet<>(List.of(0L));
  private long forgottenAt;
  private long firstLossMicros = Long.MAX_VALUE;

  static void require(boolean holds, String message) {
    if (!holds) {
      throw new SimulationFailure(message);
    }
  }

  /** Since when something may be lost; never, when nothing may. */
  long firstLossMicros() {
    return firstLossMicros;
  }

  boolean mayHaveLost() {
    return lastLosingEpoch() > 0;
  }

  /** The last epoch whose appointment may lose; 0 for none. */
  private long lastLosingEpoch() {
    return losingEpochs.last();
  }

  /** Numbers of the operations whose entries were reported as diverged. */
  SortedSet<Integer> diverged() {
    return diverged;
  }

  void appointed(long epoch, boolean mayLose, long nowMicros) {
    appointedEpoch = Math.max(appointedEpoch, epoch);
    if (mayLose) {
      losingEpochs.add(epoch);
      firstLossMicros = Math.min(firstLossMicros, nowMicros);
    }
  }

  void appended(NodeId node, EntryBatch batch, long previousEpoch) {
    long previous = previousEpoch;
    long index = batch.firstIndex();
    for (Operation.Content content : Operation.decode(batch.body(), batch.count())) {
      Position position = new Position(batch.epoch(), index++);
      Entry entry = new Entry(previous, content);
      Entry known = entries.putIfAbsent(position, entry);
      if (known == null) {
        require(
            leaders.containsKey(batch.epoch()) && node.equals(leaders.get(batch.epoch()).node()),
            node + " appended " + position + ", which its leader never wrote");
      } else {
        require(
            known.equals(entry),
            "logs do not match: " + position + " is " + known + " and on " + node + " " + entry);
      }
      previous = batch.epoch();
    }
  }

  void becameLeader(NodeId node, long epoch, SingleLeaderReplica replica) {
    Leader leader = new Leader(node, replica.epochs(), replica.lastIndex());
    Leader other = leaders.putIfAbsent(epoch, leader);
    require(other == null, "two leaders in epoch " + epoch + ": " + other + " and " + leader);
    boolean newest = leaders.lastKey() == epoch;
    if (newest && losingEpochs.floor(epoch) > forgottenAt) {
      forgottenAt = epoch;
      forgetWhatIsNotIn(replica);
    }
    if (epoch >= lastLosingEpoch()) {
      for (int index = 1; index < committed.size(); index++) {
        requireIn(leader, epoch, index, committed.get(index));
      }
    }
  }

  /** A leader that is told late that it leads lacks what later ones committed. */
  private static void requireIn(Leader leader, long leads, long index, Committed it) {
    require(
        it.in() >= leads || leader.has(index, it.epoch()),
        leader.node()
            + " leads epoch "
            + leads
            + " without "
            + it.epoch()
            + ":"
            + index
            + ", which is committed");
  }

  /** What recovery takes for committed is, unless a history may have been lost. */
  void recovered(NodeId node, SingleLeaderReplica replica) {
    if (!mayHaveLost()) {
      committed(node, 1, replica.commitIndex(), replica);
    }
  }

  private void forgetWhatIsNotIn(SingleLeaderReplica replica) {
    int index = 1;
    while (index < committed.size()
        && index <= replica.lastIndex()
        && replica.epochAt(index) == committed.get(index).epoch()) {
      index++;
    }
    committed.subList(index, committed.size()).clear();
  }

  void committed(NodeId node, long fromIndex, long toIndex, SingleLeaderReplica replica) {
    if (replica.epoch() < lastLosingEpoch()) {
      return; // a history that may be lost already
    }
    // What was not looked at while the history might be lost is committed now, too.
    long first = mayHaveLost() ? Math.min(fromIndex, committed.size()) : fromIndex;
    for (long index = first; index <= toIndex; index++) {
      long epoch = replica.epochAt(index);
      if (index < committed.size()) {
        long known = committed.get((int) index).epoch();
        require(
            known == epoch,
            node
                + " commits "
                + epoch
                + ":"
                + index
                + " where "
                + known
                + ":"
                + index
                + " is committed");
      } else {
        require(index == committed.size(), "a gap before index " + index);
        Committed it = new Committed(epoch, replica.epoch());
        committed.add(it);
        long at = index;
        leaders
            .tailMap(replica.epoch(), false)
            .forEach((leads, leader) -> requireIn(leader, leads, at, it));
      }
    }
  }

  void diverged(long fromIndex, long toIndex, EpochTable epochs) {
    for (long index = fromIndex; index <= toIndex; index++) {
      diverged.add(contentAt(epochs.positionAt(index)).number());
    }
  }

  void serves(NodeId node, long epoch) {
    require(
        epoch >= appointedEpoch,
        node + " serves in epoch " + epoch + " while epoch " + appointedEpoch + " has its leader");
  }

  Operation.Content contentAt(Position position) {
    Entry entry = entries.get(position);
    require(entry != null, "nobody wrote " + position);
    return entry.content();
  }

  /** A whole history, in order. */
  List<Operation.Content> history(EpochTable epochs, long lastIndex) {
    List<Operation.Content> history = new ArrayList<>();
    for (long index = 1; index <= lastIndex; index++) {
      history.add(contentAt(epochs.positionAt(index)));
    }
    return history;
  }
}
