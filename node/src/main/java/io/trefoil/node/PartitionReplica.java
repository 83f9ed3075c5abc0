package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.control.PartitionState;
import io.trefoil.control.Regions;
import io.trefoil.node.http.CallCounts;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.Effects;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.Message;
import io.trefoil.replication.leaderless.CopyState;
import io.trefoil.replication.multileader.CommonHorizon;
import io.trefoil.replication.singleleader.ReplicationSettings;
import io.trefoil.replication.singleleader.SingleLeaderReplica;
import io.trefoil.storage.CellSnapshot;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.PartitionStore;
import io.trefoil.transport.Lane;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The shell around one replica's machine: runs commands on its cells, and carries the machine's
 * effects out on journal, store and network.
 *
 * <p><b>Overlay.</b> On a leader the store holds the whole log, its uncommitted end as versions in
 * front of the committed ones. On a follower it holds what is committed. {@code overlayIndex} says
 * up to which entry the store has been given.
 *
 * <p>Belongs to the data loop's thread.
 */
final class PartitionReplica implements Effects, ReplyQueue.Answerer, DataLoop.Appender {
  /** A leader that has so much unconfirmed refuses more. */
  private static final long MAX_TAIL_ENTRIES = 1_000_000;

  /**
   * While so many entries of a leader are unconfirmed, clients wait that wrote the latest: else
   * those who send more than followers take would have all their writes late, and then uncertain.
   */
  private static final long ROOM_ENTRIES = 8_192;

  /** So long an idle leader leaves what has expired. */
  private static final long CARRY_TIME_MILLIS = 500;

  private final PartitionId id;
  private final DataLoop loop;
  private final PartitionHost host;
  private final RecentEntries recent;
  private final SingleLeaderReplica machine;
  private final EntryBuilder builder = new EntryBuilder();
  private final ByteSink frame = new ByteSink(4096);

  /** The marks among the entries that are in front of the store, not committed. */
  private final ArrayDeque<Mark> marks = new ArrayDeque<>();

  private PartitionTerms terms;
  private final long made;
  private long copy;
  private PartitionStore store;
  private EntryApplier applier;
  private ReplicaCells cells;

  /** With other regions, while this replica leads; else null. */
  private RegionExchange exchange;

  private long exchangesAfter;

  private long overlayIndex;
  private boolean proposing;
  private final ConfigurationChange change = new ConfigurationChange(this);
  private final HandOver handOver = new HandOver(this);

  /** The latest time that an entry of this leadership carries, and that entry's index. */
  private long carriedTimeMillis;

  private long carriedIndex;

  /**
   * The latest time that a committed entry carries, by which expired cells may be removed for good.
   * The log's end and heartbeats know later times; but a later leader may not, and keep a key that
   * expired by them.
   */
  private long appliedTimeMillis;

  private final Freshness freshness;
  private long leasedEpoch;
  private long leasedIndex;
  private long journaledCommit;
  private final ReplyQueue.Failure lostLeadership;
  private final ReplyQueue.Failure notConfirmed;
  private long refusalTurn;
  private String refusal;
  private final List<Runnable> waitingForRoom = new ArrayList<>();
  private boolean goes;
  private long committedWrites;
  private long refusedWrites;
  private long uncertainWrites;
  private final ConflictRecorder conflicts = new ConflictRecorder(this);

  /** What a replica asks of the node around it. */
  interface PartitionHost {
    void answerFence(PartitionReplica replica, Effect.AnswerFence answer);

    void roleChanged(PartitionReplica replica);

    /** How much committed log a replica may hold in memory. */
    long maxRecentBytes();

    /** How much of it when no replica lacks that. */
    long unwantedRecentBytes();

    /** Saves applied entries that the history lacks. Returns once they are on disk. */
    void saveDiverged(PartitionReplica replica, Effect.Diverged diverged);

    /** Reads from the journal on another thread; the answer is an {@link Event.LogRead}. */
    void readLog(PartitionReplica replica, Effect.ReadLog read);

    void sendSnapshot(PartitionReplica replica, NodeId follower);

    /** The name that people gave a node. */
    String nodeName(NodeId node);

    /**
     * This node's leadership of an epoch is over, or its leader's log is committed and copied and
     * it takes no more commands.
     */
    void handedOver(PartitionReplica replica, long epoch);

