package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.HybridClock;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsRefused;
import io.trefoil.cell.EntryWriter;
import io.trefoil.command.Call;
import io.trefoil.command.Command;
import io.trefoil.command.CommandTable;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.multileader.RegionOrigin;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import io.trefoil.resp.ReplyWriter;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.MergedTree;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.Storage;
import io.trefoil.storage.StorageSettings;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;

/** A copy of a partition that several nodes write: runs commands, and takes in those of others. */
final class MergedReplica implements MergedCells.Log, AutoCloseable {
  final int origin;
  long now = 1_000;
  private final Path folder;
  private final HybridClock clock = new HybridClock(0);
  private final EntryBuilder builder = new EntryBuilder();
  private final MergedCells cells = new MergedCells();
  private final Call call = new Call(1 << 20);
  private final Random draws;
  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private Storage storage;
  private PartitionStore store;
  private MergedStore merged;
  private EntryApplier applier;
  private long lastIndex;
  private Origins frozen = new Origins();

  MergedReplica(int origin, Path folder) {
    this.origin = origin;
    this.draws = new Random(origin);
    this.folder = folder.resolve("replica-" + origin);
    open();
  }

  private void open() {
    storage =
        Storage.open(
            StorageSettings.in(folder)
                .withMemoryTableBytes(StorageSettings.MIN_MEMORY_TABLE_BYTES)
                .withBlockCacheBytes(1 << 20),
            broken -> {
              throw broken;
            });
    store = storage.store(1, 0, this::later);
    applier = new EntryApplier(store, 0, EntryApplier.Marks.IGNORED, frozen.copy());
    merged = MergedStore.waiting(store, applier.origins().state());
  }

  private synchronized void later(Runnable task) {
    tasks.add(task);
    notifyAll();
  }

  private synchronized void runOne() throws InterruptedException {
    while (tasks.isEmpty()) {
      wait();
    }
    tasks.poll().run();
  }

  /** Runs a command, and returns its reply; its entry, if any, is {@link #taken}. */
  Reply run(String... words) {
    return run(Args.of(words));
  }

  Reply run(Args args) {
    Command command = CommandTable.standard().findForwarded(args);
    ReplyWriter reply = new ReplyWriter();
    builder.beginCommand(lastIndex + 1);
    cells.begin(merged, this, MergedCells.Looks.IGNORED, now);
    call.onCells(command, args, cells, 0, 1, reply);
    taken = null;
    try {
      call.run();
    } catch (CellsRefused refused) {
      builder.undoCommand();
      throw refused;
    }
    builder.endCommand();
    if (builder.count() > 0) {
      lastIndex++;
      store.commit(lastIndex);
      taken = new EntryBatch(1, lastIndex, 1, now, origin, builder.take());
    }
    return ReplyReader.read(reply.toArray());
  }

  /** Runs a command, has it tell what it looks at, and takes it back. */
  void runUndone(MergedCells.Looks looks, String... words) {
    Args args = Args.of(words);
    long mark = store.mark();
    builder.beginCommand(lastIndex + 1);
    cells.begin(merged, this, looks, now);
    call.onCells(CommandTable.standard().findForwarded(args), args, cells, 0, 1, new ReplyWriter());
    call.run();
    builder.undoCommand();
    store.undoTo(mark);
  }

  MergedStore merged() {
    return merged;
  }

  /** What the last command wrote, or null. */
  EntryBatch taken;

  /** Takes in what another wrote. */
  void hear(int from, EntryBatch batch) {
    ByteSink entry = new ByteSink();
    EntryWriter.begin(entry, 1);
    hear(from, batch, entry);
  }

  /** Takes in what a leader of another region wrote, under the number of its origin. */
  void takeIn(int from, EntryBatch batch) {
    ByteSink entry = new ByteSink();
    EntryWriter.begin(entry, 1);
    EntryWriter.reached(
        entry, RegionOrigin.regionOf(from), RegionOrigin.epochOf(from), batch.lastIndex());
    hear(from, batch, entry);
  }

  private void hear(int from, EntryBatch batch, ByteSink entry) {
    EntryWriter.from(entry, from, batch.lastIndex(), batch.count(), batch.body().array());
    take(entry);
  }

