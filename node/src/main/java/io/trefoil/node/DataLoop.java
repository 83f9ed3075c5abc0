package io.trefoil.node;

import io.trefoil.base.Clock;
import io.trefoil.base.HybridClock;
import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.control.NodeLease;
import io.trefoil.journal.Journal;
import io.trefoil.journal.Syncing;
import io.trefoil.storage.Storage;
import io.trefoil.transport.Lane;
import io.trefoil.transport.Peers;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.RejectedExecutionException;

/**
 * The thread that owns the partitions, and its turns. A turn handles all that the sockets hold,
 * then ends: what its commands wrote is proposed, sent to followers, written to the journal by one
 * system call, and what that commits is answered, with one flush per socket. Batches form by
 * themselves when there is load, and nothing waits when there is none.
 *
 * <p>Everything here belongs to the loop's thread, but for {@link #execute} and {@link
 * #writingNanos}.
 */
final class DataLoop {
  /** What takes part in the end of a turn. */
  interface Turnable {
    /**
     * Sends the replies that may leave.
     *
     * @return whether some are kept until something commits
     */
    boolean endTurn();

    /** As {@link #endTurn}, when something was committed meanwhile. */
    boolean release();

    /** A replica, or all when null, can't answer: replies that wait for it are errors now. */
    void leadershipLost(PartitionReplica replica);

    /** Replies that waited too long are errors now. */
    void expire(long nowNanos);
  }

  /** A replica whose entries are journaled at the end of a turn. */
  interface Appender {
    /** Appends what its commands wrote in this turn. */
    void propose();

    /** What was appended is written. */
    void written();
  }

  /** Work on the memory table at the end of a turn: at most some 200 µs. */
  private static final int MAINTAIN_STEPS = 2_000;

  /**
   * When commands have taken so long in a turn, the rest waits for a later one: followers are heard
   * between turns only, and a leader that does not hear them takes them for away.
   */
  private static final long MAX_TURN_NANOS = 20_000_000;

  private static final long NOT_WRITING = Long.MIN_VALUE;

  /** Looking at the clock costs as much as a small command does. */
  private static final int COMMANDS_PER_LOOK = 64;

  private final Loop loop;
  private final Clock clock;
  private final HybridClock stamps;
  private final NodeLease lease;
  private final NodeId self;
  private final int incarnation;
  private Journal journal;
  private Syncing syncing;
  private Peers network;
  private FailureHandler onFailure;

  private final long startNanos;
  private final SplittableRandom random;
  private boolean inTurn;
  private long nowNanos;
  private long busyNanos;
  private long wallMillis;
  private final List<Appender> proposing = new ArrayList<>();
  private final List<Appender> appended = new ArrayList<>();
  private final List<Turnable> active = new ArrayList<>();
  private final Set<Turnable> keeping = new LinkedHashSet<>();
  private final Set<Turnable> completed = new LinkedHashSet<>();
  private final ArrayDeque<SyncWaiter> syncWaiters = new ArrayDeque<>();
  private boolean committed;
  private final List<PartitionReplica> committing = new ArrayList<>();
  private long answeredNanos = Long.MIN_VALUE;
  private boolean leaseHolds;
  private boolean leaseHeld;
  private boolean overBudget;
  private int turnCommands;
  private boolean turnIsLong;
  private List<Runnable> stalled = new ArrayList<>();
  private Storage storage;
  private boolean journalDirty;
  private volatile long writingSinceNanos = NOT_WRITING;

  /** Work that waits until the journal is synced up to an offset. */
  private record SyncWaiter(long offset, Runnable then) {}

  /** Where a failure goes that the node can't go on with. */
  interface FailureHandler {
    void failed(String what, Throwable cause);
  }

  DataLoop(
      Loop loop, Clock clock, HybridClock stamps, NodeLease lease, NodeId self, int incarnation) {
    this.loop = loop;
    this.clock = clock;
    this.stamps = stamps;
    this.lease = lease;
    this.self = self;
    this.incarnation = incarnation;
    this.startNanos = clock.monotonicNanos();
    this.random = new SplittableRandom((long) incarnation << 32 ^ self.number());
  }

  /** A random number, for commands that choose; no secret. */
  long random() {
    return random.nextLong();
  }

  /** Gives the loop what it works with, before its first turn. */
  void use(
      Journal newJournal,
      Syncing newSyncing,
      Storage newStorage,
      Peers newNetwork,
      FailureHandler handler) {
    journal = newJournal;
    storage = newStorage;
    syncing = newSyncing;
    network = newNetwork;
    onFailure = handler;
  }

  NodeId self() {
    return self;
  }

  int incarnation() {
    return incarnation;
  }

  Loop loop() {
    return loop;
  }