    /** This leader goes on, after it was asked to hand over. */
    void handOverEnded(PartitionReplica replica);

    /** This leader has what the next step of a change of configuration needs. */
    void changeReady(PartitionReplica replica, long configVersion);

    void persistPromise(PartitionReplica replica, long epoch, Runnable durable);

    /** Notes whether the replica's present copy counts. */
    void persistCounts(PartitionReplica replica, boolean counts);

    /** Merging what another region wrote hid a value. */
    void hidValue(ConflictRecord conflict);

    /** Merging hid so many more, of which no more is known. */
    void hidUnknownValues(PartitionReplica replica, long count);

    /** The replica has committed exactly the entries up to a mark. */
    void reachedMark(PartitionReplica replica, Mark mark);
  }

  /**
   * An entry at which the replicas are compared.
   *
   * @param id of its leader's choice
   * @param timeMillis compared is what is visible then
   */
  record Mark(long index, long id, long timeMillis) {}

  /**
   * What a recovered or new replica begins with.
   *
   * @param conflicts the latest that recovery found, which may have been recorded before
   */
  record Start(
      PartitionId id,
      long copy,
      PartitionStore store,
      RecentEntries recent,
      SingleLeaderReplica.Recovered recovered,
      long appliedTimeMillis,
      long lastStamp,
      Origins origins,
      List<FoundConflict.Committed> conflicts,
      boolean vouches) {
    /** How far a copy without a leader can be relied on. */
    CopyState copyState() {
      return !recovered.counts()
          ? CopyState.FORGOT
          : vouches ? CopyState.VOUCHES : CopyState.COUNTS;
    }
  }

  PartitionReplica(Start start, PartitionTerms terms, DataLoop loop, PartitionHost host) {
    this.id = start.id();
    this.made = start.copy();
    this.copy = start.copy();
    this.recent = start.recent();
    this.terms = terms;
    this.loop = loop;
    this.host = host;
    use(start.store(), start.lastStamp(), start.origins());
    this.machine =
        new SingleLeaderReplica(
            loop.self(),
            loop.incarnation(),
            recent,
            ReplicationSettings.DEFAULT,
            start.recovered());
    this.overlayIndex = start.recovered().commitIndex();
    this.journaledCommit = overlayIndex;
    this.appliedTimeMillis = start.appliedTimeMillis();
    this.freshness = new Freshness(loop);
    this.lostLeadership = Failures.leadershipLost(this);
    this.notConfirmed = Failures.notConfirmed(this);
    start.conflicts().forEach(conflicts::record);
  }

  /** Goes on with these cells. */
  private void use(PartitionStore newStore, long lastStamp, Origins origins) {
    store = newStore;
    applier = new EntryApplier(newStore, lastStamp, this::addMark, origins);
    cells =
        terms.database().settings().regions() == null
            ? new PartitionCells(this, newStore)
            : new RegionCells(this, newStore, origins);
  }

  PartitionId id() {
    return id;
  }

  long copy() {
    return copy;
  }

  /** The copy that it was made with. */
  long made() {
    return made;
  }

  PartitionStore store() {
    return store;
  }

  SingleLeaderReplica machine() {
    return machine;
  }

  /** Whether a follower is away and lacks what is in no log here any more. */
  boolean hasLeftBehind(NodeId follower) {
    long firstKept = Math.min(loop.journal().firstIndex(copy), recent.firstIndex());
    return machine.isAwayBefore(follower, firstKept);
  }

  RecentEntries recent() {
    return recent;
  }

  PartitionTerms terms() {
    return terms;
  }

  void terms(PartitionTerms newTerms) {
    boolean syncsFromNow = !terms.fsync() && newTerms.fsync();
    boolean mergesFromNow =
        terms.database().settings().regions() == null
            && newTerms.database().settings().regions() != null;
    terms = newTerms;
    if (mergesFromNow) {
      cells = new RegionCells(this, store, applier.origins());
    }
    if (syncsFromNow) {
      // What was acknowledged when written is waited for by the change, also when nobody writes.
      sayWhenSynced();
    }
  }

  /** The machine has heard of the terms. */
  void configured() {
    change.configured();
  }

  PartitionHost host() {
    return host;
  }

