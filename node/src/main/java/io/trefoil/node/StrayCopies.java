package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.transport.Lane;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies that this node holds and has no place for any more, of partitions in which one copy was
 * enough: of a node that was away while its copy was moved. Such a copy may hold acknowledged
 * writes that nobody else has, so it is not dropped before its log was compared with the leader's
 * history: what that lacks is saved to a divergence file first.
 *
 * <p>The stray sends {@link Frames#HISTORY}, again and again until it hears {@link
 * Frames#HISTORY_REPLY}: the leader's table of epochs up to what it has committed. Both are small.
 */
final class StrayCopies {
  private static final Logger LOG = LoggerFactory.getLogger(StrayCopies.class);
  private static final long ASK_AGAIN_NANOS = 500_000_000L;

  private final DataLoop loop;
  private final Routes routes;
  private final PartitionReplica.PartitionHost host;
  private final Consumer<PartitionReplica> dropper;
  private final Map<PartitionId, PartitionReplica> strays = new HashMap<>();
  private long askedNanos;

  /**
   * @param dropper drops a copy for good
   */
  StrayCopies(
      DataLoop loop,
      Routes routes,
      PartitionReplica.PartitionHost host,
      Consumer<PartitionReplica> dropper) {
    this.loop = loop;
    this.routes = routes;
    this.host = host;
    this.dropper = dropper;
  }

  Set<PartitionId> ids() {
    return Set.copyOf(strays.keySet());
  }

  void keep(PartitionReplica replica) {
    if (strays.put(replica.id(), replica) == null) {
      LOG.info(
          "partition={} is held by other nodes now; the copy here is kept until it is compared with"
              + " theirs",
          replica.id());
    }
  }

  /** It has a place again, or its database is gone. */
  void forget(PartitionId id) {
    strays.remove(id);
  }

  void tick() {
    if (strays.isEmpty() || loop.nowNanos() - askedNanos < ASK_AGAIN_NANOS) {
      return;
    }
    askedNanos = loop.nowNanos();
    for (PartitionId id : strays.keySet()) {
      PartitionRoute route = routes.partition(id);
      NodeId leader = route == null ? null : route.terms().state().leader().orElse(null);
      if (leader != null) {
        ByteSink frame = new ByteSink(16);
        frame.putByte(Frames.HISTORY);
        ReplicationCodec.putPartition(frame, id);
        loop.network().send(Lane.DATA, leader.number(), frame.array(), 0, frame.size());
      }
    }
  }

  /** Another node asks a leader here. */
  void onAsked(NodeId from, ByteSource source) {
    PartitionId id = ReplicationCodec.getPartition(source);
    source.expectEnd();
    PartitionRoute route = routes.partition(id);
    if (route == null || !route.leadsHere() || !loop.leaseHeld()) {
      return;
    }
    PartitionReplica leader = route.local();
    long committed = leader.machine().commitIndex();
    EpochTable epochs = leader.machine().epochs();
    epochs.cut(committed + 1);
    if (epochs.lastEpoch() != leader.epoch()) {
      return; // what it will commit of its log is not known yet
    }
    ByteSink frame = new ByteSink(64);
    frame.putByte(Frames.HISTORY_REPLY);
    ReplicationCodec.putPartition(frame, id);
    frame.putVarint(leader.machine().lastIndex());
    epochs.writeTo(frame.putVarint(committed));
    loop.network().send(Lane.DATA, from.number(), frame.array(), 0, frame.size());
  }

  /** The leader's history has come. */
  void onHistory(NodeId from, ByteSource source) {
    PartitionId id = ReplicationCodec.getPartition(source);
    long last = source.getVarint();
    long committed = source.getVarint();
    EpochTable epochs = EpochTable.readFrom(source);
    source.expectEnd();
    PartitionReplica stray = strays.get(id);
    PartitionRoute route = routes.partition(id);
    boolean isOfNow =
        stray != null
            && route != null
            && route.terms().state().leader().filter(from::equals).isPresent()
            && route.terms().state().epoch() == epochs.lastEpoch();
    if (!isOfNow) {
      return;
    }
    long end = stray.machine().lastIndex();
    long common = stray.machine().epochs().lastCommon(epochs, Math.min(end, committed));
    boolean mayYetBeCommitted =
        common < end
            && common == committed
            && last > committed
            && stray.machine().epochAt(common + 1) == epochs.lastEpoch();
    if (mayYetBeCommitted) {
      return; // asked again
    }
    if (common < end) {
      host.saveDiverged(
          stray,
          new Effect.Diverged(
              epochs.lastEpoch(), stray.machine().positionAt(common + 1), stray.machine().last()));
    }
    LOG.info("partition={} has no place here any more: the copy goes", id);
    strays.remove(id);
    dropper.accept(stray);
  }
}
