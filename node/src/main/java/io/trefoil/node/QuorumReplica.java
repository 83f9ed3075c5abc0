package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.base.Stamp;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.EntryReader;
import io.trefoil.cell.EntryWriter;
import io.trefoil.control.Conflict;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.leaderless.CopyState;
import io.trefoil.replication.leaderless.LeaderlessEffect;
import io.trefoil.replication.leaderless.LeaderlessEffects;
import io.trefoil.replication.leaderless.LeaderlessEvent;
import io.trefoil.replication.leaderless.LeaderlessMessage;
import io.trefoil.replication.leaderless.LeaderlessReplica;
import io.trefoil.replication.leaderless.LeaderlessSettings;
import io.trefoil.replication.leaderless.OwnLog;
import io.trefoil.replication.leaderless.PeerView;
import io.trefoil.replication.leaderless.RepairEvent;
import io.trefoil.replication.leaderless.Stretch;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.PartitionStore;
import io.trefoil.transport.Lane;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shell around one replica of a leaderless partition: coordinates commands of clients, takes in
 * what other coordinators wrote, and carries the machine's effects out on journal, store and
 * network.
 *
 * <p>Every change is in the store at once, and goes to the others when it is in the journal: so
 * none of them ever has something of this coordinator that its own restarted process lacks.
 *
 * <p>Belongs to the data loop's thread.
 */
final class QuorumReplica implements LeaderlessEffects, OwnLog, MergedCells.Log, DataLoop.Appender {
  private static final Logger LOG = LoggerFactory.getLogger(QuorumReplica.class);

  /** No leadership here: all that a copy's journal holds is of one epoch. */
  private static final long EPOCH = 1;

  private final PartitionId id;
  private final DataLoop loop;
  private final QuorumHost host;
  private final long copy;
  private final int origin;
  private final long madeMillis;
  private final PartitionStore store;
  private final RecentEntries recent;
  private final SiblingWatch siblings;
  private final EntryApplier applier;
  private final MergedStore merged;
  private final LeaderlessReplica machine;
  private final MergedCells cells = new MergedCells();
  private final EntryBuilder builder = new EntryBuilder();
  private final ByteSink frame = new ByteSink(4096);
  private final QuorumCalls calls;
  private final QuorumRepair repair;
  private final LogAges ages;
  private final QuorumChange change;
  private final long place;
  private boolean closed;
  private PartitionTerms terms;
  private Level databaseLevel;
  private boolean proposing;
  private long journaled;

  /** What such a replica asks of the node around it. */
  interface QuorumHost {
    /** How much log a replica may hold in memory. */
    long maxRecentBytes();

    /** How much when no replica lacks it. */
    long unwantedRecentBytes();

    /** The name that people gave a node. */
    String nodeName(NodeId node);

    /** How long the journal keeps a hint, at most. */
    long maxHintAgeNanos();

    /** A node's wall time came with what it coordinated. */
    void heardClock(NodeId node, long wallMillis);

    /** Reads from the journal on another thread; the answer is {@link LeaderlessEvent.LogRead}. */
    void readLog(QuorumReplica replica, LeaderlessEffect.ReadLog read);

    /** The replica is ready for the next step of a change; may be said again. */
    void changeReady(QuorumReplica replica, long configVersion);

    /** How far the replica's copy can be relied on from now on. */
    void persistCopyState(QuorumReplica replica, CopyState state);

    /** How long a replica waits before it compares itself with the same one again. */
    long repairPauseMillis();

    /** A stamp: what this node stamped up to it is in its copies, and it gives none so small. */
    long toldClock();
  }

  QuorumReplica(
      PartitionReplica.Start start,
      int origin,
      PartitionTerms terms,
      DataLoop loop,
      QuorumHost host) {
    this.id = start.id();
    this.copy = start.copy();
    this.origin = origin;
    this.store = start.store();
    this.terms = terms;
    this.loop = loop;
    this.madeMillis = loop.nowNanos() / 1_000_000;
    this.host = host;
    this.recent = start.recent();
    Origins origins = start.origins();
    this.siblings = new SiblingWatch(this::inLog, this::keepsSiblings, loop::nowNanos);
    this.applier =
        new EntryApplier(store, start.lastStamp(), EntryApplier.Marks.IGNORED, origins, siblings);
    this.merged = MergedStore.notWaiting(store, origins.state());
    this.journaled = start.recovered().lastIndex();
    this.machine =
        new LeaderlessReplica(
            loop.self(),
            origin,
            this,
            LeaderlessSettings.DEFAULT,
            new LeaderlessReplica.Recovered(
                journaled, origins.heard(), origins.gaps(), start.recovered().counts()));
    this.ages = new LogAges(host.maxHintAgeNanos());
    this.calls = new QuorumCalls(this);
    this.repair = new QuorumRepair(this, origins, start.copyState());
    this.change = new QuorumChange(this);
    this.place = terms.state().places().get(loop.self());
    loop.observeStamp(Math.max(applier.lastStamp(), origins.state().lastStamp()));
    terms(terms);
  }