  DataLoop loop() {
    return loop;
  }

  // Running commands.

  /** Work on this replica's cells: a command's handler, with all that it needs. */
  @FunctionalInterface
  interface Work {
    void on(Cells cells);
  }

  /**
   * Runs a command on the leader. Its changes are in front of the store and in the turn's batch
   * when this returns; nothing is left of it when it throws.
   *
   * @throws CellsNotInMemory when cells must be fetched first
   * @throws io.trefoil.cell.CellsRefused when the cells don't take what the command is to do
   */
  void runAsLeader(Work work) {
    long mark = beginCommand();
    if (changed != null) {
      changed.begin();
    }
    Cells seen = cells.begin(true, Math.max(machine.logTimeMillis(), loop.wallMillis()));
    try {
      work.on(seen);
      builder.refuseTooLarge();
    } catch (RuntimeException e) {
      store.undoTo(mark);
      builder.undoCommand();
      if (changed != null) {
        changed.undo();
      }
      throw e;
    }
    if (cells.judgedExpired() && !builder.hasEntry()) {
      builder.open(nextStamp());
    }
    wrote = builder.hasEntry() ? builder.index() : 0;
    builder.endCommand();
    held = Math.max(wrote, cells.heldIndex());
    held = held > machine.commitIndex() ? held : 0;
    if (wrote > 0 && !proposing) {
      proposing = true;
      loop.proposes(this);
    }
  }

  /**
   * The turn's batch goes on with a command, or begins with it.
   *
   * @return the place in the store to which it can be undone
   */
  private long beginCommand() {
    long index = lastIndex() + 1;
    if (builder.count() == 0) {
      store.beginBatch(index);
    }
    builder.beginCommand(index);
    return store.mark();
  }

  /** Who waits for keys of this leader; null while nobody does. */
  private Waiters waiters;

  Waiters waiters() {
    return waiters;
  }

  void waiters(Waiters newWaiters) {
    waiters = newWaiters;
  }

  /** The running command put something into a key of fields. */
  void puts(CellType type, byte[] key, int offset, int length) {
    if (waiters != null) {
      waiters.ready(new Waiters.Wanted(type, Bytes.copyOf(key, offset, length)));
    }
  }

  /** Which keys this leadership has changed, since somebody watched one first; else null. */
  private ChangedKeys changed;

  /** From now on it is noted which keys change in this leadership; tells where it stands. */
  Position watch() {
    if (changed == null) {
      changed = new ChangedKeys();
      changed.begin();
    }
    return new Position(machine.epoch(), lastIndex());
  }

  /** Whether this leadership has not changed a key since {@link #watch} told a position. */
  boolean isUnchanged(Position since, byte[] key, int offset, int length) {
    return changed != null
        && since.epoch() == machine.epoch()
        && !changed.isChangedAfter(since.index(), key, offset, length);
  }

  /** The running command changes a key. */
  void changes(byte[] key, int offset, int length) {
    if (changed != null) {
      changed.note(builder.index(), key, offset, length);
    }
  }

  /**
   * This node's clock while it led: what its heartbeats tell followers, and so what its own reads
   * of what is committed go by, too. Keys expire also when nobody writes.
   */
  private long ledTimeMillis;

  private long wrote;
  private long held;

  /** The entry that the last command wrote; 0 for none. */
  long wroteIndex() {
    return wrote;
  }

  /** The uncommitted entry that the last command's reply waits for; 0 for none. */
  long heldIndex() {
    return held;
  }

  /** Writes a mark as leader, committed like any write; {@link PartitionHost#reachedMark} tells. */
  void writeMark(long markId, long timeMillis) {
    runAsLeader(none -> entry().mark(markId, timeMillis));
    store.divideBatch(wrote + 1); // what comes up to the mark is compared without what follows
    addMark(wrote, markId, timeMillis);
  }

  private void addMark(long index, long markId, long timeMillis) {
    marks.add(new Mark(index, markId, timeMillis));
  }

  /** Runs a read on what is committed here. */
  void runOnCommitted(Work work) {
    work.on(cells.begin(false, Math.max(machine.logTimeMillis(), ledTimeMillis)));
  }

