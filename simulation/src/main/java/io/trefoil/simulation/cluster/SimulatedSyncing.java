package io.trefoil.simulation.cluster;

import io.trefoil.journal.Journal;
import io.trefoil.journal.JournalThreads;
import io.trefoil.journal.Syncing;
import java.io.IOException;

/** The journal's background work, done when the simulation likes. */
final class SimulatedSyncing implements Syncing {
  private final SimulatedProcess process;
  private final ClusterWorld world;
  private final Journal journal;
  private final JournalThreads.Listener listener;
  private long told;
  private boolean syncing;
  private boolean again;

  SimulatedSyncing(
      SimulatedProcess process,
      ClusterWorld world,
      Journal journal,
      JournalThreads.Listener listener) {
    this.process = process;
    this.world = world;
    this.journal = journal;
    this.listener = listener;
    this.told = journal.synced();
  }

  /** Begins to sync for nobody, and to prepare segments, again and again. */
  void start(long everyMicros) {
    process.after(
        everyMicros,
        () -> {
          sync();
          process.run(this::prepare);
          start(everyMicros);
        });
  }

  @Override
  public void requestSync(long offset) {
    again = true;
    sync();
  }

  private void sync() {
    if (syncing || journal.written() <= journal.synced()) {
      return;
    }
    syncing = true;
    again = false;
    long stalled = process.machine.stalledUntilMicros - world.schedule.nowMicros();
    process.after(
        Math.max(world.chance.syncMicros(), stalled),
        () -> {
          process.run(this::finish);
          syncing = false;
          if (again) {
            sync();
          }
        });
  }

  private void finish() {
    long synced = journal.sync();
    if (synced > told) {
      told = synced;
      listener.onSynced(synced);
    }
  }

  private void prepare() {
    try {
      journal.prepare();
    } catch (IOException e) {
      listener.onPreparingFailed(e);
    }
  }

  @Override
  public void close() {}
}
