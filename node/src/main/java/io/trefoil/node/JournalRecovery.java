package io.trefoil.node;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.journal.Journal;
import io.trefoil.journal.JournalReplay;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.singleleader.SingleLeaderReplica.Recovered;
import io.trefoil.storage.CopyState;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.Storage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Builds the replicas that this node's disk holds: storage is exactly the state at some position,
 * and the journal has what came after. Entries up to the last commit index found are applied; what
 * follows stays the log's uncommitted tail, for a leader to commit or cut.
 *
 * <p>Runs on one thread, before the data loop does; {@link #owner()} is that thread's mailbox, and
 * afterwards the loop's.
 */
final class JournalRecovery implements JournalReplay {
  private static final int MAINTAIN_STEPS = 100_000;

  private final Storage storage;
  private final Map<Long, CopyState> stored = new HashMap<>();
  private final Map<Long, Copy> copies = new HashMap<>();
  private final Map<Long, Long> notes = new HashMap<>();

  /**
   * Copies that storage let go of, or of which the journal let entries go that storage lacks, with
   * what they began with. The journal must say further on that they ended, or that those entries
   * were cut.
   */
  private final Map<Long, CopyMeta> gone = new TreeMap<>();

  private final Owner owner = new Owner();
  private long lastStamp;

  /** One copy while the journal is read. */
  private final class Copy {
    final long id;
    final PartitionId partition;
    final PartitionStore store;
    final EntryApplier applier;
    final EpochTable epochs;
    final boolean beganEmpty;

    /** Where storage is; the journal's first records may be older. */
    final Position base;

    final ArrayDeque<EntryBatch> pending = new ArrayDeque<>();

    /** The latest that were found again, for those that were not recorded before. */
    final ArrayDeque<FoundConflict.Committed> conflicts = new ArrayDeque<>();

    long lastIndex;
    long commitIndex;
    long logTimeMillis;
    long appliedTimeMillis;

    Copy(long id, boolean beganEmpty, Position start, CopyMeta meta) {
      this.id = id;
      this.beganEmpty = beganEmpty;
      this.base = start;
      this.partition = meta.partition();
      this.store = storage.store(id, 0, owner);
      this.applier =
          new EntryApplier(
              store, meta.lastStamp(), EntryApplier.Marks.IGNORED, meta.origins().copy());
      this.epochs = meta.epochs().copy();
      this.lastIndex = start.index();
      this.commitIndex = start.index();
      this.logTimeMillis = meta.logTimeMillis();
      this.appliedTimeMillis = meta.logTimeMillis();
      reach(notes.getOrDefault(ReplicaNote.HORIZON.kind(partition), 0L));
    }

    /** What was removed up to here may be forgotten in storage: what comes late is not taken. */
    void reach(long horizon) {
      if (horizon > 0) {
        applier.origins().state().reach(horizon);
      }
    }

    void add(EntryBatch batch) {
      // What storage has; or a tail that was cut before that: epochs only grow along a log, so that
      // an older epoch's entry never follows one of this epoch.
      if (batch.lastIndex() <= lastIndex || batch.epoch() < base.epoch()) {
        return;
      }
      EntryBatch rest = batch.firstIndex() <= lastIndex ? batch.from(lastIndex + 1) : batch;
      Invariants.check(
          rest.firstIndex() == lastIndex + 1,
          "the journal has no gap",
          rest.firstIndex(),
          lastIndex);
      epochs.append(rest.epoch(), rest.firstIndex());
      pending.add(rest);
      lastIndex = rest.lastIndex();
      logTimeMillis = Math.max(logTimeMillis, rest.logTimeMillis());
    }

    void cut(Position lastKept) {
      // A cut below what storage has came before that was committed.
      boolean mayBeOlder = commitIndex == base.index();
      long kept = mayBeOlder ? Math.max(lastKept.index(), base.index()) : lastKept.index();
      Invariants.check(kept >= commitIndex, "cuts a tail", kept, commitIndex);
      while (!pending.isEmpty() && pending.peekLast().firstIndex() > kept) {
        pending.pollLast();
      }
      if (!pending.isEmpty() && pending.peekLast().lastIndex() > kept) {
        pending.add(pending.pollLast().before(kept + 1));
      }
      epochs.cut(kept + 1);
      lastIndex = Math.min(lastIndex, kept);
    }

    /** A journal that ended before storage did goes on from what storage has, and from no tail. */
    void checkGoesOn(Position from) {
      Invariants.check(
          from.index() <= base.index() && pending.isEmpty(),
          "a journal goes on from what storage has",
          from.index(),
          base.index());
    }

    /** Where the log ends. */
    Position last() {
      return epochs.positionAt(lastIndex);
    }

    boolean counts() {
      long whole = beganEmpty ? id : 0;
      return notes.getOrDefault(ReplicaNote.COUNTING_COPY.kind(partition), whole) == id;
    }

    boolean vouches() {
      long vouching = beganEmpty ? id : 0;
      return notes.getOrDefault(ReplicaNote.VOUCHING_COPY.kind(partition), vouching) == id;
    }

    void commit(long known) {
      long index = Math.min(known, lastIndex);
      if (index <= commitIndex) {
        return;
      }
      store.beginBatch(commitIndex + 1);
      while (!pending.isEmpty() && pending.peek().firstIndex() <= index) {
        EntryBatch batch = pending.poll();
        if (batch.lastIndex() > index) {
          pending.addFirst(batch.from(index + 1));
          batch = batch.before(index + 1);
        }
        applier.put(batch);
        appliedTimeMillis = Math.max(appliedTimeMillis, batch.logTimeMillis());
        keepConflicts(batch);
      }
      store.commit(index);
      applier.origins().committed(index);
      commitIndex = index;
      makeRoom();
    }

    private void keepConflicts(EntryBatch batch) {
      applier
          .conflicts()
          .committed(
              batch.lastIndex(),
              found -> {
                Position position = new Position(batch.epoch(), found.index());
                conflicts.add(new FoundConflict.Committed(found, position, batch.logTimeMillis()));
                if (conflicts.size() > ConflictLog.MAX_KEPT) {
                  conflicts.poll();
                }
              });
    }

    private void makeRoom() {
      owner.runAll();
      storage.maintain(0, MAINTAIN_STEPS);
      freezeIfAsked();
      while (storage.overBudget(0)) {
        owner.awaitAndRunAll();
        storage.maintain(0, MAINTAIN_STEPS);
        freezeIfAsked();
      }
    }

    private void freezeIfAsked() {
      if (store.canFreeze() && (store.wantsFreeze(0) || storage.overBudget(0))) {
        EpochTable committed = epochs.copy();
        committed.cut(commitIndex + 1);
        store.freeze(
            new Position(committed.epochAt(commitIndex), commitIndex),
            new CopyMeta(
                    partition, committed, appliedTimeMillis, applier.lastStamp(), applier.origins())
                .encode());
      }
    }

    PartitionReplica.Start finish(boolean unbroken) {
      RecentEntries recent = new RecentEntries();
      pending.forEach(recent::add);
      lastStamp = Math.max(lastStamp, applier.lastStamp());
      pending.forEach(batch -> lastStamp = Math.max(lastStamp, stampsOf(batch)));
      long promised = notes.getOrDefault(ReplicaNote.PROMISE.kind(partition), 0L);
      Recovered recovered =
          new Recovered(
              epochs, lastIndex, commitIndex, logTimeMillis, promised, counts() && unbroken);
      return new PartitionReplica.Start(
          partition,
          id,
          store,
          recent,
          recovered,
          appliedTimeMillis,
          applier.lastStamp(),
          applier.origins(),
          List.copyOf(conflicts),
          recovered.counts() && vouches());
    }
  }

  JournalRecovery(Storage storage) {
    this.storage = storage;
    for (CopyState state : storage.copies()) {
      stored.put(state.copy(), state);
    }
  }

  /** To be called when the journal is read: whether storage had every copy that goes on. */
  void checkCopies() {
    Invariants.check(
        gone.isEmpty(),
        "the journal goes on with copies that storage does not have, or not far enough: "
            + gone.keySet());
  }

  /** Runs tasks on the recovering thread, and later on the data loop. */
  Owner owner() {
    return owner;
  }

  /**
   * Has the journal go on where storage is, for copies of which storage has more: what others had
   * committed may have been stored by a node whose journal could not be written any more.
   */
  void goOnFromStorage(Journal journal) {
    List<Copy> behind =
        copies.values().stream().filter(it -> !journal.last(it.id).equals(it.last())).toList();
    for (Copy copy : behind) {
      copy.checkGoesOn(copy.last());
      CopyMeta meta =
          new CopyMeta(
              copy.partition,
              copy.epochs,
              copy.logTimeMillis,
              copy.applier.lastStamp(),
              copy.applier.origins());
      long counting = copy.counts() ? copy.id : 0;
      journal.appendStart(copy.id, copy.last(), meta.encode().array());
      ReplicaNote.COUNTING_COPY.put(journal, copy.partition, counting);
      notes.put(ReplicaNote.COUNTING_COPY.kind(copy.partition), counting);
      ReplicaNote.VOUCHING_COPY.put(journal, copy.partition, copy.vouches() ? copy.id : 0);
    }
    if (!behind.isEmpty()) {
      journal.write();
      journal.sync();
    }
  }

  /**
   * Makes durable that no copy counts, before anything else happens: the machine died with writes
   * that may not have been synced, and a process that starts after this one could not tell any
   * more.
   */
  void denyCopies(Journal journal) {
    for (Copy copy : copies.values()) {
      ReplicaNote.COUNTING_COPY.put(journal, copy.partition, 0);
      notes.put(ReplicaNote.COUNTING_COPY.kind(copy.partition), 0L);
    }
    journal.write();
    journal.sync();
  }

  /** Under which number a copy's stream began, or 0. */
  int origin(PartitionId partition) {
    return Math.toIntExact(notes.getOrDefault(ReplicaNote.ORIGIN.kind(partition), 0L));
  }

  /** For which place a copy was made, or 0: see {@link ReplicaNote#PLACE}. */
  long place(PartitionId partition) {
    return notes.getOrDefault(ReplicaNote.PLACE.kind(partition), 0L);
  }

  /** The largest stamp found, or told as this node's clock; every later one must be above it. */
  long lastStamp() {
    return Math.max(lastStamp, toldClock());
  }

  /** The last clock that this node told, or 0. */
  long toldClock() {
    return notes.getOrDefault(ReplicaNote.CLOCK.kind(ReplicaNote.NODE), 0L);
  }

  /**
   * The replicas found.
   *
   * @param unbroken whether everything ever written is there; see {@link
   *     io.trefoil.journal.RecoveryReport#unbroken()}
   */
  List<PartitionReplica.Start> replicas(boolean unbroken) {
    List<PartitionReplica.Start> found = new ArrayList<>();
    for (Copy copy : copies.values()) {
      found.add(copy.finish(unbroken));
    }
    return found;
  }

  /** Ids of copies that storage holds and the journal does not know: dropped, or never begun. */
  List<Long> strays() {
    return stored.keySet().stream().filter(id -> !copies.containsKey(id)).toList();
  }

  private static long stampsOf(EntryBatch batch) {
    ByteSource source = new ByteSource(batch.body().array());
    long largest = 0;
    for (int i = 0; i < batch.count(); i++) {
      int length = source.getBlockLength();
      int start = source.skip(length);
      largest = Math.max(largest, new ByteSource(source.array(), start, length).getLong());
    }
    return largest;
  }

  @Override
  public void batch(
      long copyId,
      long epoch,
      long firstIndex,
      int count,
      long commitIndex,
      long logTimeMillis,
      long issuer,
      byte[] array,
      int offset,
      int length) {
    if (gone.containsKey(copyId)) {
      return;
    }
    Copy copy = copies.get(copyId);
    Bytes body = Bytes.copyOf(array, offset, length);
    copy.add(
        new EntryBatch(epoch, firstIndex, count, logTimeMillis, Math.toIntExact(issuer), body));
    copy.commit(commitIndex);
  }

  @Override
  public void cut(long copyId, Position lastKept) {
    CopyMeta birth = gone.get(copyId);
    if (birth == null) {
      copies.get(copyId).cut(lastKept);
    } else if (lastKept.index() <= storedIndex(copyId)) {
      gone.remove(copyId);
      begin(copyId, birth);
    }
  }

  @Override
  public void start(long copyId, Position start, byte[] meta) {
    CopyMeta birth = CopyMeta.decode(meta);
    Copy known = copies.get(copyId);
    if (known != null) {
      known.checkGoesOn(start);
    } else if (start.index() > storedIndex(copyId)) {
      gone.put(copyId, birth);
    } else {
      begin(copyId, birth);
    }
  }

  private long storedIndex(long copyId) {
    CopyState state = stored.get(copyId);
    return state == null ? 0 : state.position().index();
  }

  private void begin(long copyId, CopyMeta birth) {
    boolean beganEmpty = birth.epochs().lastEpoch() == 0;
    CopyState state = stored.get(copyId);
    Copy copy =
        state == null
            ? new Copy(copyId, beganEmpty, Position.ZERO, birth)
            : new Copy(copyId, beganEmpty, state.position(), CopyMeta.decode(state.meta().array()));
    copies.put(copyId, copy);
  }

  @Override
  public void end(long copyId) {
    gone.remove(copyId);
    Copy copy = copies.remove(copyId);
    if (copy != null) {
      copy.store.close();
    }
  }

  @Override
  public void commit(long copyId, long commitIndex) {
    if (!gone.containsKey(copyId)) {
      copies.get(copyId).commit(commitIndex);
    }
  }

  @Override
  public void note(long kind, byte[] value) {
    long number = new ByteSource(value).getVarint();
    notes.put(kind, number);
    PartitionId partition = ReplicaNote.HORIZON.partition(kind);
    if (partition != null) {
      copies.values().stream()
          .filter(copy -> copy.partition.equals(partition))
          .forEach(copy -> copy.reach(number));
    }
  }

  /** A mailbox that the recovering thread empties, until a loop takes it over. */
  static final class Owner implements Executor {
    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private Executor successor;

    @Override
    public void execute(Runnable task) {
      synchronized (this) {
        if (successor == null) {
          tasks.add(task);
          return;
        }
      }
      successor.execute(task);
    }

    void runAll() {
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        task.run();
      }
    }

    void awaitAndRunAll() {
      try {
        Runnable task = tasks.poll(1, TimeUnit.SECONDS);
        if (task != null) {
          task.run();
          runAll();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while recovering", e);
      }
    }

    /** Hands over, with what is still in the mailbox first. Called on the recovering thread. */
    synchronized void handOver(Executor loop) {
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        loop.execute(task);
      }
      successor = loop;
    }
  }
}