  /**
   * Takes in what other regions wrote, by an entry of its own.
   *
   * @param entryChanges of the entry
   * @return the entry's index
   * @throws io.trefoil.base.MalformedBytesException when they are none; nothing is left of it then
   */
  long takeIn(ByteSink entryChanges) {
    long mark = beginCommand();
    long index = builder.index();
    if (changed != null) {
      changed.noteAll(index);
    }
    builder.open(nextStamp());
    builder.raw(entryChanges);
    try {
      applier.put(index, Bytes.wrap(entryChanges.toArray()));
    } catch (RuntimeException e) {
      store.undoTo(mark);
      applier.origins().undoAfter(index - 1);
      applier.conflicts().undoAfter(index - 1);
      builder.undoCommand();
      throw e;
    }
    builder.endCommand();
    loop.observeStamp(applier.lastStamp());
    if (!proposing) {
      proposing = true;
      loop.proposes(this);
    }
    return index;
  }

  /** Says as leader what this region has, in an entry of its own. */
  void tell(int region, CommonHorizon.Told what) {
    runAsLeader(none -> entry().told(region, what));
    applier.origins().toldIn(wrote, region, what, builder.stamp());
  }

  RegionExchange exchange() {
    return exchange;
  }

  void exchange(RegionExchange begun) {
    exchange = begun;
    exchangesAfter = machine.lastIndex();
  }

  /**
   * Whether all is committed that this leader began with, and what an exchange before took in: the
   * next one goes by what is committed.
   */
  boolean mayExchange() {
    return commitsItsOwn() && machine.commitIndex() >= exchangesAfter;
  }

  /** The newest cells of a partition that several regions write; may wait for the disk. */
  MergedStore mergedCells() {
    return MergedStore.waiting(store, applier.origins().state());
  }

  /** Whether all committed cells are such as several regions write. */
  boolean isAdopted() {
    return cells instanceof RegionCells between && between.isAdopted();
  }

  /** What the committed cells have of each origin. */
  Origins origins() {
    return applier.origins();
  }

  /**
   * The entry that the running command writes.
   *
   * @throws io.trefoil.cell.CellsRefused when it is too large already
   */
  EntryBuilder entry() {
    if (builder.hasEntry()) {
      builder.refuseTooLarge();
    } else {
      builder.open(nextStamp());
    }
    return builder;
  }

  /** A stamp above all that this node has issued and seen. */
  long nextStamp() {
    long stamp = loop.nextStamp();
    applier.observeStamp(stamp);
    return stamp;
  }

  /** The number of a new collection, which no other has: a stamp of its own. */
  long newCollection() {
    return loop.nextStamp();
  }

  /** The latest time that an entry of this leadership carries. */
  long carriedTimeMillis() {
    return carriedTimeMillis;
  }

  /** Index of the entry that carries {@link #carriedTimeMillis()}. */
  long carriedIndex() {
    return carriedIndex;
  }

  String nameOf(NodeId node) {
    return host.nodeName(node);
  }

  /** Index of the last entry, those of this turn included. */
  long lastIndex() {
    return machine.lastIndex() + builder.count();
  }

  /** Whether clients that write may send more; they may also when that would be refused. */
  boolean hasRoom() {
    return goes
        || !machine.isLeader()
        || lastIndex() - machine.commitIndex() < ROOM_ENTRIES
        || !machine.canCommit();
  }

  /** Runs a task in a turn after there is room again. */
  void whenRoom(Runnable task) {
    waitingForRoom.add(task);
  }

  /** Whether it is dropped. */
  boolean isGoing() {
    return goes;
  }

  /** It is dropped: nobody waits for it. */
  void goes() {
    goes = true;
    giveRoom();
  }

  private void giveRoom() {
    if (!waitingForRoom.isEmpty() && hasRoom()) {
      waitingForRoom.forEach(loop::later);
      waitingForRoom.clear();
    }
  }

  /** Why a write is not taken now, as an error text; null when it is. Nothing was appended. */
  String refuseWrite() {
    if (refusalTurn != loop.nowNanos()) {
      refusalTurn = loop.nowNanos();
      refusal = findRefusal();
    }
    return refusal;
  }

