package io.trefoil.replication.leaderless;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * One pull from one replica: down the two trees to the leaves that differ, and each of those listed
 * here, pulled from there and merged here.
 */
final class Round {
  private enum Stage {
    LISTING,
    PULLING,
    MERGING
  }

  /** A leaf that differs. */
  private static final class Leaf {
    private final int number;
    private Stage stage = Stage.LISTING;
    private Bytes from = Bytes.EMPTY;
    private Bytes next;
    private int step;
    private long askedMillis;

    private Leaf(int number) {
      this.number = number;
    }
  }

  private final AntiEntropy replica;
  private final RepairSettings settings;
  private final long id;
  private final NodeId peer;

  /** For each level above the leaves, the nodes whose sums are to be compared. */
  private final List<Deque<Integer>> toCompare =
      Stream.generate(() -> (Deque<Integer>) new ArrayDeque<Integer>())
          .limit(SumTree.LEAF_LEVEL)
          .toList();

  private final Deque<Leaf> toPull = new ArrayDeque<>();

  /** Those that are listed, pulled or merged. */
  private final SortedMap<Integer, Leaf> leaves = new TreeMap<>();

  /** The comparison that is not answered yet, or null. */
  private RepairMessage.Compare asked;

  private long askedMillis;
  private long sentMillis;
  private int steps;
  private int leavesDiffered;
  private boolean walked;

  /** What the replica said when it first answered; null before. */
  private RepairMessage.Claim claim;

  private long clock;

  Round(AntiEntropy replica, RepairSettings settings, long id, NodeId peer) {
    this.replica = replica;
    this.settings = settings;
    this.id = id;
    this.peer = peer;
    toCompare.get(0).add(0);
  }

  long id() {
    return id;
  }

  NodeId peer() {
    return peer;
  }

  RepairMessage.Claim claim() {
    return claim;
  }

  /** The replica's, when it first answered. */
  long clock() {
    return clock;
  }

  int leavesDiffered() {
    return leavesDiffered;
  }

  /** Goes on as far as the budget allows. */
  void drive(RepairEffects out) {
    if (asked == null && replica.budget().allows()) {
      compareNext(out);
    }
    while (!toPull.isEmpty() && leaves.size() < settings.maxLeaves() && replica.budget().allows()) {
      Leaf leaf = toPull.poll();
      leaf.stage = Stage.LISTING;
      leaves.put(leaf.number, leaf);
      out.add(new RepairEffect.ListLeaf(id, leaf.number, leaf.from));
    }
    if (!walked && hasNothingToDo()) {
      walked = true;
      out.add(new RepairEffect.AwaitStable(id));
    }
  }

  private boolean hasNothingToDo() {
    return asked == null
        && toPull.isEmpty()
        && leaves.isEmpty()
        && toCompare.stream().allMatch(Deque::isEmpty);
  }

  /** The lowest level first: so leaves are found early, and little waits. */
  private void compareNext(RepairEffects out) {
    for (int level = SumTree.LEAF_LEVEL - 1; level >= 0; level--) {
      Deque<Integer> waiting = toCompare.get(level);
      if (!waiting.isEmpty()) {
        compare(level, waiting, out);
        return;
      }
    }
  }

  private void compare(int level, Deque<Integer> waiting, RepairEffects out) {
    List<Integer> nodes = new ArrayList<>();
    List<Long> sums = new ArrayList<>();
    while (nodes.size() < settings.maxNodes() && !waiting.isEmpty()) {
      int node = waiting.poll();
      nodes.add(node);
      sums.add(replica.tree().sum(level, node));
    }
    asked =
        new RepairMessage.Compare(
            id, steps++, replica.version(), replica.claim(), level, nodes, sums);
    askedMillis = replica.nowMillis();
    sentMillis = askedMillis;
    replica.ask(peer, asked, out);
  }

  /** The replica answers nothing of a configuration that it does not know yet, or no longer. */
  void maybeAskAgain(RepairEffects out) {
    if (asked != null && replica.nowMillis() - sentMillis >= settings.retryMillis()) {
      sentMillis = replica.nowMillis();
      replica.ask(peer, asked, out);
    }
  }

  /** Returns false when the round is void. */
  boolean onCompared(RepairMessage.Compared answer, RepairEffects out) {
    if (asked == null || answer.step() != asked.step()) {
      return true; // repeated
    }
    if (claim == null) {
      claim = answer.claim();
      clock = answer.clock();
    } else if (answer.claim().start() != claim.start()) {
      return false; // it may have forgotten what it had at its clock
    }
    asked = null;
    for (int i = 0; i < answer.differing().size(); i++) {
      int first = answer.differing().get(i) * SumTree.CHILDREN;
      for (int child = 0; child < SumTree.CHILDREN; child++) {
        long theirs = answer.sums().get(i * SumTree.CHILDREN + child);
        compareChild(answer.level() + 1, first + child, theirs);
      }
    }
    drive(out);
    return true;
  }

  private void compareChild(int level, int node, long theirs) {
    if (replica.tree().sum(level, node) == theirs) {
      return;
    }
    if (level < SumTree.LEAF_LEVEL) {
      toCompare.get(level).add(node);
    } else {
      toPull.add(new Leaf(node));
      leavesDiffered++;
    }
  }

  void onListed(int number, Bytes listing, RepairEffects out) {
    Leaf leaf = leaves.get(number);
    if (leaf == null || leaf.stage != Stage.LISTING) {
      return;
    }
    leaf.stage = Stage.PULLING;
    leaf.step = steps++;
    leaf.askedMillis = replica.nowMillis();
    replica.askForLeaf(
        peer,
        new RepairMessage.Pull(
            id, leaf.step, replica.version(), number, leaf.from, listing, replica.isRestoring()),
        out);
  }

  /** Returns false when the round is void. */
  boolean onPulled(RepairMessage.Pulled answer, RepairEffects out) {
    Leaf leaf = leaves.get(answer.leaf());
    if (leaf == null || leaf.stage != Stage.PULLING || leaf.step != answer.step()) {
      return true; // repeated
    }
    if (answer.start() != claim.start()) {
      return false;
    }
    leaf.next = answer.next();
    if (answer.changes() == null) {
      leaveLeaf(leaf, out);
    } else {
      leaf.stage = Stage.MERGING;
      out.add(
          new RepairEffect.Merge(
              id, answer.leaf(), answer.changes(), replica.isRestoring(), purged()));
    }
    return true;
  }

  /** Only one that vouches is known to lack, up to its horizon, just what was purged. */
  private long purged() {
    return replica.isRestoring() && claim.state() == CopyState.VOUCHES ? claim.horizon() : 0;
  }

  void onMerged(int number, RepairEffects out) {
    Leaf leaf = leaves.get(number);
    if (leaf != null && leaf.stage == Stage.MERGING) {
      leaveLeaf(leaf, out);
    }
  }

  private void leaveLeaf(Leaf leaf, RepairEffects out) {
    leaves.remove(leaf.number);
    if (leaf.next != null) {
      leaf.from = leaf.next;
      toPull.addFirst(leaf);
    }
    drive(out);
  }

  /** Whether all that differed is merged, and the shell was asked to say when that is stable. */
  boolean isWalked() {
    return walked;
  }

  boolean isLate() {
    return asked != null && isLate(askedMillis)
        || leaves.values().stream()
            .anyMatch(it -> it.stage == Stage.PULLING && isLate(it.askedMillis));
  }

  private boolean isLate(long sinceMillis) {
    return replica.nowMillis() - sinceMillis >= settings.answerMillis();
  }
}
