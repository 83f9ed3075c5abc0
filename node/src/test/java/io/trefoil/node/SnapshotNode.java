package io.trefoil.node;

import io.trefoil.base.ByteSource;
import io.trefoil.base.HybridClock;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.control.ClusterState;
import io.trefoil.control.NodeLease;
import io.trefoil.journal.Journal;
import io.trefoil.journal.JournalReplay;
import io.trefoil.journal.JournalSettings;
import io.trefoil.journal.Syncing;
import io.trefoil.journal.memory.SimulatedDisk;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.storage.MemoryCellDisk;
import io.trefoil.storage.Storage;
import io.trefoil.transport.Lane;
import io.trefoil.transport.PeerAddress;
import io.trefoil.transport.Peers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.SortedMap;

/** A node's replicas, with all that they need and no more, in the one thread of a test. */
final class SnapshotNode implements Peers {
  private static final long SEGMENT_BYTES = 64 << 10;
  private static final int JOURNAL_BUFFER_BYTES = 64 << 10;
  private static final long MEMORY_BYTES = 64 << 20;

  final NodeId id;
  final Journal journal;
  final MemoryCellDisk cells = new MemoryCellDisk();
  final Storage storage;
  final DataLoop loop;
  final NodeReplicas replicas;
  final SnapshotSender sender;
  SnapshotReceiver receiver;
  private final SnapshotWorld world;
  private final SyncsAtOnce syncing = new SyncsAtOnce();
  private final CopyIds copyIds = new CopyIds(1);

  SnapshotNode(SnapshotWorld world, NodeId id, long rate) {
    this.world = world;
    this.id = id;
    journal =
        Journal.open(
            new SimulatedDisk(id.number()).hold(),
            new JournalSettings(id.number(), SEGMENT_BYTES, JOURNAL_BUFFER_BYTES, 20),
            new NothingToReplay());
    storage = Storage.open(cells, MEMORY_BYTES, world.tasks, world.tasks, world::failed);
    loop = new DataLoop(world.tasks, world, new HybridClock(0), new NodeLease(), id, 1);
    loop.use(journal, syncing, storage, this, (what, cause) -> world.failed(cause));
    sender = new SnapshotSender(loop, world.tasks, new RateLimit(rate, world.monotonicNanos()));
    replicas =
        new NodeReplicas(
            new NodeReplicas.Surroundings(
                loop,
                storage,
                copyIds,
                new Routes(),
                world.tasks,
                sender,
                new NodeSettings.Hints(Duration.ofHours(3), 16 << 20),
                null, // no history is left
                new ConflictLog(
                    loop::execute,
                    world.tasks,
                    loop::nowNanos,
                    ConflictFolder.NONE,
                    java.util.List.of()),
                message -> {},
                () -> {},
                (replica, mark) -> {},
                10_000,
                new RepairPace(loop, 32L << 20),
                10_000),
            new NodeReplicas.Found(
                java.util.List.of(), partition -> 0, partition -> 0, 0, true, false, false));
    receiver = newReceiver();
  }

  /** One that knows nothing of what came before. */
  SnapshotReceiver newReceiver() {
    return new SnapshotReceiver(loop, storage, copyIds, replicas::find);
  }

  void onState(ClusterState state) {
    loop.execute(() -> replicas.onState(state));
  }

  void fence(SortedMap<PartitionId, Long> epochs) {
    loop.execute(() -> replicas.fence(epochs));
  }

  void tick() {
    loop.execute(
        () -> {
          replicas.tick();
          sender.tick();
          receiver.tick();
        });
  }

  /** Makes the journal let go of what neither storage nor a follower within the cap needs. */
  void release(long keepBytes) {
    release(keepBytes, 0);
  }

  /** As above, but for what is kept for those who tail. */
  void release(long keepBytes, long tailBytes) {
    loop.execute(replicas::freezeIdle);
    world.tasks.runAll();
    syncing.requestSync(journal.written());
    world.tasks.runAll();
    storage
        .persist()
        .thenAccept(durable -> loop.execute(() -> replicas.release(durable, keepBytes, tailBytes)));
    world.tasks.runAll();
    prepare();
  }

  private void prepare() {
    try {
      while (journal.prepare()) {
        // one piece of work after the other
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void onFrame(NodeId from, byte[] frame) {
    ByteSource source = new ByteSource(frame);
    int kind = source.getByte();
    loop.beginTurn();
    switch (kind) {
      case Frames.REPLICATION -> {
        PartitionReplica replica = replicas.find(ReplicationCodec.getPartition(source));
        if (replica != null) {
          ReplicationCodec.Echo echo = ReplicationCodec.getEcho(source);
          replica.receive(from, echo, ReplicationCodec.decode(source));
        }
      }
      case Frames.SNAPSHOT -> receiver.onFrame(from, source);
      case Frames.SNAPSHOT_ACK -> sender.onAck(from, source);
      default -> throw new IllegalArgumentException("frame " + kind);
    }
  }

  void onLost(NodeId peer) {
    loop.beginTurn();
    replicas.onLost(peer);
    sender.onLost(peer);
  }

  void onConnected(NodeId peer) {
    loop.beginTurn();
    sender.onConnected(peer);
    receiver.onConnected(peer);
  }

  @Override
  public boolean isConnected(Lane lane, int node) {
    return world.isConnected(id);
  }

  @Override
  public void send(Lane lane, int node, byte[] frame, int offset, int length) {
    world.send(id, java.util.Arrays.copyOfRange(frame, offset, offset + length));
  }

  @Override
  public void flush(Lane lane) {}

  @Override
  public void identify(String cluster, String region, int node, int incarnation) {}

  @Override
  public void connect(Lane lane, PeerAddress address) {}

  @Override
  public void redial(Lane lane) {}

  private final class SyncsAtOnce implements Syncing {
    @Override
    public void requestSync(long offset) {
      world.tasks.execute(
          () -> {
            long synced = journal.sync();
            loop.execute(() -> loop.synced(synced));
          });
    }

    @Override
    public void close() {}
  }

  private static final class NothingToReplay implements JournalReplay {
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
        int length) {}

    @Override
    public void cut(long copyId, Position lastKept) {}

    @Override
    public void start(long copyId, Position start, byte[] meta) {}

    @Override
    public void end(long copyId) {}

    @Override
    public void commit(long copyId, long commitIndex) {}

    @Override
    public void note(long kind, byte[] value) {}
  }
}