  private String findRefusal() {
    Regions regions = terms.database().settings().regions();
    if (regions != null && !regions.hasHere()) {
      return Failures.removedRegion(terms.database());
    }
    if (!machine.canCommit()) {
      return Failures.noReplicas(this);
    }
    if (lastIndex() - machine.commitIndex() > MAX_TAIL_ENTRIES) {
      return "NOREPLICAS "
          + (lastIndex() - machine.commitIndex())
          + " writes to partition "
          + id.number()
          + " are not confirmed yet";
    }
    return null;
  }

  /** Ends a turn: proposes what its commands wrote. */
  @Override
  public void propose() {
    proposing = false;
    if (builder.count() == 0) {
      return; // leadership was lost in this turn
    }
    Invariants.check(
        builder.firstIndex() == machine.lastIndex() + 1,
        "commands ran under the indexes that their entries get",
        builder.firstIndex(),
        machine.lastIndex());
    int count = builder.count();
    long logTime = Math.max(machine.logTimeMillis(), loop.wallMillis());
    machine.step(new Event.Proposed(count, builder.take(), logTime), this);
  }

  @Override
  public boolean answersFor(long epoch, long index) {
    return machine.isLeader()
        && machine.epoch() == epoch
        && index <= machine.commitIndex()
        && loop.leaseHolds();
  }

  /** Notes that this node held its lease when all that is committed by now was. */
  void committedUnderLease() {
    if (machine.isLeader()) {
      leasedEpoch = machine.epoch();
      leasedIndex = machine.commitIndex();
    }
  }

  @Override
  public boolean answeredFor(long epoch, long index, long ranNanos) {
    return leasedEpoch == epoch && index <= leasedIndex && ranNanos <= loop.answeredNanos();
  }

  @Override
  public long epoch() {
    return machine.epoch();
  }

  /** Position of the last entry known to be committed. */
  Position committedPosition() {
    long index = machine.commitIndex();
    return new Position(machine.epochAt(index), index);
  }

  /** What a read of what is committed here was answered from. */
  Answer answerFromCommitted() {
    Position position = committedPosition();
    return new Answer(loop.self(), machine.isLeader(), position, ageMillis());
  }

  /** What the command that this leader ran last saw and wrote. */
  Answer answerAsLeader() {
    return Answer.byLeader(loop.self(), new Position(answeredEpoch(), answeredIndex()));
  }

  /** Index of the latest entry that the command which this leader ran last may have seen. */
  long answeredIndex() {
    return held > 0 ? held : machine.commitIndex();
  }

  /** The epoch of {@link #answeredIndex()}. */
  long answeredEpoch() {
    long index = answeredIndex();
    return index > machine.lastIndex() ? machine.epoch() : machine.epochAt(index);
  }

  /**
   * At most so old is what is committed here: nothing is missing that was acknowledged before.
   * {@link Freshness#UNKNOWN} when there is no telling. Of this very moment.
   */
  long ageMillis() {
    return commitsItsOwn()
        ? Freshness.withDrift(loop.sinceAnsweredMillisNow())
        : freshness.ageMillis();
  }

  /** Whether this leader knows how far the log is committed: it has committed something itself. */
  boolean commitsItsOwn() {
    return machine.isLeader() && machine.epochAt(machine.commitIndex()) == machine.epoch();
  }

  /** How a position stands to this replica's state. */
  enum Coverage {
    COVERED,
    NOT_YET,
    /** It is not in the history that this replica knows. */
    LOST
  }

  /** Whether a command that this leader runs shows what was so at a position: its log has it. */
  Coverage coverageOfLog(long epoch, long index) {
    return coverage(epoch, index, lastIndex());
  }

  /** Whether what is committed here shows what was so at a position. */
  Coverage coverageOfCommitted(long epoch, long index) {
    return coverage(epoch, index, machine.commitIndex());
  }

  private Coverage coverage(long epoch, long index, long end) {
    long endEpoch = end > machine.lastIndex() ? machine.epoch() : machine.epochAt(end);
    if (endEpoch < epoch) {
      return Coverage.NOT_YET;
    }
    if (index > end) {
      return endEpoch == epoch ? Coverage.NOT_YET : Coverage.LOST;
    }
    boolean own = index > machine.lastIndex(); // written in this turn
    return (own ? machine.epoch() : machine.epochAt(index)) == epoch
        ? Coverage.COVERED
        : Coverage.LOST;
  }

