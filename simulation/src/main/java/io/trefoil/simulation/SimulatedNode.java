package io.trefoil.simulation;

import io.trefoil.base.InvariantViolation;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.LogView;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.kernel.Message;
import io.trefoil.replication.singleleader.ReplicationSettings;
import io.trefoil.replication.singleleader.SingleLeaderReplica;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The shell around a replica: carries out its effects on a simulated disk and network, executes
 * commands, holds replies until they may leave, and asks for leases. One thread, like the server's
 * event loop: while it is paused everything waits.
 */
final class SimulatedNode implements LogView {
  static final long LEASE_MICROS = 600 * Schedule.MILLIS;
  private static final long RENEW_MICROS = 150 * Schedule.MILLIS;
  private static final long TICK_MICROS = 20 * Schedule.MILLIS;
  private static final long WRITE_TIMEOUT_MICROS = 1_500 * Schedule.MILLIS;
  private static final long TRANSFER_MICROS = 2_000 * Schedule.MILLIS;
  private static final int MAX_HELD = 200;
  static final ReplicationSettings SETTINGS = new ReplicationSettings(100, 600, 400, 64);

  /** Where a node's answers to a client go. */
  @FunctionalInterface
  interface Replies {
    void answer(Operation operation, Operation.Outcome outcome, Register register, NodeId leader);
  }

  private record Held(
      Operation operation, long index, Register register, Replies replies, long sinceMicros) {}

  private final World world;
  private final NodeId id;
  private final SimulatedDisk disk = new SimulatedDisk();
  private final int clockRate; // of a thousand
  private final int memoryEntries;
  private final int checkpointEntries;

  private int incarnation;
  private boolean up;
  private boolean amnesiac;
  private boolean dying;
  private long pausedUntil;
  private final Map<NodeId, Integer> incarnationsSeen = new TreeMap<>();

  private SingleLeaderReplica replica;
  private TreeMap<Long, EntryBatch> log;
  private long baseIndex;
  private Registers applied;
  private long appliedIndex;
  private boolean syncing;
  private long promiseWritten;
  private long promiseSyncing;
  private long promiseSynced;

  /** As a leader executes on: what is applied and what is not committed yet. */
  private Registers overlay;

  private final Map<Integer, Long> touched = new TreeMap<>(); // key to last index not committed
  private final List<Held> held = new ArrayList<>();
  private final Map<NodeId, Long> acknowledged = new TreeMap<>(); // by whom, for a mutant
  private long counted;
  private long leaseUntil;
  private long leaseAsked;
  private Membership membership;
  private long membershipVersion;
  private long copyEnd;

  SimulatedNode(World world, NodeId id, int clockRate, int memoryEntries, int checkpointEntries) {
    this.world = world;
    this.id = id;
    this.clockRate = clockRate;
    this.memoryEntries = memoryEntries + 4;
    this.checkpointEntries = checkpointEntries;
  }

  NodeId id() {
    return id;
  }

  int incarnation() {
    return incarnation;
  }

  boolean isUp() {
    return up;
  }

  SingleLeaderReplica replica() {
    return replica;
  }

  Registers applied() {
    return applied;
  }

  // ---- starting and stopping

  void start() {
    incarnation++;
    up = true;
    dying = false;
    pausedUntil = 0;
    syncing = false;
    incarnationsSeen.clear();
    held.clear();
    leaseUntil = 0;
    leaseAsked = 0;
    membership = null;
    membershipVersion = 0;
    if (amnesiac && world.mutant != Mutant.AMNESIAC_COUNTS) {
      disk.write(new SimulatedDisk.Counts(false));
    }
    amnesiac = false;
    recover();
    world.checks.recovered(id, replica);
    world.trace.note(id, "starts as incarnation " + incarnation + ": " + replica);
  }

  private void recover() {
    SimulatedDisk.Contents contents = disk.recover();
    log = contents.log;
    baseIndex = contents.baseIndex;
    promiseWritten = contents.promised;
    promiseSyncing = contents.promised;
    promiseSynced = contents.promised;
    replica =
        new SingleLeaderReplica(
            id,
            incarnation,
            this,
            SETTINGS,
            new SingleLeaderReplica.Recovered(
                contents.epochs,
                contents.lastIndex,
                contents.commitIndex,
                contents.logTimeMillis,
                contents.promised,
                contents.counts));
    applied = contents.base.copy();
    appliedIndex = baseIndex;
    apply(contents.commitIndex);
    overlay = null;
    touched.clear();
  }