  private void take(ByteSink entry) {
    ByteSink body = new ByteSink();
    body.putBlock(entry.array(), 0, entry.size());
    lastIndex++;
    applier.put(new EntryBatch(1, lastIndex, 1, now, origin, Bytes.wrap(body.toArray())));
    store.commit(lastIndex);
    applier.origins().committed(lastIndex);
    clock.observe(applier.lastStamp());
  }

  /** A snapshot ends here: of an origin everything is there up to an index. */
  void hearWhole(int from, long index) {
    ByteSink entry = new ByteSink();
    EntryWriter.begin(entry, 1);
    EntryWriter.from(entry, from, index, 0, new byte[0]);
    take(entry);
  }

  /** Writes all to disk, and opens it again from there. */
  void restart() throws InterruptedException {
    boolean[] done = {false};
    frozen = applier.origins().copy();
    while (!store.canFreeze()) {
      storage.maintain(0, 1_000);
      runOne();
    }
    store.freezeAndSnapshot(
        new Position(1, lastIndex),
        Bytes.EMPTY,
        snapshot -> {
          snapshot.close();
          done[0] = true;
        });
    while (!done[0]) {
      runOne();
    }
    close();
    open();
  }

  /** Every other issues larger stamps, and has all up to the horizon. */
  void reach(long horizon) {
    applier.origins().state().reach(horizon);
    clock.observe(horizon);
  }

  /** Forgets what was removed up to the horizon. */
  void purge(long horizon) {
    store.commit(lastIndex);
    merged.purge(horizon, now, 1 << 20);
  }

  /** Takes in all that another holds and this one does not, as when they are compared. */
  void compareWith(MergedReplica other) {
    for (int leaf = 0; leaf < MergedTree.LEAVES; leaf++) {
      if (leafSum(leaf) == other.leafSum(leaf)) {
        continue;
      }
      Bytes listing = LeafListing.of(merged, leaf, Bytes.EMPTY);
      LeafListing.Answer answer =
          LeafListing.answer(other.merged, leaf, Bytes.EMPTY, listing, false);
      if (answer.changes() != null) {
        ByteSink entry = new ByteSink();
        EntryWriter.begin(entry, 1);
        entry.putBytes(answer.changes().array(), 0, answer.changes().length());
        ByteSink body = new ByteSink();
        body.putBlock(entry.array(), 0, entry.size());
        hear(0, new EntryBatch(1, 1, 1, now, 1, Bytes.wrap(body.toArray())));
      }
    }
  }

  /** The largest stamp that was issued or came here. */
  long lastStamp() {
    return applier.lastStamp();
  }

  /** The sum of all that is held. */
  long treeSum() {
    return applier.origins().state().tree().sum(0, 0);
  }

  private long leafSum(int leaf) {
    return applier.origins().state().tree().sum(MergedTree.LEAF_LEVEL, leaf);
  }

  ConflictFinder conflicts() {
    return applier.conflicts();
  }

  long lastIndex() {
    return lastIndex;
  }

  Origins origins() {
    return applier.origins();
  }

  @Override
  public int origin() {
    return origin;
  }

  /** Whether the database is one with CONFLICT SIBLINGS. */
  boolean keepsSiblings;

  @Override
  public boolean keepsSiblings() {
    return keepsSiblings;
  }

  @Override
  public String nodeName(int of) {
    return "n" + of;
  }

  @Override
  public long random() {
    return draws.nextLong();
  }

  @Override
  public long nextStamp() {
    long stamp = clock.next(now);
    applier.observeStamp(stamp);
    return stamp;
  }

  @Override
  public long index() {
    return lastIndex + 1;
  }

  @Override
  public void observe(int of, long stamp) {
    clock.observe(stamp);
  }

  @Override
  public void merge(byte[] key, byte[] change, int length) {
    open(key);
    builder.merge(key, change, length);
  }

  private void open(byte[] key) {
    if (!builder.hasEntry()) {
      builder.open(nextStamp());
    }
  }

  @Override
  public void part(
      CellType type, byte[] field, int offset, int fieldLength, byte[] change, int length) {
    builder.part(type, field, offset, fieldLength, change, length);
  }

  static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }

  @Override
  public void close() {
    store.close();
    storage.close();
    tasks.clear();
  }
}
