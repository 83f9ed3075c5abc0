package io.trefoil.simulation.cluster;

import io.trefoil.base.Clock;
import io.trefoil.base.NodeId;
import io.trefoil.control.Consensus;
import io.trefoil.journal.Journal;
import io.trefoil.journal.JournalReplay;
import io.trefoil.journal.JournalSettings;
import io.trefoil.journal.JournalThreads;
import io.trefoil.journal.Syncing;
import io.trefoil.node.ConflictFolder;
import io.trefoil.node.DivergenceFolder;
import io.trefoil.node.Loop;
import io.trefoil.node.NodeCore;
import io.trefoil.node.NodeFailure;
import io.trefoil.node.NodeIdentity;
import io.trefoil.node.NodePorts;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.simulation.Mutant;
import io.trefoil.simulation.Schedule;
import io.trefoil.storage.Storage;
import io.trefoil.storage.StorageException;
import io.trefoil.transport.PeerListener;
import io.trefoil.transport.Peers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * One process on a simulated machine: a {@link NodeCore} with its ports. It can be paused between
 * any two tasks and whenever it reads its clock, and killed whenever it touches its disk.
 */
final class SimulatedProcess implements NodePorts {
  private static final long WALL_START_MILLIS = 1_800_000_000_000L;
  private static final int JOURNAL_BUFFER_BYTES = 1 << 12;
  private static final int SYNC_INTERVAL_MILLIS = 20;
  private static final long MEMORY_TABLE_BYTES = 4 << 20;

  final Machine machine;
  private final ClusterWorld world;
  private final NodeSettings settings;
  private final SimulatedLoop controlLoop = new SimulatedLoop(this);
  private final SimulatedLoop dataLoop = new SimulatedLoop(this);
  private final List<SimulatedSocket> sockets = new ArrayList<>();
  private final int lifeNumber;
  private NodeCore core;
  private SimulatedPeers peers;
  private SimulatedConsensus.Member member;
  private long pausedUntil;
  private boolean inTask;

  /** Recovery waits for storage's threads while it fills memory faster than they write. */
  private boolean opening;

  private boolean dead;
  private boolean serves;

  SimulatedProcess(ClusterWorld world, Machine machine, NodeSettings settings, int lifeNumber) {
    this.world = world;
    this.machine = machine;
    this.settings = settings;
    this.lifeNumber = lifeNumber;
  }

  /** Starts; false when it died or failed in doing so. */
  boolean start() {
    machine.process = this;
    machine.journal =
        machine.journal == null
            ? new JournalFiles(this::mayDie, world.mutant != Mutant.SYNC_DOES_NOTHING)
            : machine.journal.reopened(this::mayDie);
    run(
        () -> {
          core = new NodeCore(settings, machine.identity, this);
          opening = true;
          try {
            core.open();
          } catch (NodeFailure e) {
            failed("starting", e);
            return;
          } finally {
            opening = false;
          }
          core.start();
        });
    return !dead;
  }

  boolean isDead() {
    return dead;
  }

  boolean serves() {
    return serves && !dead;
  }

  NodeCore core() {
    return core;
  }

  SimulatedPeers network() {
    return peers;
  }

  SimulatedConsensus.Member member() {
    return member;
  }

  // Running.

  /** Runs a task of this process, if it lives. */
  void run(Runnable task) {
    if (dead) {
      return;
    }
    inTask = true;
    try {
      task.run();
    } catch (ProcessDied e) {
      // died() has done the rest
    } catch (RuntimeException | Error e) {
      failed("a task", e);
    } finally {
      inTask = false;
    }
  }

  /** Runs an action of the world's for this process, later and not while it is paused. */
  void after(long delayMicros, Runnable action) {
    long now = world.schedule.nowMicros();
    world.schedule.after(
        Math.max(delayMicros, pausedUntil - now),
        () -> {
          if (dead) {
            return;
          }
          if (pausedUntil > world.schedule.nowMicros()) {
            after(0, action);
          } else {
            action.run();
          }
        });
  }

  /** How long from now what the process does in its present task really happens. */
  long outputDelayMicros() {
    return Math.max(0, pausedUntil - world.schedule.nowMicros());
  }

  void pause(long micros) {
    pausedUntil = Math.max(pausedUntil, world.schedule.nowMicros() + micros);
  }

  boolean isPaused() {
    return pausedUntil > world.schedule.nowMicros();
  }

  /**
   * Has the process stop as when it is asked to.
   *
   * @param then runs when it has ended so; never, when it is killed before
   */
  void stop(Runnable then) {
    Runnable end =
        () -> {
          kill();
          then.run();
        };
    after(0, () -> run(() -> core.stopServing(true, () -> after(0, end))));
  }