  PartitionId id() {
    return id;
  }

  long copy() {
    return copy;
  }

  /** Since which configuration the node has had the place that this is the copy for. */
  long place() {
    return place;
  }

  PartitionStore store() {
    return store;
  }

  MergedStore merged() {
    return merged;
  }

  LeaderlessReplica machine() {
    return machine;
  }

  DataLoop loop() {
    return loop;
  }

  QuorumHost host() {
    return host;
  }

  QuorumRepair repair() {
    return repair;
  }

  QuorumCalls calls() {
    return calls;
  }

  /** Of keys that came to have siblings here. */
  SiblingWatch siblings() {
    return siblings;
  }

  private String inLog() {
    return "database=" + terms.database().title() + " partition=" + id.number();
  }

  PartitionTerms terms() {
    return terms;
  }

  void terms(PartitionTerms newTerms) {
    terms = newTerms;
    LeaderlessEvent.Configured event =
        new LeaderlessEvent.Configured(
            newTerms.state().configVersion(), NodeReplicas.membership(newTerms.state()));
    boolean isOther = machine.version() != newTerms.state().configVersion();
    databaseLevel = Level.DEFAULT.in(newTerms.state().configurations());
    step(event);
    repair.configured(event);
    if (isOther) {
      calls.configured();
    }
  }

  /** In numbers, by the configurations that stand. */
  Level level(Level chosen) {
    return chosen.equals(Level.DEFAULT) ? databaseLevel : chosen.in(terms.state().configurations());
  }

  // Running commands.

  /**
   * Runs a command on what is here. Its changes are in the store and in the turn's batch when this
   * returns; nothing is left of it when it throws.
   *
   * @param looks is told what the command looks at
   * @throws CellsNotInMemory when cells must be fetched first
   */
  void run(PartitionReplica.Work work, MergedCells.Looks looks) {
    mark = store.mark();
    builder.beginCommand(index());
    cells.begin(merged, this, looks, nowMillis());
    try {
      work.on(cells);
      builder.refuseTooLarge();
    } catch (RuntimeException e) {
      undo();
      throw e;
    }
  }

  private long mark;

  /** Whether the command that just ran may be run again to write the same with larger stamps. */
  boolean onlySets() {
    return cells.onlySets();
  }

  /** Whether the command that just ran removed what it saw. */
  boolean removes() {
    return cells.removes();
  }

  /** The latest entry that decided what the command that just ran saw. */
  long heldIndex() {
    return cells.heldIndex();
  }

  /** Takes back what the command that just ran has changed. */
  void undo() {
    store.undoTo(mark);
    builder.undoCommand();
  }

  /**
   * Keeps what the command that just ran has changed.
   *
   * @return index of its entry, or 0
   */
  long keep() {
    long wrote = builder.hasEntry() ? index() : 0;
    builder.endCommand();
    if (wrote > 0 && !proposing) {
      proposing = true;
      loop.proposes(this);
    }
    return wrote;
  }

  /**
   * Merges what others told into what is here, and has all replicas get the result.
   *
   * @param told changes of an entry each
   * @param question what they were asked
   * @return index of the entry that repairs; 0 when there is nothing
   * @throws CellsNotInMemory when cells must be fetched first; nothing was merged then
   */
  long repair(List<LeaderlessEffect.Differing> told, CellQuestion question) {
    question.writeAll(
        merged, new ByteSink()); // all of it is in memory, or what is told is not merged
    builder.beginCommand(index());
    for (LeaderlessEffect.Differing each : told) {
      applier.put(index(), each.cells());
    }
    applier.takeSuperseded();
    loop.observeStamp(applier.lastStamp());
    ByteSink changes = new ByteSink();
    question.writeAll(merged, changes);
    if (changes.size() > 0) {
      builder.open(nextStamp());
      builder.raw(changes);
    }
    return keep();
  }

  /**
   * The time by which keys expire: this node's clock, or one of those whose stamps came here, if
   * that is ahead.
   */
  private long nowMillis() {
    return Math.max(loop.wallMillis(), Stamp.millis(loop.lastStamp()));
  }