  void countRefused() {
    refusedWrites++;
  }

  @Override
  public void countUncertain() {
    uncertainWrites++;
  }

  /**
   * Entries committed here as leader, writes refused, writes whose outcome the client was not told,
   * and values that merging hid.
   */
  CallCounts callCounts() {
    return new CallCounts(
        committedWrites, refusedWrites, uncertainWrites, 0, 0, conflicts.count(), 0);
  }

  @Override
  public long turnNanos() {
    return loop.nowNanos();
  }

  @Override
  public long writeTimeoutNanos() {
    return terms.writeTimeoutNanos();
  }

  @Override
  public ReplyQueue.Failure lostLeadership() {
    return lostLeadership;
  }

  @Override
  public ReplyQueue.Failure notConfirmed() {
    return notConfirmed;
  }

  /** A write's id, as {@code -UNCERTAIN} gives it: database/partition@epoch:index. */
  @Override
  public String writeId(long epoch, long index) {
    return id + "@" + epoch + ":" + index;
  }

  // Feeding the machine.

  void step(Event event) {
    machine.step(event, this);
  }

  void receive(NodeId from, ReplicationCodec.Echo echo, Message message) {
    machine.step(new Event.Received(from, message), this);
    if (message instanceof Message.Appended) {
      freshness.heard(from, echo);
    } else if (message instanceof Message.Append append
        && append.epoch() == machine.epoch()
        && from.equals(machine.leader())
        && append.commitIndex() <= machine.commitIndex()) {
      freshness.covers(echo);
    }
    handOver.maybeFinish();
  }

  // Switchover and changes.

  /** Hands over to a follower, if this is the leader of {@code epoch} and the follower is near. */
  void handOver(long epoch, NodeId to) {
    handOver.begin(epoch, to);
  }

  /**
   * Whether the others take this process for the leader, as far as is known here; it may have
   * stepped down already.
   */
  boolean leadsToTheCluster() {
    PartitionState state = terms.state();
    return state.led()
        && state.lastLeader().equals(loop.self())
        && state.lastIncarnation() == loop.incarnation();
  }

  /** Whether this leader takes commands: not while it hands over. */
  boolean takesCommands() {
    return machine.isLeader() && !handOver.isUnderWay();
  }

  /** Whether some command of this turn has yet to be proposed. */
  boolean hasUnproposed() {
    return builder.count() > 0;
  }

  /** The journal's buffer was written. */
  @Override
  public void written() {
    if (terms.fsync()) {
      sayWhenSynced();
    } else {
      machine.step(new Event.Stable(machine.last(), false), this);
    }
    maybeFreeze();
  }

  private void sayWhenSynced() {
    Position last = machine.last();
    loop.afterSync(() -> machine.step(new Event.Stable(last, true), this));
  }

  void tick() {
    machine.step(new Event.Tick(loop.nowNanos() / 1_000_000), this);
    if (machine.isLeader()) {
      ledTimeMillis = Math.max(ledTimeMillis, loop.wallMillis());
    }
    handOver.tick();
    change.tick();
    if (machine.commitIndex() > journaledCommit) {
      journaledCommit = machine.commitIndex();
      loop.journal().appendCommit(copy, journaledCommit);
      loop.journalDirty();
    }
    long committed = machine.commitIndex();
    recent.trim(Math.min(committed, machine.everywhereIndex()), host.unwantedRecentBytes());
    recent.trim(committed, host.maxRecentBytes());
    cells.collect(appliedTimeMillis);
    maybeCarryTime();
    maybeFreeze();
    store.holdsClientsBack(machine.isLeader());
    store.fill();
    giveRoom();
  }

  /**
   * What has expired is collected by the time that committed entries carry. Where nobody writes,
   * one says the time.
   */
  private void maybeCarryTime() {
    long soonest = store.soonestExpiryMillis();
    if (soonest <= ledTimeMillis
        && carriedTimeMillis < soonest
        && ledTimeMillis - carriedTimeMillis >= CARRY_TIME_MILLIS
        && takesCommands()
        && refuseWrite() == null) {
      runAsLeader(seen -> builder.open(nextStamp()));
    }
  }

