package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.control.PartitionState;
import io.trefoil.node.PartitionReplica.Mark;
import io.trefoil.node.PartitionReport.ReplicaDigest;
import io.trefoil.storage.BucketDigests;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.Predicate;

/**
 * The comparison of a leaderless partition's replicas, at one of them.
 *
 * <p><b>Recount.</b> Each replica adds its tree up from its cells. A leaf that has another sum than
 * the tree says is broken: rounds of anti-entropy would go by what is not there.
 *
 * <p><b>Looks.</b> Then the sums of all are compared. Where they differ they are asked for again, a
 * second later, while writes are under way: see {@link LeafComparison}.
 *
 * <p><b>What is to be seen</b> decides in the end, of the leaves that still differ. Their sums are
 * also of what was removed, until that is forgotten, which each replica does in its own time.
 *
 * <p>Belongs to the data loop's thread.
 */
final class LeaderlessVerification implements Verifications.Verification {
  /** What differs is looked at for some 15 s: hints and a round of repair have come by then. */
  private static final int MAX_LOOKS = 16;

  private static final long PAUSE_NANOS = 1_000_000_000L;
  private static final long SIGN_OF_LIFE_NANOS = 1_000_000_000L;

  private final DataLoop loop;
  private final PartitionState state;
  private final Predicate<NodeId> isReached;
  private final BiConsumer<NodeId, VerifyMessage> network;
  private final Consumer<PartitionReport> receiver;
  private final Runnable signOfLife;
  private final LeafComparison comparison = new LeafComparison();
  private final Map<NodeId, Integer> broken = new HashMap<>();
  private final SortedMap<NodeId, String> problems = new TreeMap<>();
  private final SortedMap<NodeId, BucketDigests> sums = new TreeMap<>();

  /** Who still owes an answer, and when it last gave a sign of life. */
  private final Map<NodeId, Long> awaited = new HashMap<>();

  private int looks;
  private boolean asksShown;
  private long askedId;
  private boolean pausing;
  private long resumeNanos;
  private long toldNanos;

  /**
   * @param network sends to a node, this one included
   * @param receiver gets the outcome, once
   * @param signOfLife called about every second until then
   */
  LeaderlessVerification(
      DataLoop loop,
      PartitionState state,
      Predicate<NodeId> isReached,
      BiConsumer<NodeId, VerifyMessage> network,
      Consumer<PartitionReport> receiver,
      Runnable signOfLife) {
    this.loop = loop;
    this.state = state;
    this.isReached = isReached;
    this.network = network;
    this.receiver = receiver;
    this.signOfLife = signOfLife;
    this.toldNanos = loop.nowNanos();
  }

  @Override
  public void begin() {
    look();
  }

  private void look() {
    looks++;
    ask(id -> new VerifyMessage.AskSums(state.id(), id, looks == 1));
  }

  private void askShown() {
    asksShown = true;
    List<Integer> leaves = comparison.differingLeaves();
    long now = loop.wallMillis();
    ask(id -> new VerifyMessage.AskShown(state.id(), id, leaves, now));
  }

  private void ask(LongFunction<VerifyMessage> question) {
    askedId = loop.nextStamp();
    sums.clear();
    for (NodeId node : state.replicas()) {
      if (!isReached.test(node)) {
        problems.putIfAbsent(node, "is not connected");
      } else if (!problems.containsKey(node)) {
        awaited.put(node, loop.nowNanos());
        network.accept(node, question.apply(askedId));
      }
    }
    if (awaited.isEmpty()) {
      end();
    }
  }

  /** Leaderless logs have none. */
  @Override
  public void onMark(Mark mark) {}

  @Override
  public void onMessage(NodeId from, VerifyMessage message) {
    if (message.id() != askedId || !awaited.containsKey(from)) {
      return;
    }
    awaited.put(from, loop.nowNanos());
    if (message instanceof VerifyMessage.Unable unable) {
      giveUp(from, unable.why());
    } else if (message instanceof VerifyMessage.Sums own) {
      sums.put(from, own.sums());
      broken.merge(from, own.broken(), Integer::sum);
      answered(from);
    }
  }

  private void giveUp(NodeId node, String why) {
    problems.putIfAbsent(node, why);
    answered(node);
  }

  private void answered(NodeId node) {
    awaited.remove(node);
    if (awaited.isEmpty()) {
      compare();
    }
  }

  private void compare() {
    if (asksShown) {
      asksShown = false;
      comparison.lookAtShown(sums);
      look(); // what has changed meanwhile does not differ
      return;
    }
    comparison.look(sums);
    if (looks == MAX_LOOKS && comparison.differing() > 0) {
      askShown();
    } else if (comparison.open() == 0 || looks >= MAX_LOOKS) {
      end();
    } else {
      pausing = true;
      resumeNanos = loop.nowNanos() + PAUSE_NANOS;
    }
  }

  private void end() {
    int brokenLeaves = broken.values().stream().mapToInt(Integer::intValue).sum();
    int differing = comparison.differing() + brokenLeaves;
    if (differing == 0 && comparison.open() > 0 && !sums.isEmpty()) {
      String problem =
          "%d of %d ranges differed at each look, and were changing: ask again when there are fewer"
              + " writes";
      receiver.accept(
          PartitionReport.notCompared(
              String.format(problem, comparison.open(), BucketDigests.COUNT)));
      return;
    }
    SortedMap<NodeId, ReplicaDigest> replicas = new TreeMap<>();
    problems.forEach((node, why) -> replicas.put(node, new ReplicaDigest(node, why, 0)));
    sums.forEach((node, own) -> replicas.put(node, digest(node, own)));
    receiver.accept(
        new PartitionReport(
            null,
            Position.ZERO,
            sums.values().stream().mapToLong(BucketDigests::keyCount).max().orElse(0),
            List.copyOf(replicas.values()),
            Math.min(differing, BucketDigests.COUNT),
            List.of(),
            differing == 0));
  }

  private ReplicaDigest digest(NodeId node, BucketDigests own) {
    int wrong = broken.getOrDefault(node, 0);
    String problem =
        wrong == 0
            ? null
            : String.format(
                "is broken: the cells of %d of %d ranges don't add up to what its tree says",
                wrong, BucketDigests.COUNT);
    return new ReplicaDigest(node, problem, problem == null ? own.total() : 0);
  }

  @Override
  public void onLost(NodeId peer) {
    if (awaited.containsKey(peer)) {
      giveUp(peer, "the connection broke");
    }
  }

  @Override
  public void tick() {
    long now = loop.nowNanos();
    if (now - toldNanos > SIGN_OF_LIFE_NANOS) {
      toldNanos = now;
      signOfLife.run();
    }
    if (pausing && now - resumeNanos >= 0) {
      pausing = false;
      look();
    }
    for (NodeId node : List.copyOf(awaited.keySet())) {
      Long heard = awaited.get(node);
      if (heard != null && now - heard > PartitionVerification.SILENCE_NANOS) {
        giveUp(node, "did not answer for 10 s");
      }
    }
  }
}