  /** Begins to tell the time and to ask for leases; not called where a person does that. */
  void startTicking() {
    int now = incarnation;
    world.schedule.after(
        TICK_MICROS,
        () -> {
          if (up && incarnation == now) {
            deliver(this::tick);
            startTicking();
          }
        });
  }

  void killProcess() {
    world.trace.note(id, "KILLED");
    up = false;
  }

  /** How many records of its journal are lost if its machine crashes now, at most. */
  int unsynced() {
    return disk.unsynced();
  }

  void crashMachine(int lost) {
    world.trace.note(id, "MACHINE CRASHED, records lost: " + lost);
    up = false;
    amnesiac |= !world.fsync;
    disk.losePower(lost);
  }

  void pause(long micros) {
    world.trace.note(id, "paused for " + micros / Schedule.MILLIS + " ms");
    pausedUntil = Math.max(pausedUntil, world.schedule.nowMicros() + micros);
  }

  /** Runs an action on the node's loop: later while it is paused, never once it has died. */
  void deliver(Runnable action) {
    if (!up) {
      return;
    }
    long wait = pausedUntil - world.schedule.nowMicros();
    if (wait <= 0) {
      action.run();
      return;
    }
    int now = incarnation;
    world.schedule.after(
        wait,
        () -> {
          if (incarnation == now) {
            deliver(action);
          }
        });
  }

  /** As over a connection, which ends with either process. */
  void deliverOver(int toIncarnation, Runnable action) {
    if (incarnation == toIncarnation) {
      deliver(action);
    }
  }

  // ---- events

  void step(Event event) {
    if (!(event instanceof Event.Tick)) {
      world.trace.note(id, event);
    }
    try {
      replica.step(event, this::carryOut);
    } catch (InvariantViolation violation) {
      throw new SimulationFailure(id + " stops: " + violation.getMessage(), violation);
    }
    if (dying) {
      killProcess();
      world.killed.accept(this);
      return;
    }
    if (!world.fsync && replica.stableIndex() < replica.lastIndex()) {
      step(new Event.Stable(replica.last()));
      return;
    }
    sync();
    finishTurn();
  }

  private void receive(NodeId from, int fromIncarnation, Message message) {
    if (incarnationsSeen.merge(from, fromIncarnation, Math::max) > fromIncarnation) {
      return;
    }
    if (world.mutant == Mutant.LATE_BATCH_CUTS) {
      cutAfter(message);
    } else if (world.mutant == Mutant.ACKNOWLEDGED_AFTER_PROMISE) {
      acknowledgeAllTheSame(from, message);
    } else if (world.mutant == Mutant.OLD_EPOCH_BY_COUNT) {
      count(from, message);
    }
    boolean anywhere = world.mutant == Mutant.PREVIOUS_IGNORED;
    step(new Event.Received(from, anywhere ? fitting(message) : message));
  }

  /** As if what a batch follows were what is here. */
  private Message fitting(Message message) {
    return message instanceof Message.Append append
            && append.batch() != null
            && append.previous().index() == replica.lastIndex()
        ? new Message.Append(
            append.epoch(),
            replica.last(),
            append.batch(),
            append.commitIndex(),
            append.everywhereIndex(),
            append.logTimeMillis())
        : message;
  }

  /** Takes what enough replicas have for committed, whoever wrote it. */
  private void count(NodeId from, Message message) {
    if (message instanceof Message.Appended appended
        && appended.counts()
        && replica.isLeader()
        && appended.epoch() == replica.epoch()) {
      acknowledged.put(from, appended.index());
      long known = counted;
      while (counted < replica.stableIndex() && haveEnough(counted + 1)) {
        counted++;
      }
      if (counted > Math.max(known, replica.commitIndex())) {
        world.checks.committed(id, Math.max(known, replica.commitIndex()) + 1, counted, replica);
      }
    }
  }