  private void maybeFreeze() {
    // A freeze that is under way when a mark is committed would make the comparison fail. But the
    // mark may be committed only when a follower has the snapshot that waits for the freeze.
    boolean mayFreeze = marks.isEmpty() || store.isSnapshotWanted();
    if (mayFreeze && store.wantsFreeze(loop.nowNanos() / 1_000_000) && store.canFreeze()) {
      freeze();
    }
  }

  /** Writes out what is committed and not written yet, be it only the position. */
  void freezeIfBehind() {
    boolean behind = machine.commitIndex() > store.flushedPosition().index();
    if (behind && marks.isEmpty() && store.canFreeze()) {
      freeze();
    }
  }

  private void freeze() {
    Position position = committedPosition();
    store.freeze(position, meta(position.index()).encode());
  }

  /** Freezes the store at a mark that was just reached, and gives the snapshot to the receiver. */
  void freezeAt(Mark mark, Consumer<CellSnapshot> receiver) {
    store.freezeAndSnapshot(positionOf(mark), meta(mark.index()).encode(), receiver);
  }

  Position positionOf(Mark mark) {
    return new Position(machine.epochAt(mark.index()), mark.index());
  }

  /** What is stored with the copy as of {@code index}, which is committed. */
  private CopyMeta meta(long index) {
    var epochs = machine.epochs();
    epochs.cut(index + 1);
    return new CopyMeta(id, epochs, appliedTimeMillis, applier.lastStamp(), applier.origins());
  }

  /** The largest stamp in this replica's log. */
  long lastStamp() {
    return applier.lastStamp();
  }

  // Carrying effects out.

  @Override
  public void add(Effect effect) {
    if (effect instanceof Effect.Send send) {
      send(send.to(), send.message());
    } else if (effect instanceof Effect.Append append) {
      append(append.batch());
    } else if (effect instanceof Effect.Commit commit) {
      commit(commit.index());
    } else {
      addRare(effect);
    }
  }

  private void addRare(Effect effect) {
    if (effect instanceof Effect.Cut cut) {
      cut(cut.fromIndex());
    } else if (effect instanceof Effect.PersistPromise promise) {
      long epoch = promise.epoch();
      host.persistPromise(this, epoch, () -> step(new Event.PromiseDurable(epoch)));
    } else if (effect instanceof Effect.PersistCounts persist) {
      host.persistCounts(this, persist.counts());
    } else if (effect instanceof Effect.AnswerFence answer) {
      host.answerFence(this, answer);
    } else if (effect instanceof Effect.BecameLeader) {
      becameLeader();
    } else if (effect instanceof Effect.BecameFollower) {
      becameFollower();
    } else if (effect instanceof Effect.Diverged diverged) {
      host.saveDiverged(this, diverged);
    } else if (effect instanceof Effect.ReadLog read) {
      host.readLog(this, read);
    } else if (effect instanceof Effect.SendSnapshot snapshot) {
      host.sendSnapshot(this, snapshot.follower());
    } else {
      throw new IllegalStateException("no way to carry out " + effect);
    }
  }

  private void send(NodeId to, Message protocolMessage) {
    Message message = withTime(protocolMessage);
    frame.clear();
    frame.putByte(Frames.REPLICATION);
    ReplicationCodec.putPartition(frame, id);
    ReplicationCodec.putEcho(frame, freshness.echo(to, message, commitsItsOwn()));
    ReplicationCodec.encode(frame, message);
    loop.network().send(Lane.DATA, to.number(), frame.array(), 0, frame.size());
  }

  /**
   * A leader's heartbeats carry its clock, so that keys expire on followers also when nobody
   * writes.
   */
  private Message withTime(Message message) {
    return message instanceof Message.Append append && append.batch() == null
        ? new Message.Append(
            append.epoch(),
            append.previous(),
            null,
            append.commitIndex(),
            append.everywhereIndex(),
            Math.max(append.logTimeMillis(), loop.wallMillis()))
        : message;
  }

