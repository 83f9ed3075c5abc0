package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.node.SnapshotLoad.Stage;
import io.trefoil.replication.kernel.Event;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.Storage;
import io.trefoil.transport.Lane;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes partitions that leaders stream. A snapshot <em>replaces</em>: it is loaded as a new copy
 * beside the old one, made durable, begun in the journal, and only then takes the old one's place
 * and is acknowledged. What came of one whose sender is lost is kept for a while: it may go on.
 * Belongs to the data loop's thread.
 */
final class SnapshotReceiver {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotReceiver.class);

  private final DataLoop loop;
  private final Storage storage;
  private final CopyIds copyIds;
  private final Function<PartitionId, PartitionReplica> replicas;
  private final Map<PartitionId, SnapshotLoad> loads = new TreeMap<>();

  SnapshotReceiver(
      DataLoop loop,
      Storage storage,
      CopyIds copyIds,
      Function<PartitionId, PartitionReplica> replicas) {
    this.loop = loop;
    this.storage = storage;
    this.copyIds = copyIds;
    this.replicas = replicas;
  }

  void onFrame(NodeId from, ByteSource source) {
    PartitionId partition = ReplicationCodec.getPartition(source);
    long stream = source.getVarint();
    int kind = source.getByte();
    if (kind == SnapshotFrame.BEGIN) {
      begin(partition, from, stream, source);
      return;
    }
    SnapshotLoad load = loads.get(partition);
    if (load == null || !load.isOf(from, stream)) {
      // From before this process, or given up, or another one took its place.
      acknowledge(partition, from, stream, 0, SnapshotFrame.GIVEN_UP);
      return;
    }
    load.heard(loop.nowNanos());
    try {
      take(partition, load, kind, source);
    } catch (MalformedBytesException e) {
      giveUp(partition, load, e.getMessage());
    }
  }

  private void begin(PartitionId partition, NodeId from, long stream, ByteSource source) {
    PartitionReplica replica = replicas.apply(partition);
    if (replica == null || replica.machine().isLeader()) {
      acknowledge(partition, from, stream, 0, SnapshotFrame.GIVEN_UP);
      return;
    }
    byte[] head = source.getBytes(source.remaining());
    SnapshotLoad load = new SnapshotLoad(from, stream, head, copyIds.next(), storage);
    load.heard(loop.nowNanos());
    SnapshotLoad old = loads.put(partition, load);
    if (old != null && old.stage() == Stage.COMING) {
      old.abandon();
    }
    LOG.info("partition={} from={} taking a snapshot at {}", partition, from, load.position());
  }

  private void take(PartitionId partition, SnapshotLoad load, int kind, ByteSource source) {
    if (load.stage() != Stage.COMING || kind == SnapshotFrame.RESUME) {
      acknowledge(partition, load);
    } else if (kind == SnapshotFrame.CHUNK) {
      then(partition, load, load.addChunk(source), () -> goOn(partition, load));
    } else if (kind == SnapshotFrame.END) {
      then(partition, load, load.end(source), () -> install(partition, load));
    } else {
      throw new MalformedBytesException("piece " + kind + " is not known to this version");
    }
  }

  private void then(
      PartitionId partition, SnapshotLoad load, CompletableFuture<Void> work, Runnable next) {
    if (work == null) {
      return;
    }
    work.whenComplete(
        (done, failure) ->
            loop.execute(
                () -> {
                  if (loads.get(partition) != load) {
                    return; // replaced by another one
                  }
                  load.heard(loop.nowNanos()); // the disk is slow, not the sender
                  if (failure == null) {
                    next.run();
                  } else {
                    giveUp(partition, load, failure.getMessage());
                  }
                }));
  }

  private void goOn(PartitionId partition, SnapshotLoad load) {
    load.oneMoreDurable();
    acknowledge(partition, load);
  }

  /** The copy is durable; the journal must say where it begins before anyone hears of it. */
  private void install(PartitionId partition, SnapshotLoad load) {
    // Nothing more is needed of the sender: that it is lost now must not take the copy away.
    load.reached(Stage.WHOLE);
    PartitionReplica replica = replicas.apply(partition);
    CopyMeta meta = CopyMeta.decode(load.meta().array());
    if (replica != null
        && replica.machine().takesSnapshot(load.epoch(), load.position(), meta.epochs())) {
      replica.saveDivergence(load.position(), meta.epochs());
    }
    loop.journal().appendStart(load.copy(), load.position(), load.meta().array());
    loop.afterSync(() -> replace(partition, load));
  }

  private void replace(PartitionId partition, SnapshotLoad load) {
    PartitionReplica replica = replicas.apply(partition);
    CopyMeta meta = CopyMeta.decode(load.meta().array());
    boolean wanted =
        replica != null
            && replica.machine().takesSnapshot(load.epoch(), load.position(), meta.epochs());
    if (!wanted) {
      loads.remove(partition, load);
      loop.endCopy(load.copy());
      acknowledge(partition, load.from(), load.stream(), load.durable(), SnapshotFrame.GIVEN_UP);
      return;
    }
    long oldCopy = replica.copy();
    PartitionStore oldStore = replica.store();
    replica.replaceCopy(
        load.copy(),
        storage.store(load.copy(), 0, loop::execute),
        meta.origins(),
        new Event.SnapshotInstalled(
            load.epoch(), load.position(), meta.epochs(), meta.logTimeMillis()));
    oldStore.close();
    loop.endCopy(oldCopy);
    load.reached(Stage.INSTALLED);
    load.heard(loop.nowNanos());
    LOG.info(
        "partition={} from={} snapshot at {} installed", partition, load.from(), load.position());
    acknowledge(partition, load);
  }

  private void giveUp(PartitionId partition, SnapshotLoad load, String why) {
    LOG.warn("partition={} from={} snapshot given up: {}", partition, load.from(), why);
    loads.remove(partition);
    load.abandon();
    acknowledge(partition, load.from(), load.stream(), load.durable(), SnapshotFrame.GIVEN_UP);
  }

  /** What was said to the node on the connection before may be lost. */
  void onConnected(NodeId sender) {
    loads.forEach(
        (partition, load) -> {
          if (load.from().equals(sender)) {
            acknowledge(partition, load);
          }
        });
  }

  /** Lets go of what nobody has spoken of for long. */
  void tick() {
    loads.entrySet().removeIf(each -> isOver(each.getKey(), each.getValue()));
  }

  private boolean isOver(PartitionId partition, SnapshotLoad load) {
    if (!load.isSilent(loop.nowNanos()) || load.stage() == Stage.WHOLE) {
      return false;
    }
    if (load.stage() == Stage.COMING) {
      LOG.warn("partition={} from={} snapshot given up: nothing comes", partition, load.from());
      load.abandon();
    }
    return true;
  }

  private void acknowledge(PartitionId partition, SnapshotLoad load) {
    int outcome = load.stage() == Stage.INSTALLED ? SnapshotFrame.INSTALLED : SnapshotFrame.GOES_ON;
    acknowledge(partition, load.from(), load.stream(), load.durable(), outcome);
  }

  private void acknowledge(PartitionId partition, NodeId to, long stream, int chunks, int outcome) {
    ByteSink frame = new ByteSink(32);
    frame.putByte(Frames.SNAPSHOT_ACK);
    ReplicationCodec.putPartition(frame, partition);
    frame.putVarint(stream).putVarint(chunks).putByte(outcome);
    loop.network().send(Lane.DATA, to.number(), frame.array(), 0, frame.size());
  }
}