  private boolean haveEnough(long index) {
    return membership.standing().stream()
        .allMatch(
            it ->
                it.replicas().stream()
                        .filter(
                            node -> node.equals(id) || acknowledged.getOrDefault(node, 0L) >= index)
                        .count()
                    >= it.copies());
  }

  private void acknowledgeAllTheSame(NodeId from, Message message) {
    if (message instanceof Message.Append append
        && append.batch() != null
        && append.epoch() < replica.epoch()) {
      send(from, new Message.Appended(append.epoch(), append.batch().lastIndex(), true));
    }
  }

  private void cutAfter(Message message) {
    if (message instanceof Message.Append append
        && append.batch() != null
        && append.epoch() == replica.epoch()
        && append.batch().lastIndex() < replica.lastIndex()
        && append.batch().lastIndex() > replica.commitIndex()) {
      disk.write(new SimulatedDisk.Cut(append.batch().lastIndex() + 1));
      recover();
    }
  }

  private void tick() {
    long now = localMicros();
    step(new Event.Tick(now / Schedule.MILLIS));
    if (!up) {
      return;
    }
    if (leaseAsked == 0 || now - leaseAsked >= RENEW_MICROS) {
      leaseAsked = now;
      world.control.askedForLease(this, now);
    }
    giveUpWaiting();
    if (replica.isLeader()
        && membership.standing().size() == 2
        && replica.copiedIndex() >= copyEnd) {
      world.control.copiedUnderBoth(this, replica.epoch(), membershipVersion);
    }
  }

  /** What this node's monotonic clock says. */
  long localMicros() {
    return world.schedule.nowMicros() * clockRate / 1_000 + id.number() * 1_000_000_000L;
  }

  // ---- from the control plane

  void epochOpened(long epoch) {
    step(new Event.EpochOpened(epoch));
  }

  void fence(long epoch) {
    step(new Event.Fence(epoch));
  }

  /**
   * @param appointed the leader's incarnation
   * @param version of the membership; an older one than is known is dropped
   */
  void appointed(long epoch, NodeId leader, int appointed, Membership newMembership, long version) {
    if (version < membershipVersion) {
      return;
    }
    boolean changed = version > membershipVersion;
    membership = newMembership;
    membershipVersion = version;
    boolean led = replica.isLeader();
    step(new Event.Appointed(epoch, leader, appointed, newMembership, Operation.OPENING, 0));
    if (replica.isLeader() && (changed || !led)) {
      copyEnd = replica.lastIndex();
    }
  }

  /**
   * A lease, counted from when it was asked for.
   *
   * @param epoch the newest when it was granted: a node that does not know it must not go on with
   *     an older one
   */
  void leaseGranted(long sentMicros, long epoch) {
    if (epoch > replica.epoch()) {
      step(new Event.EpochOpened(epoch));
    }
    leaseUntil = Math.max(leaseUntil, sentMicros + LEASE_MICROS * 9 / 10);
  }

  boolean holdsLease() {
    return localMicros() < leaseUntil;
  }

  // ---- commands

  void execute(List<Operation> operations, Replies replies) {
    if (!replica.isLeader() || !holdsLease()) {
      refuse(operations, replies);
      return;
    }
    boolean writes = operations.stream().anyMatch(Operation::isWrite);
    if (writes && !replica.canCommit() || held.size() > MAX_HELD) {
      refuse(operations, replies);
      return;
    }
    List<Operation.Content> contents = new ArrayList<>();
    for (Operation operation : operations) {
      int key = operation.content().key();
      Register register = overlay.get(key);
      long index = touched.getOrDefault(key, 0L);
      boolean onlyIfAbsent = operation.content().kind() == Operation.Kind.SET_IF_ABSENT;
      if (onlyIfAbsent && register.version() > 0) {
        operation.changesNothing();
      }
      if (operation.isWrite()) {
        register = overlay.apply(operation.content());
        contents.add(operation.content());
        index = replica.lastIndex() + contents.size();
        touched.put(key, index);
        operation.appendedAt(new Position(replica.epoch(), index));
      }
      held.add(new Held(operation, index, register, replies, world.schedule.nowMicros()));
    }
    if (contents.isEmpty()) {
      finishTurn();
    } else {
      step(
          new Event.Proposed(
              contents.size(),
              Operation.encode(contents),
              world.schedule.nowMicros() / Schedule.MILLIS));
    }
  }

