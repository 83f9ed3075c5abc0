package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Clock;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.cell.Cells;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Configuration;
import io.trefoil.control.Database;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Durability;
import io.trefoil.control.PartitionState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * A leader and a follower of some partitions, one thread, a clock that a test moves, and two
 * connections that it breaks. One copy commits, so the leader goes on without the follower.
 */
final class SnapshotWorld implements Clock {
  /** What travelled, of a snapshot's stream. */
  enum Piece {
    BEGIN,
    CHUNK,
    END,
    RESUME,
    ACK
  }

  static final NodeId LEADER = new NodeId(1);
  private static final NodeId FOLLOWER = new NodeId(2);
  private static final long TICK_NANOS = 20_000_000;
  private static final int VALUE_BYTES = 64 << 10;

  /** So many that each may keep little in memory for followers. */
  private static final int PARTITIONS = 8;

  final Tasks tasks = new Tasks();
  final SnapshotNode leader;
  final SnapshotNode follower;

  /** How many pieces were delivered. */
  final Map<Piece, Integer> delivered = new EnumMap<>(Piece.class);

  long chunkBytes;

  /** What the leader's frames are when they arrive; null for one that does not. */
  UnaryOperator<byte[]> onTheWay = UnaryOperator.identity();

  private final Random random = new Random(7);
  private long nanos = -1_000_000_000_000L;
  private boolean leaderDialed;
  private boolean followerDialed;

  /** Of each direction's connections, the present one. */
  private int leadersConnection;

  private int followersConnection;

  SnapshotWorld(long rate) {
    leader = new SnapshotNode(this, LEADER, rate);
    follower = new SnapshotNode(this, FOLLOWER, rate);
    both(node -> node.onState(state(1, false)));
    TreeMap<PartitionId, Long> epochs = new TreeMap<>();
    ids().forEach(id -> epochs.put(id, 1L));
    both(node -> node.fence(epochs));
    both(node -> node.onState(state(1, true)));
  }

  private interface OfNode {
    void with(SnapshotNode node);
  }

  private void both(OfNode action) {
    action.with(leader);
    tasks.runAll();
    action.with(follower);
    tasks.runAll();
  }

  List<PartitionId> ids() {
    List<PartitionId> ids = new ArrayList<>();
    for (int i = 0; i < PARTITIONS; i++) {
      ids.add(new PartitionId(1, i));
    }
    return ids;
  }

  /** The cluster, its partitions led by the leader or by nobody. */
  ClusterState state(long epoch, boolean led) {
    DatabaseSettings settings = DatabaseSettings.defaults(2);
    TreeMap<PartitionId, PartitionState> states = new TreeMap<>();
    for (PartitionId id : ids()) {
      Configuration two = new Configuration(List.of(LEADER, FOLLOWER), 1, Durability.OS);
      states.put(
          id,
          new PartitionState(
              id,
              List.of(two),
              null,
              1,
              epoch,
              led,
              LEADER,
              1,
              0,
              0,
              new TreeSet<>(),
              new TreeMap<>()));
    }
    ClusterState none = ClusterState.EMPTY;
    return new ClusterState(
        1,
        epoch * 2 + (led ? 1 : 0),
        1,
        none.leaseMillis(),
        none.database0(),
        3,
        2,
        none.nodes(),
        new TreeMap<>(Map.of(1, new Database(1, 1, "", settings))),
        states,
        List.of(),
        none.regions());
  }

  // Time.

  @Override
  public long wallMillis() {
    return 1_800_000_000_000L + nanos / 1_000_000;
  }

  @Override
  public long monotonicNanos() {
    return nanos;
  }

  /** Lets time pass, with all that happens meanwhile. */
  void pass(long millis) {
    for (long until = nanos + millis * 1_000_000; nanos < until; nanos += TICK_NANOS) {
      both(SnapshotNode::tick);
    }
  }

  /** Lets time pass until something is so, for half a minute at most. */
  void passUntil(String what, java.util.function.BooleanSupplier isSo) {
    for (int i = 0; i < 1_500 && !isSo.getAsBoolean(); i++) {
      pass(20);
    }
    if (!isSo.getAsBoolean()) {
      throw new AssertionError(what + " is not so; delivered: " + delivered);
    }
  }

  void failed(Throwable cause) {
    throw new AssertionError("a node failed", cause);
  }

  // Data.

  /** Fills the first partitions, and has the journal forget it. */
  void fill(int partitions, int keys) {
    for (PartitionId id : ids().subList(0, partitions)) {
      for (int i = 0; i < keys; i++) {
        write(id, "k" + i, VALUE_BYTES);
      }
    }
    pass(20);
    leader.release(0);
    leader.release(0); // what the first was about is synced now
  }

