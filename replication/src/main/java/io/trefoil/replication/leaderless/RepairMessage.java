package io.trefoil.replication.leaderless;

import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import java.util.List;

/**
 * What replicas say to each other in a round of anti-entropy. As with {@link LeaderlessMessage}:
 * messages may be lost and repeated, of one start of a process they come in order, and the shell
 * drops what is from or to an earlier start. The codec checks what comes from the network against
 * the rules of the records before it makes one.
 */
public sealed interface RepairMessage {
  /** About as many as it takes on the network: what a budget is charged with. */
  int bytes();

  /**
   * What a replica says of its copy with each comparison.
   *
   * @param start number of its process's start
   * @param complete a stamp: it has everything that was ever written up to it; 0 unless it vouches
   * @param horizon a stamp: up to it the replica may have purged removals
   */
  record Claim(int start, CopyState state, long complete, long horizon) {
    static final int BYTES = 24;

    public Claim {
      Invariants.check(complete >= 0 && horizon >= 0, "stamps", complete, horizon);
      Invariants.check(
          complete == 0 || state == CopyState.VOUCHES, "complete only if it vouches", complete, 0);
    }
  }

  /**
   * These are my sums of some nodes; what are yours?
   *
   * @param step number of the question in its round
   * @param version of the asker's configuration
   * @param sums as many as {@code nodes}
   */
  record Compare(
      long round,
      int step,
      long version,
      Claim claim,
      int level,
      List<Integer> nodes,
      List<Long> sums)
      implements RepairMessage {
    public Compare {
      nodes = List.copyOf(nodes);
      sums = List.copyOf(sums);
      checkNodes(level, nodes);
      Invariants.check(nodes.size() == sums.size(), "a sum each", nodes.size(), sums.size());
    }

    @Override
    public int bytes() {
      return HEADER + Claim.BYTES + 4 * nodes.size() + 8 * sums.size();
    }
  }

  /**
   * The answer to {@link Compare}. Each answer shows the copy as it was at {@code clock} or later.
   *
   * @param clock a stamp: all that this node ever stamped or will stamp up to it, is in its sums
   * @param differing those of the asked nodes whose sums differ
   * @param sums of the children of those, 16 each
   */
  record Compared(
      long round,
      int step,
      long version,
      Claim claim,
      long clock,
      int level,
      List<Integer> differing,
      List<Long> sums)
      implements RepairMessage {
    public Compared {
      differing = List.copyOf(differing);
      sums = List.copyOf(sums);
      checkNodes(level, differing);
      Invariants.check(
          sums.size() == SumTree.CHILDREN * differing.size(),
          "a sum of each child",
          differing.size(),
          sums.size());
    }

    @Override
    public int bytes() {
      return HEADER + Claim.BYTES + 8 + 4 * differing.size() + 8 * sums.size();
    }
  }

  /**
   * This is what I hold of a leaf; what do you hold that differs?
   *
   * @param from as in {@link RepairEffect.ListLeaf}
   * @param forgot whether the asker wants to hear also of which listed keys nothing is held
   */
  record Pull(
      long round, int step, long version, int leaf, Bytes from, Bytes listing, boolean forgot)
      implements RepairMessage {
    public Pull {
      checkLeaf(leaf);
    }

    @Override
    public int bytes() {
      return HEADER + 8 + from.length() + listing.length();
    }
  }

  /**
   * The answer to {@link Pull}.
   *
   * @param start as in {@link Claim}: the round is void if another start of the process answers
   * @param changes null when nothing differs
   * @param next where to go on with the leaf, as the rest would be too much for a message; null at
   *     its end
   */
  record Pulled(long round, int step, int start, int leaf, Bytes changes, Bytes next)
      implements RepairMessage {
    public Pulled {
      checkLeaf(leaf);
    }

    @Override
    public int bytes() {
      return HEADER + 12 + length(changes) + length(next);
    }
  }

  /** Frame, partition, kind, round and step. */
  int HEADER = 48;

  private static void checkNodes(int level, List<Integer> nodes) {
    Invariants.check(
        level >= 0 && level < SumTree.LEAF_LEVEL, "a level that has children", level, 0);
    for (int node : nodes) {
      Invariants.check(node >= 0 && node < SumTree.nodes(level), "a node", level, node);
    }
  }

  private static int length(Bytes bytes) {
    return bytes == null ? 0 : bytes.length();
  }

  private static void checkLeaf(int leaf) {
    Invariants.check(leaf >= 0 && leaf < SumTree.LEAVES, "a leaf", leaf, 0);
  }
}