  private void refuse(List<Operation> operations, Replies replies) {
    NodeId leader = replica.isLeader() ? null : replica.leader();
    operations.forEach(it -> replies.answer(it, Operation.Outcome.REFUSED, null, leader));
  }

  /** The last of a turn: replies whose index is committed leave, if the lease still holds. */
  private void finishTurn() {
    if (!replica.isLeader() || held.isEmpty()) {
      return;
    }
    List<Held> ready = new ArrayList<>();
    held.removeIf(it -> (it.index() <= replica.commitIndex() || leavesEarly(it)) && ready.add(it));
    if (ready.isEmpty()) {
      return;
    }
    boolean early = holdsLease() && world.mutant == Mutant.LEASE_CHECKED_EARLY;
    long pause = world.chance.pauseBeforeReplyMicros();
    if (pause > 0) {
      pause(pause);
    }
    deliver(() -> flush(ready, early));
  }

  private boolean leavesEarly(Held it) {
    return switch (world.mutant) {
      case UNCOMMITTED_SERVED -> true;
      case UNCHANGED_NOT_HELD -> it.operation().changedNothing();
      case OLD_EPOCH_BY_COUNT -> it.index() <= counted;
      default -> false;
    };
  }

  private void flush(List<Held> ready, boolean checkedEarly) {
    if (!checkedEarly && !holdsLease()) {
      ready.forEach(SimulatedNode::giveUp);
      return;
    }
    world.checks.serves(id, replica.epoch());
    ready.forEach(
        it -> it.replies().answer(it.operation(), Operation.Outcome.OK, it.register(), id));
  }

  private void giveUpWaiting() {
    long before = world.schedule.nowMicros() - WRITE_TIMEOUT_MICROS;
    held.removeIf(
        it -> {
          boolean late = it.sinceMicros() < before;
          if (late) {
            giveUp(it);
          }
          return late;
        });
  }

  private static void giveUp(Held it) {
    Operation.Outcome outcome =
        it.operation().isWrite() ? Operation.Outcome.UNCERTAIN : Operation.Outcome.REFUSED;
    it.replies().answer(it.operation(), outcome, null, null);
  }

  private void loseLeadership() {
    for (Held it : held) {
      if (world.mutant == Mutant.LOST_LEADERSHIP_IS_OK && it.operation().isWrite()) {
        it.replies().answer(it.operation(), Operation.Outcome.OK, it.register(), id);
      } else {
        giveUp(it);
      }
    }
    held.clear();
    overlay = null;
    touched.clear();
  }

  // ---- effects

  private void carryOut(Effect effect) {
    if (!dying && world.chance.killedBefore(effect)) {
      dying = true;
    }
    if (dying) {
      remember(effect); // the replica may still read its log before the step ends
      return;
    }
    world.trace.note(id, effect);
    world.coverage.done(effect);
    if (effect instanceof Effect.Send send) {
      send(send.to(), send.message());
    } else if (effect instanceof Effect.Append append) {
      append(append.batch());
    } else if (effect instanceof Effect.Cut cut) {
      disk.write(new SimulatedDisk.Cut(cut.fromIndex()));
      remember(effect);
    } else if (effect instanceof Effect.Commit commit) {
      world.checks.committed(id, appliedIndex + 1, commit.index(), replica);
      apply(commit.index());
    } else if (effect instanceof Effect.PersistPromise promise) {
      if (world.mutant != Mutant.PROMISE_NOT_WRITTEN) {
        disk.write(new SimulatedDisk.Promise(promise.epoch()));
      }
      promiseWritten = promise.epoch();
    } else if (effect instanceof Effect.PersistCounts counts) {
      disk.write(new SimulatedDisk.Counts(counts.counts()));
    } else {
      carryOutRare(effect);
    }
  }

