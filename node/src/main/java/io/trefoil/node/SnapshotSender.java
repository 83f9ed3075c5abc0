package io.trefoil.node;

import io.trefoil.base.ByteSource;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.storage.CellSnapshot;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams partitions to followers that can't be caught up from the log, while writes go on. Few at
 * a time, the others wait in the order in which they were asked for; all together no faster than
 * the rate that is set, and each no faster than its follower makes chunks durable. A stream
 * outlives a broken connection, but not the leadership that sends it. Belongs to the data loop's
 * thread.
 */
final class SnapshotSender {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotSender.class);

  /** Each holds a window of chunks in memory, and keeps RocksDB from cleaning up. */
  static final int MAX_STREAMS = 2;

  private final DataLoop loop;
  private final Executor reader;
  private final RateLimit rate;
  private final ArrayDeque<SnapshotStream> waiting = new ArrayDeque<>();

  /** Those that have their turn; the one that sent last is the last. */
  private final List<SnapshotStream> streams = new ArrayList<>(MAX_STREAMS);

  private long lastId;

  SnapshotSender(DataLoop loop, Executor reader, RateLimit rate) {
    this.loop = loop;
    this.reader = reader;
    this.rate = rate;
    // A follower may still know streams of this node's process before this one.
    this.lastId = (long) loop.incarnation() << Integer.SIZE;
  }

  /** Will send the partition as it is when its turn comes. */
  void send(PartitionReplica replica, NodeId follower) {
    // A leader that asks again knows of no stream that is under way: it is over for it.
    forgetWhere(
        stream -> stream.partition().equals(replica.id()) && stream.follower().equals(follower));
    waiting.add(new SnapshotStream(++lastId, replica, follower, loop, reader));
    loop.execute(this::startWaiting);
  }

  /** The replica is no more. */
  void forget(PartitionReplica replica) {
    forgetWhere(stream -> stream.isOf(replica));
  }

  private void forgetWhere(Predicate<SnapshotStream> which) {
    waiting.removeIf(which);
    for (SnapshotStream stream : List.copyOf(streams)) {
      if (which.test(stream)) {
        streams.remove(stream);
        stream.close();
      }
    }
  }

  private void startWaiting() {
    while (streams.size() < MAX_STREAMS && !waiting.isEmpty()) {
      SnapshotStream stream = waiting.remove();
      if (!stream.isLed()) {
        stream.close();
      } else if (stream.isConnected()) {
        streams.add(stream);
        stream.request(this::onTaken);
      } else {
        giveUp(stream, "the follower is away"); // and must not keep others waiting
      }
    }
  }

  private void onTaken(SnapshotStream stream, CellSnapshot snapshot) {
    loop.beginTurn();
    if (!streams.contains(stream)) {
      snapshot.close();
    } else if (!stream.isLed()) {
      // Another leads by now, and this may not be its history.
      snapshot.close();
      end(stream, false, "another leads");
    } else {
      stream.begin(snapshot);
      goOn();
    }
  }

  /** Has each stream in turn send a chunk, until none can, from the one that sent longest ago. */
  void goOn() {
    int idle = 0;
    while (idle < streams.size()) {
      SnapshotStream first = streams.remove(0);
      streams.add(first);
      idle = first.sendNext(rate, this) ? 0 : idle + 1;
    }
  }

  void onAck(NodeId from, ByteSource source) {
    PartitionId partition = ReplicationCodec.getPartition(source);
    long id = source.getVarint();
    int chunks = source.getCount(Integer.MAX_VALUE);
    int outcome = source.getByte();
    for (SnapshotStream stream : List.copyOf(streams)) {
      if (stream.id() != id
          || !stream.follower().equals(from)
          || !stream.partition().equals(partition)) {
        continue; // of a stream that was given up
      }
      if (outcome == SnapshotFrame.GOES_ON) {
        stream.onGoesOn(chunks);
        goOn();
      } else {
        end(stream, outcome == SnapshotFrame.INSTALLED, "the follower gave it up");
      }
    }
  }

  void onLost(NodeId follower) {
    for (SnapshotStream stream : streams) {
      if (stream.follower().equals(follower)) {
        stream.onLost();
      }
    }
  }

  void onConnected(NodeId follower) {
    for (SnapshotStream stream : streams) {
      if (stream.follower().equals(follower)) {
        stream.onConnected();
      }
    }
  }

  void tick() {
    for (SnapshotStream stream : List.copyOf(streams)) {
      if (!stream.isLed()) {
        end(stream, false, "another leads");
      } else if (stream.isSilent()) {
        end(stream, false, "nothing came of it for too long");
      } else {
        stream.maybeAskAgain();
      }
    }
    startWaiting();
    goOn();
  }

  void end(SnapshotStream stream, boolean installed, String why) {
    if (!streams.remove(stream)) {
      return;
    }
    stream.close();
    if (installed) {
      LOG.info("partition={} follower={} has the snapshot", stream.partition(), stream.follower());
      stream.tell(true);
    } else {
      giveUp(stream, why);
    }
    loop.execute(this::startWaiting);
  }

  private static void giveUp(SnapshotStream stream, String why) {
    LOG.warn(
        "partition={} follower={} snapshot not installed: {}",
        stream.partition(),
        stream.follower(),
        why);
    stream.tell(false);
  }
}
