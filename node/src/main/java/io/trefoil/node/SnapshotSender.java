package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.replication.kernel.Event;
import io.trefoil.storage.CellSnapshot;
import io.trefoil.transport.Lane;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams partitions to followers that can't be caught up from the log. Chunks are read on a thread
 * of their own and sent as fast as the follower makes them durable, a window ahead; writes go on
 * meanwhile. Belongs to the data loop's thread.
 */
final class SnapshotSender {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotSender.class);
  private static final int CHUNK_BYTES = 256 << 10;
  private static final int WINDOW_CHUNKS = 16;
  private static final long SILENCE_NANOS = 30_000_000_000L;

  private final DataLoop loop;
  private final Executor reader;
  private final Map<Long, Stream> streams = new HashMap<>();
  private long lastId;

  /** One snapshot on its way. */
  private final class Stream {
    final long id;
    final PartitionReplica replica;
    final NodeId follower;
    final CellSnapshot snapshot;
    int sent;
    int acknowledged;
    long heardNanos;
    boolean reading;
    boolean ended;

    Stream(long id, PartitionReplica replica, NodeId follower, CellSnapshot snapshot) {
      this.id = id;
      this.replica = replica;
      this.follower = follower;
      this.snapshot = snapshot;
      this.heardNanos = loop.nowNanos();
    }

    void begin() {
      ByteSink frame = frame(SnapshotFrame.BEGIN);
      frame.putVarint(replica.machine().epoch());
      ReplicationCodec.putPosition(frame, snapshot.state().position());
      frame.putVarint(snapshot.state().keyCount());
      byte[] meta = snapshot.state().meta().array();
      frame.putBlock(meta, 0, meta.length);
      send(frame);
      readMore();
    }

    void readMore() {
      if (reading || ended || sent - acknowledged >= WINDOW_CHUNKS) {
        return;
      }
      reading = true;
      reader.execute(
          () -> {
            byte[] chunk;
            try {
              chunk = snapshot.nextChunk(CHUNK_BYTES);
            } catch (RuntimeException e) {
              loop.execute(() -> end(this, false, "reading it failed: " + e.getMessage()));
              return;
            }
            loop.execute(() -> onRead(chunk));
          });
    }

    private void onRead(byte[] chunk) {
      reading = false;
      if (!streams.containsKey(id)) {
        snapshot.close();
        return;
      }
      ByteSink frame = frame(chunk == null ? SnapshotFrame.END : SnapshotFrame.CHUNK);
      if (chunk != null) {
        frame.putBytes(chunk, 0, chunk.length);
      }
      ended = chunk == null;
      sent++;
      send(frame);
      readMore();
    }

    private ByteSink frame(int kind) {
      ByteSink frame = new ByteSink(64);
      frame.putByte(Frames.SNAPSHOT);
      ReplicationCodec.putPartition(frame, replica.id());
      return frame.putVarint(id).putByte(kind);
    }

    private void send(ByteSink frame) {
      loop.network().send(Lane.DATA, follower.number(), frame.array(), 0, frame.size());
    }
  }

  SnapshotSender(DataLoop loop, Executor reader) {
    this.loop = loop;
    this.reader = reader;
  }

  /** Begins to send the partition as it is at the next freeze. */
  void send(PartitionReplica replica, NodeId follower) {
    long epoch = replica.epoch();
    replica
        .store()
        .requestSnapshot(
            snapshot -> {
              loop.beginTurn();
              if (!replica.machine().isLeader() || replica.epoch() != epoch) {
                // Another leads by now, and this may not be its history.
                snapshot.close();
                return;
              }
              Stream stream = new Stream(++lastId, replica, follower, snapshot);
              streams.put(stream.id, stream);
              LOG.info(
                  "partition={} follower={} sending a snapshot at {} of {} keys",
                  replica.id(),
                  follower,
                  snapshot.state().position(),
                  snapshot.state().keyCount());
              stream.begin();
            });
  }

  void onAck(NodeId from, ByteSource source) {
    PartitionId partition = ReplicationCodec.getPartition(source);
    Stream stream = streams.get(source.getVarint());
    int chunks = source.getCount(Integer.MAX_VALUE);
    int outcome = source.getByte();
    if (stream == null || !stream.follower.equals(from) || !stream.replica.id().equals(partition)) {
      return; // of a stream that was given up
    }
    stream.heardNanos = loop.nowNanos();
    stream.acknowledged = Math.max(stream.acknowledged, chunks);
    if (outcome == SnapshotFrame.GOES_ON) {
      stream.readMore();
    } else {
      end(stream, outcome == SnapshotFrame.INSTALLED, "the follower gave it up");
    }
  }

  void onLost(NodeId follower) {
    endWhere(stream -> stream.follower.equals(follower), "the connection broke");
  }

  void tick() {
    endWhere(
        stream -> loop.nowNanos() - stream.heardNanos > SILENCE_NANOS, "the follower says nothing");
  }

  private void endWhere(java.util.function.Predicate<Stream> which, String why) {
    for (Stream stream : List.copyOf(streams.values())) {
      if (which.test(stream)) {
        end(stream, false, why);
      }
    }
  }

  private void end(Stream stream, boolean installed, String why) {
    if (streams.remove(stream.id) == null) {
      return;
    }
    if (!stream.reading) {
      stream.snapshot.close();
    }
    if (installed) {
      LOG.info("partition={} follower={} has the snapshot", stream.replica.id(), stream.follower);
    } else {
      LOG.warn(
          "partition={} follower={} snapshot not installed: {}",
          stream.replica.id(),
          stream.follower,
          why);
    }
    stream.replica.step(new Event.SnapshotSent(stream.follower, installed));
  }
}