  private void append(EntryBatch batch) {
    recent.add(batch);
    // The only copy there is can't be overtaken: what is in its journal is committed, and is so at
    // once when the node starts again.
    boolean onlyCopy = terms.state().replicas().size() == 1;
    long commit = onlyCopy ? batch.lastIndex() : machine.commitIndex();
    loop.journal()
        .appendBatch(
            copy,
            batch.epoch(),
            batch.firstIndex(),
            batch.count(),
            commit,
            batch.logTimeMillis(),
            batch.issuer(),
            batch.body().array(),
            0,
            batch.body().length());
    journaledCommit = commit;
    if (machine.isLeader()) {
      overlayIndex = batch.lastIndex(); // its own commands put them there
      carriedTimeMillis = batch.logTimeMillis();
      carriedIndex = batch.lastIndex();
      applier.observeStamp(loop.lastStamp());
    }
    loop.appended(this);
  }

  private void commit(long index) {
    if (machine.isLeader()) {
      committedWrites += index - store.committedIndex();
    }
    if (overlayIndex < index) {
      store.beginBatch(overlayIndex + 1);
      putUpTo(index);
    }
    while (!marks.isEmpty() && marks.peek().index() <= index) {
      Mark mark = marks.poll();
      commitStore(mark.index());
      host.reachedMark(this, mark);
    }
    commitStore(index);
    loop.committed(this);
    if (exchange != null) {
      exchange.committed(index);
    }
    giveRoom();
  }

  private void commitStore(long index) {
    appliedTimeMillis = Math.max(appliedTimeMillis, recent.logTimeAt(index).orElse(0));
    store.commit(index);
    applier.origins().committed(index);
    conflicts.committed(applier.conflicts(), index, appliedTimeMillis);
  }

  private void putUpTo(long index) {
    recent.forEach(overlayIndex + 1, index, applier::put);
    overlayIndex = Math.max(overlayIndex, index);
  }

  private void cut(long fromIndex) {
    Invariants.check(overlayIndex < fromIndex, "cuts what is not applied", overlayIndex, fromIndex);
    Position from = recent.positionAt(fromIndex);
    boolean oneCopy =
        terms.state().isCommittedByLeaderAlone() || from.epoch() <= terms.state().oneCopyEpoch();
    if (oneCopy) {
      // With one copy a write is acknowledged when its leader has it: a restarted leader does not
      // know of which of its last entries it told the client, so it keeps all.
      host.saveDiverged(
          this, new Effect.Diverged(machine.epoch(), from, recent.positionAt(recent.lastIndex())));
    }
    recent.cut(fromIndex);
    loop.journal().appendCut(copy, new Position(machine.epochAt(fromIndex - 1), fromIndex - 1));
    loop.journalDirty();
  }

  private void becameLeader() {
    freshness.leaderChanged();
    putUpTo(machine.lastIndex());
    loop.observeStamp(applier.lastStamp());
    if (terms.database().settings().regions() != null) {
      machine.keepAfter(0); // until it is known what other regions need
    }
    host.roleChanged(this);
  }

  private void becameFollower() {
    exchange = null;
    exchangesAfter = 0;
    changed = null;
    freshness.leaderChanged();
    builder.reset();
    marks.removeIf(mark -> mark.index() > machine.commitIndex());
    store.undoAfter(
        machine.commitIndex()); // also what this turn's commands wrote and never proposed
    applier.origins().undoAfter(machine.commitIndex());
    applier.conflicts().undoAfter(machine.commitIndex());
    overlayIndex = machine.commitIndex();
    handOver.end();
    loop.leadershipLost(this);
    host.roleChanged(this);
  }

  /**
   * Saves what a snapshot would take out of the history, before the journal says that the snapshot
   * is there.
   */
  void saveDivergence(Position position, EpochTable epochs) {
    machine.divergesFrom(position, epochs).ifPresent(it -> host.saveDiverged(this, it));
  }

  /** A snapshot took the place of everything this replica had. */
  void replaceCopy(
      long newCopy, PartitionStore newStore, Origins origins, Event.SnapshotInstalled installed) {
    List<Effect> effects = new ArrayList<>();
    machine.step(installed, effects::add);
    for (Effect effect : effects) {
      if (effect instanceof Effect.Diverged) {
        add(effect); // while the entries can still be read
      }
    }
    copy = newCopy;
    freshness.reset();
    recent.clear();
    marks.clear();
    use(newStore, applier.lastStamp(), origins);
    overlayIndex = installed.position().index();
    journaledCommit = overlayIndex;
    for (Effect effect : effects) {
      if (!(effect instanceof Effect.Diverged)) {
        add(effect);
      }
    }
  }
}