  void write(PartitionId id, String key, int bytes) {
    byte[] name = key.getBytes(UTF_8);
    byte[] value = new byte[bytes];
    random.nextBytes(value);
    leader.loop.execute(
        () ->
            leader
                .replicas
                .find(id)
                .runAsLeader(
                    cells -> cells.putString(name, 0, name.length, value, 0, bytes, Cells.NEVER)));
    tasks.runAll();
  }

  /** The digest of a replica's committed cells. */
  long digest(SnapshotNode node, PartitionId id) {
    long[] digest = new long[1];
    boolean[] there = new boolean[1];
    node.replicas
        .find(id)
        .store()
        .requestSnapshot(
            snapshot -> {
              digest[0] = snapshot.digest(0);
              there[0] = true;
              snapshot.close();
            });
    passUntil("a snapshot is there", () -> there[0]);
    return digest[0];
  }

  boolean isEqual(PartitionId id) {
    return leader.replicas.find(id).committedPosition().index() > 0
        && leader
            .replicas
            .find(id)
            .committedPosition()
            .equals(follower.replicas.find(id).committedPosition())
        && digest(leader, id) == digest(follower, id);
  }

  // Connections.

  boolean isConnected(NodeId from) {
    return from.equals(LEADER) ? leaderDialed : followerDialed;
  }

  void connect() {
    connectLeader();
    connectFollower();
  }

  /** The connection that the leader dials; chunks travel over it. */
  void connectLeader() {
    leaderDialed = true;
    leader.onConnected(FOLLOWER);
    tasks.runAll();
  }

  /** The connection that the follower dials; what it says of chunks travels over it. */
  void connectFollower() {
    followerDialed = true;
    follower.onConnected(LEADER);
    tasks.runAll();
  }

  void breakConnections() {
    breakLeaders();
    breakFollowers();
  }

  void breakLeaders() {
    leaderDialed = false;
    leadersConnection++;
    leader.onLost(FOLLOWER);
  }

  void breakFollowers() {
    followerDialed = false;
    followersConnection++;
    follower.onLost(LEADER);
  }

  /** What is on its way when its connection breaks is lost. */
  void send(NodeId from, byte[] frame) {
    boolean leads = from.equals(LEADER);
    if (!isConnected(from)) {
      return;
    }
    int connection = leads ? leadersConnection : followersConnection;
    tasks.execute(
        () -> {
          if (connection == (leads ? leadersConnection : followersConnection)) {
            arrive(from, leads ? onTheWay.apply(frame) : frame);
          }
        });
  }

  private void arrive(NodeId from, byte[] frame) {
    if (frame != null) {
      Piece piece = piece(frame);
      if (piece != null) {
        delivered.merge(piece, 1, Integer::sum);
        chunkBytes += piece == Piece.CHUNK ? frame.length : 0;
      }
      (from.equals(LEADER) ? follower : leader).onFrame(from, frame);
    }
  }

  int delivered(Piece piece) {
    return delivered.getOrDefault(piece, 0);
  }

  /** What a frame is; null when it is of no snapshot's stream. */
  static Piece piece(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    int kind = source.getByte();
    if (kind == Frames.SNAPSHOT_ACK) {
      return Piece.ACK;
    }
    if (kind != Frames.SNAPSHOT) {
      return null;
    }
    ReplicationCodec.getPartition(source);
    source.getVarint();
    return switch (source.getByte()) {
      case SnapshotFrame.BEGIN -> Piece.BEGIN;
      case SnapshotFrame.CHUNK -> Piece.CHUNK;
      case SnapshotFrame.END -> Piece.END;
      case SnapshotFrame.RESUME -> Piece.RESUME;
      default -> throw new IllegalArgumentException("no piece");
    };
  }

  static PartitionId partition(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    source.getByte();
    return ReplicationCodec.getPartition(source);
  }

  /** Runs what it is given in its order, when it is told to. */
  static final class Tasks implements Loop {
    private final ArrayDeque<Runnable> queue = new ArrayDeque<>();

    void runAll() {
      while (!queue.isEmpty()) {
        queue.poll().run();
      }
    }

    int waiting() {
      return queue.size();
    }

    @Override
    public void execute(Runnable task) {
      queue.add(task);
    }

    @Override
    public void schedule(long delayMillis, Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void every(long firstMillis, long periodMillis, Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isStopping() {
      return false;
    }
  }
}
