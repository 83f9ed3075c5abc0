package io.trefoil.replication.singleleader;

import io.trefoil.base.Invariants;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.Effects;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;

/**
 * What a replica knows of its own log, whichever role it plays. {@code 0 ≤ commit ≤ last} and
 * {@code 0 ≤ synced ≤ stable ≤ last}; commit never goes back, except when a snapshot replaces a
 * diverged history.
 */
final class ReplicaLog {
  private EpochTable epochs;
  private long lastIndex;
  private long stableIndex;
  private long syncedIndex;
  private long commitIndex;
  private long timeMillis;

  /** A log as recovery found it: recovery synced it, so all of it is stable. */
  ReplicaLog(EpochTable epochs, long lastIndex, long commitIndex, long timeMillis) {
    Invariants.check(
        commitIndex >= 0 && commitIndex <= lastIndex,
        "committed is in the log",
        commitIndex,
        lastIndex);
    this.epochs = epochs;
    this.lastIndex = lastIndex;
    this.stableIndex = lastIndex;
    this.syncedIndex = lastIndex;
    this.commitIndex = commitIndex;
    this.timeMillis = timeMillis;
  }

  long lastIndex() {
    return lastIndex;
  }

  long stableIndex() {
    return stableIndex;
  }

  /** Up to where the copy is known to be synced, whether the rule asks for it or not. */
  long syncedIndex() {
    return syncedIndex;
  }

  long commitIndex() {
    return commitIndex;
  }

  /** Log time, which never goes back. */
  long timeMillis() {
    return timeMillis;
  }

  EpochTable epochs() {
    return epochs;
  }

  Position last() {
    return epochs.positionAt(lastIndex);
  }

  boolean isStable() {
    return stableIndex == lastIndex;
  }

  boolean contains(Position position) {
    return position.index() <= lastIndex && epochs.epochAt(position.index()) == position.epoch();
  }

  void observeTime(long millis) {
    timeMillis = Math.max(timeMillis, millis);
  }

  void append(EntryBatch batch, Effects out) {
    Invariants.check(
        batch.firstIndex() == lastIndex + 1,
        "no gap and no overlap",
        batch.firstIndex(),
        lastIndex);
    epochs.append(batch.epoch(), batch.firstIndex());
    lastIndex = batch.lastIndex();
    observeTime(batch.logTimeMillis());
    out.add(new Effect.Append(batch));
  }

  /** Cuts what was never committed. */
  void cut(long fromIndex, Effects out) {
    Invariants.check(
        fromIndex > commitIndex && fromIndex <= lastIndex, "cuts a tail", fromIndex, commitIndex);
    epochs.cut(fromIndex);
    lastIndex = fromIndex - 1;
    stableIndex = Math.min(stableIndex, lastIndex);
    syncedIndex = Math.min(syncedIndex, lastIndex);
    out.add(new Effect.Cut(fromIndex));
  }

  /** Word of what was cut meanwhile is ignored. */
  void stable(Position upTo, boolean synced) {
    if (contains(upTo)) {
      stableIndex = Math.max(stableIndex, upTo.index());
      syncedIndex = synced ? Math.max(syncedIndex, upTo.index()) : syncedIndex;
    }
  }

  void commit(long index, Effects out) {
    Invariants.check(index <= lastIndex, "commits what is in the log", index, lastIndex);
    if (index > commitIndex) {
      commitIndex = index;
      out.add(new Effect.Commit(index));
    }
  }

  void replace(Position position, EpochTable newEpochs, long logTimeMillis) {
    Invariants.check(
        newEpochs.epochAt(position.index()) == position.epoch(),
        "a snapshot's epochs lead to its position",
        newEpochs.epochAt(position.index()),
        position.epoch());
    epochs = newEpochs.copy();
    epochs.cut(position.index() + 1);
    lastIndex = position.index();
    stableIndex = lastIndex;
    syncedIndex = lastIndex;
    commitIndex = lastIndex;
    observeTime(logTimeMillis);
  }
}