  private void carryOutRare(Effect effect) {
    if (effect instanceof Effect.AnswerFence answer) {
      world.control.answeredFence(this, answer);
    } else if (effect instanceof Effect.BecameLeader leads) {
      world.checks.becameLeader(id, leads.epoch(), replica);
      acknowledged.clear();
      counted = 0;
      layTailOver();
    } else if (effect instanceof Effect.BecameFollower) {
      loseLeadership();
    } else if (effect instanceof Effect.Diverged diverged) {
      if (world.mutant != Mutant.DIVERGENCE_SILENT) {
        world.checks.diverged(diverged.fromIndex(), diverged.toIndex(), replica.epochs());
      }
    } else if (effect instanceof Effect.ReadLog read) {
      readLog(read);
    } else if (effect instanceof Effect.SendSnapshot snapshot) {
      sendSnapshot(snapshot.follower());
    } else {
      throw new SimulationFailure("an effect that nobody carries out: " + effect);
    }
  }

  private void remember(Effect effect) {
    if (effect instanceof Effect.Append append) {
      log.put(append.batch().firstIndex(), append.batch());
    } else if (effect instanceof Effect.Cut cut) {
      SimulatedDisk.cut(log, cut.fromIndex());
    }
  }

  private void append(EntryBatch batch) {
    world.checks.appended(id, batch, replica.epochAt(batch.firstIndex() - 1));
    log.put(batch.firstIndex(), batch);
    // With one copy an entry is committed as soon as this record is stable. Were it not to say so,
    // a
    // leader that restarts would take what it acknowledged last for a tail, and cut it silently.
    boolean alone =
        replica.isLeader() && membership.standing().stream().allMatch(it -> it.copies() == 1);
    disk.write(new SimulatedDisk.Entries(batch, alone ? batch.lastIndex() : replica.commitIndex()));
  }

  private void send(NodeId to, Message message) {
    world.coverage.sent(message);
    SimulatedNode target = world.nodes.get(to);
    int toIncarnation = target.incarnation;
    int fromIncarnation = incarnation;
    world.network.send(
        id,
        to,
        () ->
            target.deliverOver(toIncarnation, () -> target.receive(id, fromIncarnation, message)));
  }

  private void sync() {
    boolean promiseWaits = promiseWritten > promiseSynced;
    if (world.mutant == Mutant.PROMISE_NOT_WRITTEN && promiseWaits) {
      promiseSynced = promiseWritten;
      step(new Event.PromiseDurable(promiseWritten));
      return;
    }
    if (world.mutant == Mutant.STABLE_EARLY && replica.stableIndex() < replica.lastIndex()) {
      step(new Event.Stable(replica.last()));
      return;
    }
    boolean runs = syncing && promiseWritten == promiseSyncing; // a promise does not wait for it
    if (runs || disk.isSynced()) {
      return;
    }
    syncing = true;
    promiseSyncing = promiseWritten;
    int upTo = disk.written();
    Position last = replica.last();
    long promise = promiseWritten;
    int now = incarnation;
    world.schedule.after(
        world.chance.syncMicros(world.fsync || promiseWaits),
        () -> {
          if (up && incarnation == now) {
            disk.syncUpTo(upTo);
            deliver(() -> synced(last, promise));
          }
        });
  }

  private void synced(Position last, long promise) {
    syncing = false;
    if (world.fsync && last.index() > replica.stableIndex()) {
      step(new Event.Stable(last));
    }
    if (up && promise > promiseSynced) {
      promiseSynced = promise;
      step(new Event.PromiseDurable(promise));
    }
    if (up) {
      sync();
    }
  }

  // ---- log and state

  @Override
  public EntryBatch recent(long fromIndex) {
    long last = log.isEmpty() ? baseIndex : log.lastEntry().getValue().lastIndex();
    return fromIndex <= last - memoryEntries ? null : read(fromIndex);
  }

  /** The entries from an index on that one batch holds, or null when the journal lacks them. */
  private EntryBatch read(long fromIndex) {
    Map.Entry<Long, EntryBatch> batch = log.floorEntry(fromIndex);
    boolean there = batch != null && batch.getValue().lastIndex() >= fromIndex;
    return there ? batch.getValue().from(fromIndex) : null;
  }

