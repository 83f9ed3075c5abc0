package io.trefoil.replication.singleleader;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.Effects;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Message;

/**
 * A follower of one epoch: takes entries after the position they belong to, and says what is
 * stable.
 */
final class Following implements Role {
  private final SingleLeaderReplica replica;
  private final ReplicaLog log;
  private final long epoch;
  private final NodeId leader;

  /** Last index known to be equal to this leader's log; -1 while none is, not even 0. */
  private long verified = -1;

  /**
   * @param leader null while the epoch has none
   */
  Following(SingleLeaderReplica replica, long epoch, NodeId leader) {
    this.replica = replica;
    this.log = replica.log();
    this.epoch = epoch;
    this.leader = leader;
  }

  @Override
  public NodeId leader() {
    return leader;
  }

  void onAppend(Message.Append append, Effects out) {
    log.observeTime(append.logTimeMillis());
    if (replica.diverged()) {
      out.add(new Effect.Send(leader, new Message.NeedSnapshot(epoch)));
      return;
    }
    Position previous = append.previous();
    if (!log.contains(previous)) {
      out.add(new Effect.Send(leader, new Message.Mismatch(epoch, previous, latestFit(previous))));
      return;
    }
    EntryBatch batch = append.batch();
    if (batch != null && !takeEntries(previous, batch, out)) {
      return;
    }
    verified = Math.max(verified, batch == null ? previous.index() : batch.lastIndex());
    replica.everywhere(Math.min(append.everywhereIndex(), verified));
    // Not simply the leader's: beyond what was verified, this log may be another history.
    log.commit(Math.min(append.commitIndex(), verified), out);
    if (log.stableIndex() >= verified) {
      acknowledge(out);
    }
  }

  /** Appends what is new of the batch. False when that would cut applied entries. */
  private boolean takeEntries(Position previous, EntryBatch batch, Effects out) {
    Invariants.check(
        batch.firstIndex() == previous.index() + 1,
        "entries follow the position before them",
        batch.firstIndex(),
        previous.index());
    long index = firstNew(batch);
    if (index > batch.lastIndex()) {
      return true; // a repeated or late batch: cutting what follows it would lose acknowledged
      // entries
    }
    if (index <= log.commitIndex()) {
      replica.diverge(index, out);
      out.add(new Effect.Send(leader, new Message.NeedSnapshot(epoch)));
      return false;
    }
    if (index <= log.lastIndex()) {
      log.cut(index, out);
    }
    log.append(batch.from(index), out);
    return true;
  }

  /** First index of the batch that is not in this log, or is there with another epoch. */
  private long firstNew(EntryBatch batch) {
    long index = batch.firstIndex();
    while (index <= batch.lastIndex()
        && index <= log.lastIndex()
        && log.epochs().epochAt(index) == batch.epoch()) {
      index++;
    }
    return index;
  }

  private Position latestFit(Position previous) {
    long end = Math.min(previous.index(), log.lastIndex());
    return log.epochs().positionAt(log.epochs().lastIndexUpTo(previous.epoch(), end));
  }

  boolean isVerified() {
    return leader != null && verified >= log.lastIndex();
  }

  void onWhole(Effects out) {
    if (!replica.counts() && !replica.diverged()) {
      replica.countAgain(out);
      acknowledge(out);
    }
  }

  @Override
  public void onStable(Effects out) {
    acknowledge(out);
  }

  @Override
  public void onPromiseDurable(Effects out) {
    acknowledge(out);
  }

  @Override
  public void onTick(Effects out) {}

  /** A snapshot of this epoch's leader is part of its log; one of an earlier leader may not be. */
  void onSnapshotInstalled(long snapshotEpoch, Effects out) {
    verified = snapshotEpoch == epoch ? log.lastIndex() : -1;
    acknowledge(out);
  }

  /** Nothing is acknowledged of an epoch that this replica could forget. */
  private void acknowledge(Effects out) {
    if (leader == null || verified < 0 || !replica.epochIsDurable()) {
      return;
    }
    long index = Math.min(log.stableIndex(), verified);
    long synced = Math.min(log.syncedIndex(), index);
    out.add(new Effect.Send(leader, new Message.Appended(epoch, index, replica.counts(), synced)));
  }

  @Override
  public String toString() {
    return leader == null ? "follower of nobody" : "follower of " + leader;
  }
}
