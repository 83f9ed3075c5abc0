package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Event;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.SnapshotLoader;
import io.trefoil.storage.Storage;
import io.trefoil.transport.Lane;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes partitions that leaders stream. A snapshot <em>replaces</em>: it is loaded as a new copy
 * beside the old one, made durable, begun in the journal, and only then takes the old one's place
 * and is acknowledged. Belongs to the data loop's thread.
 */
final class SnapshotReceiver {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotReceiver.class);

  private final DataLoop loop;
  private final Storage storage;
  private final CopyIds copyIds;
  private final Function<PartitionId, PartitionReplica> replicas;
  private final Map<PartitionId, Load> loads = new HashMap<>();

  /** A snapshot that is coming in. */
  private static final class Load {
    final NodeId from;
    final long stream;
    final long epoch;
    final Position position;
    final long keyCount;
    final Bytes meta;
    final long copy;
    final SnapshotLoader loader;
    int taken;

    Load(NodeId from, long stream, ByteSource source, long copy, Storage storage) {
      this.from = from;
      this.stream = stream;
      this.epoch = source.getVarint();
      this.position = ReplicationCodec.getPosition(source);
      this.keyCount = source.getVarint();
      this.meta = Bytes.wrap(source.getBlock());
      this.copy = copy;
      this.loader = storage.load(copy);
    }
  }

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
    Load load = loads.get(partition);
    if (load == null || load.stream != stream || !load.from.equals(from)) {
      return; // of a stream that was given up
    }
    if (kind == SnapshotFrame.CHUNK) {
      byte[] chunk = source.getBytes(source.remaining());
      then(partition, load, load.loader.addChunk(chunk), () -> goOn(partition, load));
    } else {
      then(
          partition,
          load,
          load.loader.finish(load.position, load.keyCount, load.meta),
          () -> install(partition, load));
    }
  }

  private void begin(PartitionId partition, NodeId from, long stream, ByteSource source) {
    PartitionReplica replica = replicas.apply(partition);
    if (replica == null || replica.machine().isLeader()) {
      acknowledge(partition, from, stream, 0, SnapshotFrame.GIVEN_UP);
      return;
    }
    Load old = loads.remove(partition);
    if (old != null) {
      old.loader.abandon();
    }
    Load load = new Load(from, stream, source, copyIds.next(), storage);
    loads.put(partition, load);
    LOG.info("partition={} from={} taking a snapshot at {}", partition, from, load.position);
  }

  private void then(PartitionId partition, Load load, CompletableFuture<Void> work, Runnable next) {
    work.whenComplete(
        (done, failure) ->
            loop.execute(
                () -> {
                  if (loads.get(partition) != load) {
                    return; // replaced by another one
                  }
                  if (failure == null) {
                    next.run();
                  } else {
                    giveUp(partition, load, failure.getMessage());
                  }
                }));
  }

  private void goOn(PartitionId partition, Load load) {
    acknowledge(partition, load.from, load.stream, ++load.taken, SnapshotFrame.GOES_ON);
  }

  /** The copy is durable; the journal must say where it begins before anyone hears of it. */
  private void install(PartitionId partition, Load load) {
    // Nothing more is needed of the sender: that it is lost now must not take the copy away.
    loads.remove(partition);
    PartitionReplica replica = replicas.apply(partition);
    CopyMeta meta = CopyMeta.decode(load.meta.array());
    if (replica != null
        && replica.machine().takesSnapshot(load.epoch, load.position, meta.epochs())) {
      replica.saveDivergence(load.position, meta.epochs());
    }
    loop.journal().appendStart(load.copy, load.position, load.meta.array());
    loop.afterSync(() -> replace(partition, load));
  }

  private void replace(PartitionId partition, Load load) {
    PartitionReplica replica = replicas.apply(partition);
    CopyMeta meta = CopyMeta.decode(load.meta.array());
    boolean wanted =
        replica != null
            && replica.machine().takesSnapshot(load.epoch, load.position, meta.epochs());
    if (!wanted) {
      loop.endCopy(load.copy);
      acknowledge(partition, load.from, load.stream, load.taken, SnapshotFrame.GIVEN_UP);
      return;
    }
    long oldCopy = replica.copy();
    PartitionStore oldStore = replica.store();
    replica.replaceCopy(
        load.copy,
        storage.store(load.copy, 0, loop::execute),
        new Event.SnapshotInstalled(
            load.epoch, load.position, meta.epochs(), meta.logTimeMillis()));
    oldStore.close();
    loop.endCopy(oldCopy);
    LOG.info("partition={} from={} snapshot at {} installed", partition, load.from, load.position);
    acknowledge(partition, load.from, load.stream, load.taken, SnapshotFrame.INSTALLED);
  }

  private void giveUp(PartitionId partition, Load load, String why) {
    LOG.warn("partition={} from={} snapshot given up: {}", partition, load.from, why);
    loads.remove(partition);
    load.loader.abandon();
    acknowledge(partition, load.from, load.stream, load.taken, SnapshotFrame.GIVEN_UP);
  }

  void onLost(NodeId from) {
    loads
        .entrySet()
        .removeIf(
            entry -> {
              boolean lost = entry.getValue().from.equals(from);
              if (lost) {
                entry.getValue().loader.abandon();
              }
              return lost;
            });
  }

  private void acknowledge(PartitionId partition, NodeId to, long stream, int chunks, int outcome) {
    ByteSink frame = new ByteSink(32);
    frame.putByte(Frames.SNAPSHOT_ACK);
    ReplicationCodec.putPartition(frame, partition);
    frame.putVarint(stream).putVarint(chunks).putByte(outcome);
    loop.network().send(Lane.DATA, to.number(), frame.array(), 0, frame.size());
  }
}