  private void readLog(Effect.ReadLog read) {
    EntryBatch batch = read(read.fromIndex());
    int now = incarnation;
    world.schedule.after(
        world.chance.readMicros(),
        () ->
            deliverOver(
                now, () -> step(new Event.LogRead(read.follower(), read.fromIndex(), batch))));
  }

  private void apply(long upTo) {
    while (appliedIndex < upTo) {
      EntryBatch batch = read(appliedIndex + 1);
      for (Operation.Content content : Operation.decode(batch.body(), batch.count())) {
        if (appliedIndex < upTo) {
          applied.apply(content);
          appliedIndex++;
        }
      }
    }
    touched.values().removeIf(index -> index <= appliedIndex);
    if (appliedIndex - baseIndex >= checkpointEntries) {
      baseIndex = appliedIndex;
      disk.write(new SimulatedDisk.Checkpoint(baseIndex, applied.copy()));
      SimulatedDisk.dropUpTo(log, baseIndex);
    }
  }

  /** A new leader executes on top of its whole log, committed or not. */
  private void layTailOver() {
    overlay = applied.copy();
    long index = appliedIndex;
    while (index < replica.lastIndex()) {
      EntryBatch batch = read(index + 1);
      for (Operation.Content content : Operation.decode(batch.body(), batch.count())) {
        overlay.apply(content);
        touched.put(content.key(), ++index);
      }
    }
  }

  private void sendSnapshot(NodeId follower) {
    EpochTable epochs = replica.epochs();
    epochs.cut(appliedIndex + 1);
    SimulatedDisk.Snapshot snapshot =
        new SimulatedDisk.Snapshot(
            replica.epoch(),
            epochs.positionAt(appliedIndex),
            epochs,
            replica.logTimeMillis(),
            applied.copy());
    SimulatedNode target = world.nodes.get(follower);
    Transfer transfer = new Transfer(target, incarnation, target.incarnation);
    boolean fails = world.chance.snapshotFails();
    world.schedule.after(
        world.chance.snapshotMicros(),
        () -> {
          if (fails || !up || incarnation != transfer.from || world.network.isCut(id, follower)) {
            end(transfer, false);
          } else {
            target.deliverOver(transfer.to, () -> end(transfer, target.install(snapshot)));
          }
        });
    // A follower that dies while it loads never says so: the connection does.
    world.schedule.after(TRANSFER_MICROS, () -> end(transfer, false));
  }

  /** A snapshot on its way, between one start of a node and one of another. */
  private static final class Transfer {
    private final SimulatedNode target;
    private final int from;
    private final int to;
    private boolean ended;

    private Transfer(SimulatedNode target, int from, int to) {
      this.target = target;
      this.from = from;
      this.to = to;
    }
  }

  private void end(Transfer transfer, boolean installed) {
    if (!transfer.ended) {
      transfer.ended = true;
      NodeId follower = transfer.target.id;
      boolean known = installed && !world.network.isCut(follower, id);
      deliverOver(transfer.from, () -> step(new Event.SnapshotSent(follower, known)));
    }
  }

  private boolean install(SimulatedDisk.Snapshot sent) {
    SimulatedDisk.Snapshot snapshot =
        world.mutant == Mutant.SNAPSHOT_MERGED ? sent.with(applied.overlaidBy(sent.state())) : sent;
    if (!replica.takesSnapshot(snapshot.epoch(), snapshot.position(), snapshot.epochs())) {
      return false;
    }
    replica.divergesFrom(snapshot.position(), snapshot.epochs()).ifPresent(this::carryOut);
    if (dying) {
      killProcess();
      world.killed.accept(this);
      return false;
    }
    disk.write(new SimulatedDisk.Start(snapshot));
    disk.syncUpTo(disk.written());
    log.clear();
    baseIndex = snapshot.position().index();
    applied = snapshot.state().copy();
    appliedIndex = baseIndex;
    step(
        new Event.SnapshotInstalled(
            snapshot.epoch(), snapshot.position(), snapshot.epochs(), snapshot.logTimeMillis()));
    return true;
  }

  @Override
  public String toString() {
    return id + (up ? " " + replica : " is down");
  }
}