  /** Stops the node: what happened can't be, or can't be gone on from. */
  void fail(String what, Throwable cause) {
    onFailure.failed(what, cause);
  }

  /**
   * Runs a task on the loop, as part of a turn; not at all once the loop is stopped. Any thread.
   */
  void execute(Runnable task) {
    try {
      loop.execute(() -> runInTurn(task));
    } catch (RejectedExecutionException e) {
      Invariants.check(loop.isStopping(), "a running loop takes every task");
    }
  }

  private void runInTurn(Runnable task) {
    beginTurn();
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      onFailure.failed("a task on the data loop", e);
    }
  }

  /** Says that something happens; the turn ends when the sockets that were ready are read. */
  void beginTurn() {
    if (!inTurn) {
      inTurn = true;
      nowNanos = clock.monotonicNanos();
      wallMillis = clock.wallMillis();
      leaseHeld = lease.isValid(nowNanos);
      overBudget = storage != null && storage.overBudget(0);
      turnCommands = 0;
      turnIsLong = false;
      // Netty runs tasks after it has handled all ready sockets: that is the end of the turn.
      loop.execute(this::endTurn);
    }
  }

  /** Monotonic time at the beginning of this turn. */
  long nowNanos() {
    return nowNanos;
  }

  /** Monotonic time at the beginning of this turn, since this process has its loop. */
  long sinceStartMillis() {
    return (nowNanos - startNanos) / 1_000_000;
  }

  /** As above, but of this very moment. */
  long sinceStartMillisNow() {
    return (clock.monotonicNanos() - startNanos) / 1_000_000;
  }

  /** How long ago the last turn began at whose end this node held its lease. */
  long sinceAnsweredMillisNow() {
    return (clock.monotonicNanos() - answeredNanos) / 1_000_000;
  }

  /** Whether this node holds its lease at this very moment. */
  boolean holdsLeaseNow() {
    return lease.isValid(clock.monotonicNanos());
  }

  /**
   * Whether this node held its lease when the turn began; whether it still does is checked at its
   * end.
   */
  boolean leaseHeld() {
    return leaseHeld;
  }

  /**
   * Whether memory is used up by writes that the disk has not taken yet, so that clients must wait.
   */
  boolean isOverBudget() {
    return overBudget;
  }

  /** A client's command runs in this turn. */
  void countTurnCommand() {
    turnCommands++;
    if (turnCommands % COMMANDS_PER_LOOK == 0) {
      turnIsLong = clock.monotonicNanos() - nowNanos > MAX_TURN_NANOS;
    }
  }

  /** Whether clients' commands have had their time in this turn. */
  boolean turnIsLong() {
    return turnIsLong;
  }

  /** Runs a task in a later turn: at once when there is memory, else when there is some again. */
  void later(Runnable task) {
    stalled.add(task);
  }

  /** How long all turns that have ended took together. */
  long busyNanos() {
    return busyNanos;
  }

  /** How long the journal's write has taken that is under way; 0 when there is none. Any thread. */
  long writingNanos() {
    long since = writingSinceNanos;
    return since == NOT_WRITING ? 0 : clock.workNanos() - since;
  }

  /** Wall time at the beginning of this turn. */
  long wallMillis() {
    return wallMillis;
  }

  long nextStamp() {
    return stamps.next(wallMillis);
  }

  void observeStamp(long stamp) {
    stamps.observe(stamp);
  }

  long lastStamp() {
    return stamps.last();
  }

  Journal journal() {
    return journal;
  }

  Peers network() {
    return network;
  }

  NodeLease lease() {
    return lease;
  }

  /** The replica has entries to propose at the end of the turn. */
  void proposes(Appender replica) {
    proposing.add(replica);
  }

  /** The replica appended to the journal's buffer. */
  void appended(Appender replica) {
    journalDirty = true;
    if (appended.isEmpty() || appended.get(appended.size() - 1) != replica) {
      appended.add(replica);
    }
  }

  /** Something that nobody waits for was appended. */
  void journalDirty() {
    journalDirty = true;
  }

  /** Runs {@code then} once all that is appended by now is synced. */
  void afterSync(Runnable then) {
    journalDirty = true;
    syncWaiters.add(new SyncWaiter(Long.MAX_VALUE, then));
  }

  /**
   * Ends a copy, whose store is closed. Storage lets go of it only when the journal's word of that
   * is synced: else a journal that still has the copy would be found without it.
   */
  void endCopy(long copy) {
    journal.appendEnd(copy);
    afterSync(() -> storage.drop(copy));
  }

  /** Whether this node might lead when the present turn's replies leave. */
  boolean leaseHolds() {
    return leaseHolds;
  }

  /** The replica committed something: replies may be free. */
  void committed(PartitionReplica replica) {
    committed = true;
    if (committing.isEmpty() || committing.get(committing.size() - 1) != replica) {
      committing.add(replica);
    }
  }

  /**
   * When the last turn began at whose end this node held its lease: what ran by then ran under it.
   */
  long answeredNanos() {
    return answeredNanos;
  }

  /** A connection has replies to send at the end of the turn. */
  void active(Turnable turnable) {
    active.add(turnable);
  }

  /** A reply that was awaited is there. */
  void completed(Turnable turnable) {
    completed.add(turnable);
  }

  void forget(Turnable turnable) {
    keeping.remove(turnable);
    completed.remove(turnable);
  }

  /**
   * Replies that wait for a leadership that is lost become errors.
   *
   * @param replica whose; null for all replicas of this node
   */
  void leadershipLost(PartitionReplica replica) {
    for (Turnable turnable : List.copyOf(keeping)) {
      turnable.leadershipLost(replica);
    }
    for (Turnable turnable : active) {
      turnable.leadershipLost(replica);
    }
    committed = true;
  }

  void expireReplies() {
    for (Turnable turnable : keeping) {
      turnable.expire(nowNanos);
    }
    committed |= !keeping.isEmpty();
  }

  private void endTurn() {
    try {
      propose();
      network.flush(Lane.DATA);
      writeJournal();
      answer();
      network.flush(Lane.DATA);
      network.flush(Lane.REGION);
      storage.maintain(0, MAINTAIN_STEPS);
    } catch (RuntimeException | Error e) {
      onFailure.failed("the data loop", e);
    } finally {
      inTurn = false;
      busyNanos += clock.workNanos() - nowNanos;
    }
    if (journalDirty || committed || !completed.isEmpty()) {
      beginTurn(); // what came up while answering is the next turn's
    }
    if (!stalled.isEmpty() && !storage.overBudget(0)) {
      afterPoll(this::runStalled);
    }
  }

  /** Runs a task in a turn after the sockets were looked at again. */
  private void afterPoll(Runnable task) {
    // Netty runs what was executed before it looks at sockets, for up to a second; not what was
    // scheduled.
    loop.schedule(0, () -> runInTurn(task));
  }

  /** Has those that waited for room try again. */
  void runStalled() {
    List<Runnable> before = stalled;
    stalled = new ArrayList<>();
    before.forEach(Runnable::run);
  }

  private void propose() {
    for (int i = 0; i < proposing.size(); i++) {
      proposing.get(i).propose();
    }
    proposing.clear();
  }

  private void writeJournal() {
    while (journalDirty) {
      journalDirty = false;
      writingSinceNanos = clock.workNanos();
      long offset = journal.write();
      writingSinceNanos = NOT_WRITING;
      stampWaiters(offset);
      List<Appender> written = List.copyOf(appended);
      appended.clear();
      for (Appender replica : written) {
        replica.written();
      }
    }
  }

  /** What waits for a sync waits for what was appended before it: now the offset is known. */
  private void stampWaiters(long offset) {
    boolean any = false;
    for (int left = syncWaiters.size(); left > 0; left--) {
      SyncWaiter waiter = syncWaiters.poll();
      any |= waiter.offset() == Long.MAX_VALUE;
      syncWaiters.add(
          waiter.offset() == Long.MAX_VALUE ? new SyncWaiter(offset, waiter.then()) : waiter);
    }
    if (any && offset > journal.synced()) {
      syncing.requestSync(offset);
    } else if (any) {
      execute(() -> synced(offset)); // written and synced before the turn's end: nobody will say so
    }
  }

  /** The journal's thread says that everything below {@code offset} is synced. */
  void synced(long offset) {
    while (!syncWaiters.isEmpty() && syncWaiters.peek().offset() <= offset) {
      syncWaiters.poll().then().run();
    }
  }

  /**
   * The lease is checked here, after the turn's last command and before its replies leave: a
   * process that was stopped in between must not answer. Replies that it can't answer for are
   * errors at once, since a lease that is renewed later says nothing of the time between.
   */
  private void answer() {
    leaseHolds = lease.isValid(clock.monotonicNanos());
    if (leaseHolds) {
      answeredNanos = nowNanos;
      for (int i = 0; i < committing.size(); i++) {
        committing.get(i).committedUnderLease();
      }
    } else {
      leadershipLost(null);
    }
    committing.clear();
    keeping.addAll(completed);
    // Copies: what is released may complete replies of others, which then come in.
    List<Turnable> releasing = List.copyOf(committed ? keeping : completed);
    committed = false;
    completed.clear();
    for (Turnable turnable : releasing) {
      if (!turnable.release()) {
        keeping.remove(turnable);
      }
    }
    for (int i = 0; i < active.size(); i++) {
      Turnable turnable = active.get(i);
      if (turnable.endTurn()) {
        keeping.add(turnable);
      }
    }
    active.clear();
  }
}
