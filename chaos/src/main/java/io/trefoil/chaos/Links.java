package io.trefoil.chaos;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What is wrong on the way from each node to each other: the sum of the faults that are there now.
 * Thread-safe.
 */
final class Links {
  /** On a way from node to node. */
  record State(boolean cut, int delayMillis, int lostPerMille) {
    static final State GOOD = new State(false, 0, 0);

    private State with(State more) {
      return new State(
          cut || more.cut,
          Math.max(delayMillis, more.delayMillis),
          Math.max(lostPerMille, more.lostPerMille));
    }
  }

  /** Of so many nodes the smaller group of a split is one node; of more it is two. */
  static final int SMALL = 3;

  private record Wrong(boolean[][] ways, State state) {}

  private final Layout layout;
  private final int nodes;
  private final List<Wrong> wrongs = new ArrayList<>();
  private volatile State[][] sum;

  Links(Layout layout) {
    this.layout = layout;
    this.nodes = layout.nodes();
    add();
  }

  /** What is wrong on the way between two nodes; nodes by index. */
  State between(int from, int to) {
    return sum[from][to];
  }

  /**
   * Makes something go wrong.
   *
   * @return what mends it
   */
  synchronized Runnable begin(PlannedFault fault, int node) {
    Wrong wrong = new Wrong(ways(fault, node), state(fault));
    wrongs.add(wrong);
    add();
    return () -> end(wrong);
  }

  private synchronized void end(Wrong wrong) {
    wrongs.remove(wrong);
    add();
  }

  private void add() {
    State[][] next = new State[nodes][nodes];
    for (State[] row : next) {
      Arrays.fill(row, State.GOOD);
    }
    for (Wrong wrong : wrongs) {
      for (int from = 0; from < nodes; from++) {
        for (int to = 0; to < nodes; to++) {
          if (wrong.ways[from][to]) {
            next[from][to] = next[from][to].with(wrong.state);
          }
        }
      }
    }
    sum = next;
  }

  private static State state(PlannedFault fault) {
    return switch (fault.kind()) {
      case DELAY, REGION_SLOW -> new State(false, fault.amount(), 0);
      case LOSS -> new State(false, 0, fault.amount());
      default -> new State(true, 0, 0);
    };
  }

  /** Which ways a fault is on. */
  private boolean[][] ways(PlannedFault fault, int node) {
    boolean[][] ways = new boolean[nodes][nodes];
    int other = fault.other() == node ? fault.node() : fault.other();
    for (int from = 0; from < nodes; from++) {
      for (int to = 0; to < nodes; to++) {
        ways[from][to] =
            from != to
                && switch (fault.kind()) {
                  case CUT, DELAY, LOSS -> from == node || to == node;
                  case CUT_ONE_WAY -> from == node;
                  // The smaller group: the node, and of five nodes another one.
                  case SPLIT -> isOfGroup(from, node, other) != isOfGroup(to, node, other);
                  case BRIDGE -> from == node && to == other || from == other && to == node;
                  case RING -> !areNeighbours(from, to);
                  case REGION_CUT, REGION_SLOW -> isIn(from, node) != isIn(to, node);
                  case REGION_LINK_CUT -> areApart(from, to, node, fault.other());
                  default -> false;
                };
      }
    }
    return ways;
  }

  /** Whether a node is in the region of another one. */
  private boolean isIn(int each, int node) {
    return layout.regionOf(each) == layout.regionOf(node);
  }

  private boolean areApart(int from, int to, int node, int other) {
    int one = layout.regionOf(node);
    int second = layout.otherRegion(one, other);
    int fromRegion = layout.regionOf(from);
    int toRegion = layout.regionOf(to);
    return fromRegion == one && toRegion == second || fromRegion == second && toRegion == one;
  }

  private boolean isOfGroup(int each, int node, int other) {
    return each == node || nodes > SMALL && each == other;
  }

  /** Of three nodes each is everybody's neighbour, so the ring is opened between the last two. */
  private boolean areNeighbours(int one, int other) {
    int distance = Math.abs(one - other);
    return nodes == 3 ? distance == 1 : distance == 1 || distance == nodes - 1;
  }
}