  @Override
  public int origin() {
    return origin;
  }

  @Override
  public boolean keepsSiblings() {
    return terms.database().settings().quorums().conflict() == Conflict.SIBLINGS;
  }

  @Override
  public String nodeName(int of) {
    return host.nodeName(Origins.nodeOf(of));
  }

  @Override
  public long random() {
    return loop.random();
  }

  @Override
  public long nextStamp() {
    long stamp = loop.nextStamp();
    applier.observeStamp(stamp);
    return stamp;
  }

  @Override
  public long index() {
    return machine.lastIndex() + builder.count() + 1;
  }

  @Override
  public void merge(byte[] key, byte[] change, int length) {
    if (builder.hasEntry()) {
      builder.refuseTooLarge();
    } else {
      builder.open(nextStamp());
    }
    builder.merge(key, change, length);
  }

  @Override
  public void part(
      CellType type, byte[] field, int offset, int fieldLength, byte[] change, int length) {
    builder.part(type, field, offset, fieldLength, change, length);
  }

  // Feeding the machine.

  void step(LeaderlessEvent event) {
    machine.step(event, this);
    if (!carryingOut) {
      carryingOut = true;
      for (Runnable next = later.poll(); next != null; next = later.poll()) {
        next.run();
      }
      carryingOut = false;
    }
  }

  /** What may feed the machine again is carried out when its step is over. */
  private final ArrayDeque<Runnable> later = new ArrayDeque<>();

  private boolean carryingOut;

  void receive(NodeId from, LeaderlessMessage message) {
    propose(); // entries of others come behind those that ran before they came
    step(new LeaderlessEvent.Received(from, message));
  }

  @Override
  public void propose() {
    proposing = false;
    if (closed || builder.count() == 0) {
      return;
    }
    int count = builder.count();
    step(
        new LeaderlessEvent.Proposed(count, builder.take(), loop.wallMillis(), loop.incarnation()));
  }

  @Override
  public void written() {
    if (closed) {
      return;
    }
    journaled = machine.lastIndex();
    store.commit(journaled);
    applier.origins().committed(journaled);
    if (terms.fsync()) {
      long synced = journaled;
      loop.afterSync(
          () -> {
            if (!closed) {
              step(new LeaderlessEvent.Stable(synced));
              calls.copied();
              repair.runWhenStable();
            }
          });
    } else {
      step(new LeaderlessEvent.Stable(journaled));
    }
    calls.copied();
    repair.runWhenStable();
    maybeFreeze();
  }

  /** Whether nothing is held that a crash could take. */
  boolean isAllStable() {
    return builder.count() == 0 && machine.stableIndex() == machine.lastIndex();
  }

  /**
   * Merges entries that anti-entropy brought, and keeps them in the log.
   *
   * @return how many keys there were
   */
  long keep(Bytes body) {
    propose();
    long before = applier.keysMerged();
    step(new LeaderlessEvent.Kept(1, body, loop.wallMillis(), loop.incarnation()));
    loop.observeStamp(applier.lastStamp());
    return applier.keysMerged() - before;
  }

  /** Removes a key that expired, by an entry: so that every copy may forget it one day. */
  void removeExpired(byte[] key) {
    mark = store.mark();
    builder.beginCommand(index());
    cells.begin(merged, this, MergedCells.Looks.IGNORED, nowMillis());
    try {
      cells.removeExpired(key);
      keep();
    } catch (CellsNotInMemory missing) {
      undo(); // another time
    }
  }

  /**
   * The copy has all that was acknowledged.
   *
   * @param surely whether enough others could say so
   */
  void becameWhole(boolean surely) {
    LOG.info("partition={} is whole again{}", id, surely ? "" : ", as far as anybody knows");
    step(new LeaderlessEvent.Whole());
  }

  /** What streams had left out came otherwise. */
  void gapsFilled(SortedSet<Integer> origins) {
    origins.forEach(applier.origins()::closeGap);
    if (machine.counts() && origins.containsAll(machine.gaps())) {
      step(new LeaderlessEvent.Whole());
    }
  }

  void tick() {
    step(new LeaderlessEvent.Tick(loop.nowNanos() / 1_000_000));
    recent.trim(Math.min(journaled, machine.everywhereIndex()), host.unwantedRecentBytes());
    recent.trim(journaled, 4 * host.maxRecentBytes());
    calls.expire();
    repair.tick();
    change.tick();
    maybeFreeze();
    store.fill();
  }

