package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.replication.leaderless.SumTree;
import io.trefoil.storage.BucketDigests;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Tells what the trees of this node's leaderless replicas say, recounts them from their cells, and
 * tells what is to be seen in some leaves; a few leaves at a time so that clients don't wait.
 * Belongs to the data loop's thread.
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
    QuorumReplica replica = replicaOf(from, ask);
    if (replica == null) {
      return;
    }
    int[] broken = {0};
    Runnable then = () -> tell(from, ask, replica, broken[0]);
    if (!ask.recount()) {
      then.run();
      return;
    }
    List<Integer> all = IntStream.range(0, SumTree.LEAVES).boxed().toList();
    IntConsumer recount = leaf -> broken[0] += replica.repair().isLeafRight(leaf) ? 0 : 1;
    new Reading(replica, from, ask, all, recount, then).goOn();
  }

  void onAskShown(NodeId from, VerifyMessage.AskShown ask) {
    QuorumReplica replica = replicaOf(from, ask);
    if (replica == null) {
      return;
    }
    long[] shown = new long[SumTree.LEAVES];
    IntConsumer addUp = leaf -> shown[leaf] = replica.repair().shownIn(leaf, ask.nowMillis());
    new Reading(replica, from, ask, ask.leaves(), addUp, () -> tell(from, ask, replica, 0, shown))
        .goOn();
  }

  /** The replica that is asked; null when it can't tell, which the asker then hears. */
  private QuorumReplica replicaOf(NodeId from, VerifyMessage ask) {
    QuorumReplica replica = replica(ask.partition());
    if (replica == null) {
      unable(from, ask, "has no copy");
    } else if (replica.repair().isFillingUp()) {
      unable(from, ask, "its copy is not whole yet");
    } else {
      return replica;
    }
    return null;
  }

  private QuorumReplica replica(PartitionId partition) {
    PartitionRoute route = routes.partition(partition);
    return route == null ? null : route.coordinator();
  }

  private void unable(NodeId to, VerifyMessage ask, String why) {
    network.accept(to, new VerifyMessage.Unable(ask.partition(), ask.id(), why));
  }

  private void tell(NodeId to, VerifyMessage ask, QuorumReplica replica, int broken) {
    long[] sums = new long[SumTree.LEAVES];
    for (int leaf = 0; leaf < sums.length; leaf++) {
      sums[leaf] = replica.repair().sum(SumTree.LEAF_LEVEL, leaf);
    }
    tell(to, ask, replica, broken, sums);
  }

  private void tell(NodeId to, VerifyMessage ask, QuorumReplica replica, int broken, long[] sums) {
    BucketDigests digests = new BucketDigests(sums, replica.store().knownKeyCount());
    network.accept(to, new VerifyMessage.Sums(ask.partition(), ask.id(), broken, digests));
  }

  /** Goes through leaves of one replica. */
  private final class Reading {
    private final QuorumReplica replica;
    private final NodeId from;
    private final VerifyMessage ask;
    private final List<Integer> leaves;
    private final IntConsumer read;
    private final Runnable then;
    private int next;
    private long toldNanos = loop.nowNanos();

    /**
     * @param read is given each leaf
     * @param then runs after the last one
     */
    Reading(
        QuorumReplica replica,
        NodeId from,
        VerifyMessage ask,
        List<Integer> leaves,
        IntConsumer read,
        Runnable then) {
      this.replica = replica;
      this.from = from;
      this.ask = ask;
      this.leaves = leaves;
      this.read = read;
      this.then = then;
    }

    void goOn() {
      if (replica(ask.partition()) != replica) {
        unable(from, ask, "has no copy any more");
        return;
      }
      readSome();
      if (next == leaves.size()) {
        then.run();
        return;
      }
      if (loop.nowNanos() - toldNanos > SIGN_OF_LIFE_NANOS) {
        toldNanos = loop.nowNanos();
        network.accept(from, new VerifyMessage.Reading(ask.partition(), ask.id()));
      }
      loop.loop().schedule(PAUSE_MILLIS, () -> loop.execute(this::goOn));
    }

    private void readSome() {
      long end = loop.sinceStartMillisNow() + READING_MILLIS;
      int until = Math.min(leaves.size(), next + LEAVES_AT_ONCE);
      do {
        read.accept(leaves.get(next++));
      } while (next < until && loop.sinceStartMillisNow() < end);
    }
  }
}
