package io.trefoil.simulation;

import io.trefoil.base.Position;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A journal: records that are written, of which the first so many are synced. A killed process
 * leaves all that was written; a machine that loses power leaves what was synced and perhaps more.
 */
final class SimulatedDisk {
  /** What stands in the journal. */
  sealed interface Record {}

  /**
   * @param commitIndex what recovery may apply once it finds this record
   */
  record Entries(EntryBatch batch, long commitIndex) implements Record {}

  record Cut(long fromIndex) implements Record {}

  record Promise(long epoch) implements Record {}

  record Counts(boolean counts) implements Record {}

  /** The copy starts anew from here. It does not count until a record says so. */
  record Start(Snapshot snapshot) implements Record {}

  /** The entries up to here are in storage and not in the journal any more. */
  record Checkpoint(long index, Registers state) implements Record {}

  /** A partition as it was at one position. */
  record Snapshot(
      long epoch, Position position, EpochTable epochs, long logTimeMillis, Registers state) {
    Snapshot with(Registers other) {
      return new Snapshot(epoch, position, epochs, logTimeMillis, other);
    }
  }

  private final List<Record> records = new ArrayList<>();
  private int synced;

  void write(Record record) {
    records.add(record);
  }

  int written() {
    return records.size();
  }

  boolean isSynced() {
    return synced == records.size();
  }

  void syncUpTo(int count) {
    synced = Math.max(synced, Math.min(count, records.size()));
  }

  /** How many records a loss of power may take. */
  int unsynced() {
    return records.size() - synced;
  }

  /**
   * Power is gone.
   *
   * @param lost how many of the records that were not synced are lost
   */
  void losePower(int lost) {
    records.subList(records.size() - lost, records.size()).clear();
    synced = records.size();
  }

  /** What recovery finds; it syncs what it found, so that all of it is stable. */
  Contents recover() {
    synced = records.size();
    Contents contents = new Contents();
    records.forEach(contents::replay);
    return contents;
  }

  /** What the records add up to. */
  static final class Contents {
    final TreeMap<Long, EntryBatch> log = new TreeMap<>();
    EpochTable epochs = new EpochTable();
    Registers base = new Registers();
    long baseIndex;
    long lastIndex;
    long commitIndex;
    long logTimeMillis;
    long promised;
    boolean counts = true;

    private void replay(Record record) {
      if (record instanceof Entries entries) {
        EntryBatch batch = entries.batch();
        log.put(batch.firstIndex(), batch);
        epochs.append(batch.epoch(), batch.firstIndex());
        lastIndex = batch.lastIndex();
        commitIndex = Math.max(commitIndex, Math.min(entries.commitIndex(), lastIndex));
        logTimeMillis = Math.max(logTimeMillis, batch.logTimeMillis());
      } else if (record instanceof Cut cut) {
        cut(log, cut.fromIndex());
        epochs.cut(cut.fromIndex());
        lastIndex = cut.fromIndex() - 1;
        commitIndex = Math.min(commitIndex, lastIndex);
      } else if (record instanceof Promise promise) {
        promised = Math.max(promised, promise.epoch());
      } else if (record instanceof Counts it) {
        counts = it.counts();
      } else if (record instanceof Checkpoint checkpoint) {
        base = checkpoint.state();
        baseIndex = checkpoint.index();
        commitIndex = Math.max(commitIndex, baseIndex);
        dropUpTo(log, baseIndex);
      } else if (record instanceof Start start) {
        restart(start.snapshot());
      }
    }

    private void restart(Snapshot snapshot) {
      log.clear();
      epochs = snapshot.epochs().copy();
      base = snapshot.state();
      baseIndex = snapshot.position().index();
      lastIndex = baseIndex;
      commitIndex = baseIndex;
      logTimeMillis = Math.max(logTimeMillis, snapshot.logTimeMillis());
      counts = false;
    }
  }

  static void cut(TreeMap<Long, EntryBatch> log, long fromIndex) {
    log.tailMap(fromIndex, true).clear();
    Map.Entry<Long, EntryBatch> last = log.lastEntry();
    if (last != null && last.getValue().lastIndex() >= fromIndex) {
      log.put(last.getKey(), last.getValue().before(fromIndex));
    }
  }

  static void dropUpTo(TreeMap<Long, EntryBatch> log, long index) {
    while (!log.isEmpty() && log.firstKey() <= index) {
      EntryBatch first = log.pollFirstEntry().getValue();
      if (first.lastIndex() > index) {
        EntryBatch rest = first.from(index + 1);
        log.put(rest.firstIndex(), rest);
      }
    }
  }
}
