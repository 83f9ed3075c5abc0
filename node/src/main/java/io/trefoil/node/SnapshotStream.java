package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.replication.kernel.Event;
import io.trefoil.storage.CellSnapshot;
import io.trefoil.storage.StorageDamaged;
import io.trefoil.transport.Lane;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One snapshot on its way to a follower. A chunk is kept until the follower says that it is durable
 * there, so that the stream goes on from that point when a connection broke; a window bounds how
 * many those are. Belongs to the data loop's thread; chunks are read on another one.
 */
final class SnapshotStream {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotStream.class);
  static final int CHUNK_BYTES = 256 << 10;
  static final int WINDOW_CHUNKS = 16;
  private static final long ASK_AGAIN_NANOS = 1_000_000_000L;

  private enum State {
    /** There is no snapshot yet. */
    WAITING,
    /** Sends. */
    SENDING,
    /** The connection broke: what is sent is lost. */
    CUT_OFF,
    /** Connected again, and the follower was asked how far it is. */
    ASKING,
    ENDED
  }

  private record Chunk(byte[] bytes, int checksum) {}

  private final long id;
  private final PartitionReplica replica;
  private final NodeId follower;

  /** In which the snapshot was asked for: it is that leadership's history, and no later one's. */
  private final long epoch;

  private final DataLoop loop;
  private final Executor reader;
  private final CRC32C whole = new CRC32C();

  /** Those from number {@code durable} on, as far as they are read. */
  private final List<Chunk> kept = new ArrayList<>(WINDOW_CHUNKS);

  private State state = State.WAITING;
  private CellSnapshot snapshot;

  /** How many chunks the follower has for good. */
  private int durable;

  /** Number of the chunk to send next: {@code durable ≤ next ≤ durable + kept.size()}. */
  private int next;

  private boolean reading;
  private boolean allRead;
  private boolean endSent;
  private long heardNanos;
  private long askedNanos;

  SnapshotStream(
      long id, PartitionReplica replica, NodeId follower, DataLoop loop, Executor reader) {
    this.id = id;
    this.replica = replica;
    this.follower = follower;
    this.epoch = replica.epoch();
    this.loop = loop;
    this.reader = reader;
  }

  long id() {
    return id;
  }

  PartitionId partition() {
    return replica.id();
  }

  NodeId follower() {
    return follower;
  }

  boolean isOf(PartitionReplica other) {
    return replica == other;
  }

  /** Whether the leadership that sends it still is. */
  boolean isLed() {
    return replica.machine().isLeader() && replica.epoch() == epoch;
  }

  boolean isConnected() {
    return loop.network().isConnected(Lane.DATA, follower.number());
  }

  /** Whether nothing has come of it for too long. */
  boolean isSilent() {
    return loop.nowNanos() - heardNanos > SnapshotFrame.SILENCE_NANOS;
  }

  /**
   * Has the partition frozen as it is.
   *
   * @param taken is given the snapshot on the loop, if it comes to that
   */
  void request(BiConsumer<SnapshotStream, CellSnapshot> taken) {
    heardNanos = loop.nowNanos();
    replica.store().requestSnapshot(frozen -> taken.accept(this, frozen));
  }

  void begin(CellSnapshot frozen) {
    snapshot = frozen;
    state = State.SENDING;
    heardNanos = loop.nowNanos();
    ByteSink head = new ByteSink(64);
    head.putVarint(epoch);
    ReplicationCodec.putPosition(head, snapshot.state().position());
    head.putVarint(snapshot.state().keyCount());
    byte[] meta = snapshot.state().meta().array();
    head.putBlock(meta, 0, meta.length);
    whole.update(head.array(), 0, head.size());
    send(frame(SnapshotFrame.BEGIN).putBytes(head.array(), 0, head.size()));
    LOG.info(
        "partition={} follower={} sending a snapshot at {} of {} keys",
        partition(),
        follower,
        snapshot.state().position(),
        snapshot.state().keyCount());
  }

  /**
   * Sends the next chunk, if it is there and may be sent; has it read when it is not, and says so
   * when there is none.
   *
   * @return whether it sent a chunk, and may go on
   */
  boolean sendNext(RateLimit rate, SnapshotSender sender) {
    if (state != State.SENDING) {
      return false;
    }
    if (next < durable + kept.size()) {
      Chunk chunk = kept.get(next - durable);
      if (!rate.take(chunk.bytes().length, loop.nowNanos())) {
        return false;
      }
      ByteSink frame = frame(SnapshotFrame.CHUNK).putVarint(next).putInt(chunk.checksum());
      send(frame.putBytes(chunk.bytes(), 0, chunk.bytes().length));
      next++;
      return true;
    }
    if (!allRead) {
      readMore(sender);
    } else if (!endSent) {
      endSent = true;
      send(frame(SnapshotFrame.END).putVarint(next).putInt((int) whole.getValue()));
    }
    return false;
  }

  private void readMore(SnapshotSender sender) {
    if (reading || kept.size() >= WINDOW_CHUNKS) {
      return;
    }
    reading = true;
    reader.execute(
        () -> {
          try {
            Chunk chunk = read();
            loop.execute(() -> onRead(chunk, sender));
          } catch (RuntimeException e) {
            loop.execute(() -> onReadingFailed(e, sender));
          }
        });
  }

  private Chunk read() {
    byte[] bytes = snapshot.nextChunk(CHUNK_BYTES);
    if (bytes == null) {
      return null;
    }
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, 0, bytes.length);
    whole.update(bytes, 0, bytes.length);
    return new Chunk(bytes, (int) checksum.getValue());
  }

  private void onRead(Chunk chunk, SnapshotSender sender) {
    reading = false;
    if (state == State.ENDED) {
      snapshot.close();
      return;
    }
    if (chunk == null) {
      allRead = true;
    } else {
      kept.add(chunk);
    }
    sender.goOn();
  }

  private void onReadingFailed(RuntimeException e, SnapshotSender sender) {
    reading = false;
    if (e instanceof StorageDamaged) {
      throw e; // the node stops: what it has is to be filled anew
    }
    if (state == State.ENDED) {
      snapshot.close();
    } else {
      sender.end(this, false, "reading it failed: " + e.getMessage());
    }
  }

  /** The follower has made so many chunks durable, and wants the rest. */
  void onGoesOn(int chunks) {
    heardNanos = loop.nowNanos();
    while (durable < chunks && !kept.isEmpty()) {
      kept.remove(0);
      durable++;
    }
    next = Math.max(next, durable);
    // An answer that was on its way before it was asked will do: it has at least as many chunks.
    if (state == State.ASKING) {
      state = State.SENDING;
      next = durable;
      endSent = false;
      LOG.info(
          "partition={} follower={} connected again, the snapshot goes on after {} chunks",
          partition(),
          follower,
          durable);
    }
  }

  void onLost() {
    if (state == State.SENDING || state == State.ASKING) {
      state = State.CUT_OFF;
    }
  }

  /** The connection is a new one; it may have been replaced unnoticed. */
  void onConnected() {
    if (state != State.WAITING) {
      state = State.ASKING;
      ask();
    }
  }

  private void ask() {
    askedNanos = loop.nowNanos();
    send(frame(SnapshotFrame.RESUME));
  }

  /** The follower can't answer before its own connection to this node stands. */
  void maybeAskAgain() {
    if (state == State.ASKING && loop.nowNanos() - askedNanos > ASK_AGAIN_NANOS) {
      ask();
    }
  }

  private ByteSink frame(int kind) {
    ByteSink frame = new ByteSink(64);
    frame.putByte(Frames.SNAPSHOT);
    ReplicationCodec.putPartition(frame, partition());
    return frame.putVarint(id).putByte(kind);
  }

  private void send(ByteSink frame) {
    loop.network().send(Lane.DATA, follower.number(), frame.array(), 0, frame.size());
  }

  /** Lets go of everything. */
  void close() {
    state = State.ENDED;
    kept.clear();
    if (snapshot != null && !reading) {
      snapshot.close();
    }
  }

  /** Tells the leader how it ended. */
  void tell(boolean installed) {
    replica.step(new Event.SnapshotSent(follower, installed));
  }
}
