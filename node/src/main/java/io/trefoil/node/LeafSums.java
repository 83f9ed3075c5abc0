package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.replication.leaderless.SumTree;
import io.trefoil.storage.BucketDigests;
import java.util.function.BiConsumer;

/**
 * Tells what the trees of this node's leaderless replicas say, and recounts them from their cells,
 * a few leaves at a time so that clients don't wait. Belongs to the data loop's thread.
 */
final class LeafSums {
  private static final int LEAVES_AT_ONCE = 16;

  /** How long to read before others have their turn. */
  private static final long READING_MILLIS = 2;

  /** Between two such times. */
  private static final long PAUSE_MILLIS = 1;

  private static final long SIGN_OF_LIFE_NANOS = 1_000_000_000L;

  private final DataLoop loop;
  private final Routes routes;
  private final BiConsumer<NodeId, VerifyMessage> network;

  /**
   * @param network sends to a node, this one included
   */
  LeafSums(DataLoop loop, Routes routes, BiConsumer<NodeId, VerifyMessage> network) {
    this.loop = loop;
    this.routes = routes;
    this.network = network;
  }

  void onAsk(NodeId from, VerifyMessage.AskSums ask) {
    QuorumReplica replica = replica(ask.partition());
    if (replica == null) {
      unable(from, ask, "has no copy");
    } else if (replica.repair().isFillingUp()) {
      unable(from, ask, "its copy is not whole yet");
    } else if (ask.recount()) {
      new Recount(replica, from, ask).readOn();
    } else {
      tell(from, ask, replica, 0);
    }
  }

  private QuorumReplica replica(PartitionId partition) {
    PartitionRoute route = routes.partition(partition);
    return route == null ? null : route.coordinator();
  }

  private void unable(NodeId to, VerifyMessage.AskSums ask, String why) {
    network.accept(to, new VerifyMessage.Unable(ask.partition(), ask.id(), why));
  }

  private void tell(NodeId to, VerifyMessage.AskSums ask, QuorumReplica replica, int broken) {
    long[] sums = new long[SumTree.LEAVES];
    for (int leaf = 0; leaf < sums.length; leaf++) {
      sums[leaf] = replica.repair().sum(SumTree.LEAF_LEVEL, leaf);
    }
    BucketDigests digests = new BucketDigests(sums, replica.store().knownKeyCount());
    network.accept(to, new VerifyMessage.Sums(ask.partition(), ask.id(), broken, digests));
  }

  /** Goes through the leaves of one replica. */
  private final class Recount {
    private final QuorumReplica replica;
    private final NodeId from;
    private final VerifyMessage.AskSums ask;
    private int next;
    private int broken;
    private long toldNanos = loop.nowNanos();

    Recount(QuorumReplica replica, NodeId from, VerifyMessage.AskSums ask) {
      this.replica = replica;
      this.from = from;
      this.ask = ask;
    }

    void readOn() {
      if (replica(ask.partition()) != replica) {
        unable(from, ask, "has no copy any more");
        return;
      }
      readSome();
      if (next == SumTree.LEAVES) {
        tell(from, ask, replica, broken);
        return;
      }
      if (loop.nowNanos() - toldNanos > SIGN_OF_LIFE_NANOS) {
        toldNanos = loop.nowNanos();
        network.accept(from, new VerifyMessage.Reading(ask.partition(), ask.id()));
      }
      loop.loop().schedule(PAUSE_MILLIS, () -> loop.execute(this::readOn));
    }

    private void readSome() {
      long end = loop.sinceStartMillisNow() + READING_MILLIS;
      int until = Math.min(SumTree.LEAVES, next + LEAVES_AT_ONCE);
      do {
        broken += replica.repair().isLeafRight(next++) ? 0 : 1;
      } while (next < until && loop.sinceStartMillisNow() < end);
    }
  }
}