  /** Kills the process from outside. */
  void kill() {
    if (dead) {
      return;
    }
    dead = true;
    serves = false;
    if (peers != null) {
      peers.died();
    }
    if (member != null) {
      member.died();
    }
    sockets.forEach(SimulatedSocket::processDied);
    world.died(this);
  }

  /** Where a process may die between two effects. */
  private void mayDie() {
    if (dead) {
      throw new ProcessDied();
    }
    if (inTask && outputDelayMicros() == 0 && world.chance.diesHere()) {
      world.note(machine, "killed between two effects");
      world.killBetweenEffects(this);
      throw new ProcessDied();
    }
  }

  /** A client connects; null when the process does not serve. */
  void accept(SimulatedSocket socket, String address) {
    if (serves()) {
      sockets.add(socket);
      socket.accepted(core.connect(socket, address));
    } else {
      socket.processDied();
    }
  }

  void gone(SimulatedSocket socket) {
    sockets.remove(socket);
  }

  // Ports.

  @Override
  public Clock clock() {
    return new Clock() {
      @Override
      public long monotonicNanos() {
        if (inTask && !dead && outputDelayMicros() == 0) {
          long pause = world.chance.pauseHereMicros();
          if (pause > 0) {
            world.count("stopped in the middle of a task");
            world.note(machine, "stopped for " + pause / 1_000 + " ms in the middle of a task");
            pause(pause);
          }
        }
        return localNanos();
      }

      @Override
      public long workNanos() {
        return localNanos(); // what only measures is no place to be stopped at
      }

      @Override
      public long wallMillis() {
        if (machine.clockStandsAt > 0) {
          return machine.clockStandsAt;
        }
        return WALL_START_MILLIS
            + machine.skewMillis
            + machine.wallOffsetMillis
            + localNanos() / 1_000_000;
      }
    };
  }

  private long localNanos() {
    return (world.schedule.nowMicros() + outputDelayMicros()) * machine.rate;
  }

  @Override
  public Loop controlLoop() {
    return controlLoop;
  }

  @Override
  public Loop dataLoop() {
    return dataLoop;
  }

  @Override
  public Executor background() {
    return task -> after(world.chance.readMicros(), () -> run(task));
  }

  @Override
  public Executor verifying() {
    return inOrder();
  }

  /** Runs tasks in their order, each after a while, as a thread with a disk does. */
  private Executor inOrder() {
    long[] last = {0};
    return task -> {
      if (opening) {
        task.run();
        return;
      }
      long now = world.schedule.nowMicros();
      last[0] = Math.max(last[0], now) + world.chance.readMicros();
      after(last[0] - now, () -> run(task));
    };
  }

  @Override
  public long draw() {
    return world.draw();
  }

  @Override
  public Peers peers(PeerListener listener) {
    peers = new SimulatedPeers(world, this, listener, controlLoop, dataLoop);
    return peers;
  }

  @Override
  public Storage openStorage(Consumer<StorageException> onFailure) {
    return Storage.open(machine.cells, MEMORY_TABLE_BYTES, inOrder(), inOrder(), onFailure);
  }

  @Override
  public Journal openJournal(long diskId, JournalReplay replay) {
    return Journal.open(
        machine.journal,
        new JournalSettings(
            diskId, settings.journal().segmentBytes(), JOURNAL_BUFFER_BYTES, SYNC_INTERVAL_MILLIS),
        replay);
  }

  @Override
  public Syncing startSyncing(Journal journal, JournalThreads.Listener listener) {
    SimulatedSyncing syncing = new SimulatedSyncing(this, world, journal, listener);
    syncing.start(SYNC_INTERVAL_MILLIS * Schedule.MILLIS);
    return syncing;
  }

  @Override
  public Consensus openConsensus(NodeId self, long clusterId, boolean founder) {
    member = machine.region.consensus.join(this, self, founder);
    return member;
  }

  @Override
  public void store(NodeIdentity identity) {
    mayDie();
    machine.identity = identity;
  }

  @Override
  public long freeDiskBytes() {
    return machine.journal.isFull() ? 0 : Long.MAX_VALUE;
  }

  @Override
  public DivergenceFolder divergences() {
    return new MachineDivergences(machine, world, this::mayDie);
  }

  @Override
  public ConflictFolder conflicts() {
    return ConflictFolder.NONE;
  }

  @Override
  public void openToClients() {
    serves = true;
    world.note(machine, "serves");
  }

  @Override
  public void failed(String what, Throwable cause) {
    if (!dead) {
      world.failed(this, what, cause);
    }
  }

  @Override
  public void shutdown() {
    throw new IllegalStateException("no client asks for this");
  }

  @Override
  public String toString() {
    return machine + "." + lifeNumber;
  }
}