  private void maybeFreeze() {
    if (store.wantsFreeze(loop.nowNanos() / 1_000_000) && store.canFreeze()) {
      freeze();
    }
  }

  /** Writes out what is not written yet, be it only the position. */
  void freezeIfBehind() {
    if (journaled > store.flushedPosition().index() && store.canFreeze()) {
      freeze();
    }
  }

  /**
   * As of what is in the journal; of what came since, the store has it, but it is not committed.
   */
  private void freeze() {
    if (machine.lastIndex() != journaled || builder.count() > 0) {
      return; // what was heard is known of the whole log only: at the end of a turn
    }
    EpochTable epochs = new EpochTable();
    if (journaled > 0) {
      epochs.append(EPOCH, 1);
    }
    CopyMeta meta =
        new CopyMeta(id, epochs, loop.wallMillis(), applier.lastStamp(), applier.origins());
    store.freeze(new Position(journaled > 0 ? EPOCH : 0, journaled), meta.encode());
  }

  // The log, as a stream of what this node coordinated.

  @Override
  public Stretch recent(long fromIndex) {
    long next = fromIndex;
    for (EntryBatch batch = recent.recent(next); batch != null; batch = recent.recent(next)) {
      if (!isForeign(batch)) {
        return new Stretch(fromIndex, batch.lastIndex(), batch);
      }
      next = batch.lastIndex() + 1;
    }
    return next > fromIndex ? new Stretch(fromIndex, next - 1, null) : null;
  }

  /** Whether a batch holds what others wrote, or what is not to be sent on. */
  static boolean isForeign(EntryBatch batch) {
    ByteSource body = new ByteSource(batch.body().array());
    int length = body.getBlockLength();
    return EntryReader.isForeign(new ByteSource(body.array(), body.skip(length), length));
  }

  /** How long another replica was not heard of; of one that never was, since this one is there. */
  long silentMillis(PeerView peer) {
    long heardMillis = Math.max(peer.heardMillis(), madeMillis);
    return Math.max(0, loop.nowNanos() / 1_000_000 - heardMillis);
  }

  /** What another replica has not confirmed of what this node coordinated. */
  Hints hintsFor(PeerView peer) {
    long released = loop.journal().firstIndex(copy) - 1;
    return Hints.of(recent, Math.max(peer.match(), released), peer.match() + peer.lagEntries());
  }

  /**
   * Up to where nobody needs the log any more, or it is to be kept no longer for those who lack it.
   * Not what a command still waits for: a replica that it was skipped for is taken for one that has
   * it.
   *
   * @param beyondCap up to where the journal is larger than it may be
   */
  long unwantedIndex(long beyondCap) {
    long old = ages.look(loop.nowNanos(), machine.lastIndex());
    long let = Math.min(Math.max(beyondCap, old), calls.firstAwaited() - 1);
    return Math.max(machine.everywhereIndex(), let);
  }

  // Carrying effects out.

  @Override
  public void add(LeaderlessEffect effect) {
    if (effect instanceof LeaderlessEffect.Send send) {
      send(send.to(), send.message());
    } else if (effect instanceof LeaderlessEffect.AppendOwn append) {
      applier.observeStamp(loop.lastStamp());
      append(append.batch());
    } else if (effect instanceof LeaderlessEffect.AppendForeign append) {
      appendForeign(append);
    } else if (effect instanceof LeaderlessEffect.AppendKept append) {
      applier.put(append.batch());
      append(append.batch());
    } else if (effect instanceof LeaderlessEffect.Copied) {
      later.add(calls::copied);
    } else if (effect instanceof LeaderlessEffect.Examine examine) {
      // What a crash may take is not told.
      later.add(() -> repair.whenStable(() -> examine(examine)));
    } else if (effect instanceof LeaderlessEffect.Informed informed) {
      later.add(() -> calls.informed(informed));
    } else if (effect instanceof LeaderlessEffect.ReadLog read) {
      host.readLog(this, read);
    } else {
      throw new IllegalStateException("no way to carry out " + effect);
    }
  }

  private void send(NodeId to, LeaderlessMessage message) {
    if (message instanceof LeaderlessMessage.Shared shared) {
      tellSuperseded(to, shared);
    }
    frame.clear();
    frame.putByte(Frames.LEADERLESS);
    ReplicationCodec.putPartition(frame, id);
    LeaderlessCodec.encode(frame, message);
    loop.network().send(Lane.DATA, to.number(), frame.array(), 0, frame.size());
  }

  private void append(EntryBatch batch) {
    recent.add(batch);
    loop.journal()
        .appendBatch(
            copy,
            batch.epoch(),
            batch.firstIndex(),
            batch.count(),
            batch.lastIndex(),
            batch.logTimeMillis(),
            batch.issuer(),
            batch.body().array(),
            0,
            batch.body().length());
    loop.appended(this);
  }

  private void appendForeign(LeaderlessEffect.AppendForeign append) {
    EntryBatch theirs = append.batch();
    host.heardClock(Origins.nodeOf(append.origin()), theirs.logTimeMillis());
    ByteSink entry = new ByteSink(theirs.body().length() + 64);
    EntryWriter.begin(entry, Math.max(1, loop.lastStamp()));
    EntryWriter.from(
        entry, append.origin(), append.upToIndex(), theirs.count(), theirs.body().array());
    ByteSink body = new ByteSink(entry.size() + 8);
    body.putBlock(entry.array(), 0, entry.size());
    EntryBatch batch =
        new EntryBatch(
            EPOCH,
            append.index(),
            1,
            loop.wallMillis(),
            loop.incarnation(),
            Bytes.wrap(body.toArray()));
    applier.put(batch);
    applier.origins().hear(append.origin(), append.upToIndex(), append.gap());
    loop.observeStamp(applier.lastStamp());
    superseded
        .computeIfAbsent(append.origin(), origin -> new TreeMap<>())
        .putAll(applier.takeSuperseded());
    append(batch);
  }

  /**
   * Writes of other coordinators that nobody will see here, with the stamps in their way, until the
   * coordinator says that it knows.
   */
  private final Map<Integer, SortedMap<Long, Long>> superseded = new HashMap<>();

  /**
   * Before a coordinator hears that its writes are here: else it might say that they are
   * acknowledged. Again each time, as a connection may have broken.
   */
  private void tellSuperseded(NodeId to, LeaderlessMessage.Shared shared) {
    superseded
        .getOrDefault(shared.origin(), Collections.emptySortedMap())
        .headMap(shared.index() + 1)
        .forEach((index, by) -> sendSuperseded(to, shared.origin(), index, by));
  }

  /**
   * @param by the larger stamp; 0 to say that it is known
   */
  private void sendSuperseded(NodeId to, int of, long index, long by) {
    frame.clear();
    frame.putByte(Frames.SUPERSEDED);
    ReplicationCodec.putPartition(frame, id);
    frame.putVarint(of).putVarint(index).putVarint(by);
    loop.network().send(Lane.DATA, to.number(), frame.array(), 0, frame.size());
  }

  /** Something has a larger stamp than a write of this coordinator; or another one knows that. */
  void superseded(NodeId from, int of, long index, long by) {
    if (by == 0) {
      superseded.getOrDefault(of, new TreeMap<>()).remove(index);
      return;
    }
    loop.observeStamp(by);
    sendSuperseded(from, of, index, 0);
    if (of == origin) {
      calls.superseded(index);
    }
  }

  /** What the peer would have said of writes under way is lost: they are written again. */
  void lost(NodeId peer) {
    step(new LeaderlessEvent.PeerLost(peer));
    repair.step(new RepairEvent.PeerLost(peer));
    calls.writeAgain();
  }

  private void examine(LeaderlessEffect.Examine asked) {
    Bytes differing;
    try {
      differing = CellQuestion.answer(asked.question(), merged);
    } catch (CellsNotInMemory missing) {
      fetch(missing, () -> examine(asked));
      return;
    }
    step(new LeaderlessEvent.Examined(asked.from(), asked.id(), differing));
  }

  /** Fetches what only the disk has; then goes on, in a turn. */
  void fetch(CellsNotInMemory missing, Runnable then) {
    Runnable inTurn =
        () -> {
          loop.beginTurn();
          then.run();
        };
    if (missing.key() == null) {
      store.resolveCounts(inTurn);
    } else if (missing.collection() == 0) {
      store.fetch(missing.key(), inTurn);
    } else if (missing.fields() == null) {
      store.fields().fetchAll(missing.collection(), inTurn);
    } else {
      store.fields().fetch(missing.collection(), missing.fields(), inTurn);
    }
  }

  /** What came of each origin's log. */
  Origins origins() {
    return applier.origins();
  }

  /** Ends what waits here: the replica goes. */
  void close() {
    closed = true;
    calls.giveUpAll();
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public String toString() {
    return id + " origin=" + origin + " " + machine;
  }
}
