package io.trefoil.replication.leaderless;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** What anti-entropy wants done, in order. */
public sealed interface RepairEffect {
  record Send(NodeId to, RepairMessage message) implements RepairEffect {}

  /**
   * Come back with {@link RepairEvent.Listed}, off the loop if cells must be fetched.
   *
   * @param from a place in the order of the leaf's keys, which all replicas have in common; empty
   *     for its beginning
   */
  record ListLeaf(long round, int leaf, Bytes from) implements RepairEffect {}

  /**
   * Come back with {@link RepairEvent.Examined}: all of each key from there on of which this copy
   * holds something that is not as listed. Only what is stable may be told: a coordinator that
   * loses the end of its log must not have given it to anybody. The shell may take its time, up to
   * the asker's patience, if its node is busy.
   *
   * @param at as in {@link ListLeaf}
   * @param forgot tell also of which listed keys nothing is held
   */
  record Examine(
      NodeId from, long round, int step, int leaf, Bytes at, Bytes listing, boolean forgot)
      implements RepairEffect {}

  /**
   * Merge into the copy and the log, as {@link LeaderlessEvent.Kept}, and come back with {@link
   * RepairEvent.Merged}.
   *
   * @param restores whether the copy is filling up: then it takes also what is not beyond its
   *     horizon. Else that is ignored, of a key of which it holds nothing, as everywhere
   * @param purged a stamp. Of each key that is told of, what is here up to it and is not told is
   *     dropped first: its removal was purged where the changes come from. 0 drops nothing
   */
  record Merge(long round, int leaf, Bytes changes, boolean restores, long purged)
      implements RepairEffect {}

  /** Come back with {@link RepairEvent.Stable} when all that the copy holds now is stable. */
  record AwaitStable(long round) implements RepairEffect {}

  /**
   * Every copy has everything up to this stamp. Make that durable, and only then purge removals up
   * to it. From now on, what comes with a stamp up to it, of a key of which nothing is held, is
   * ignored.
   */
  record HorizonGrew(long horizon) implements RepairEffect {}

  /**
   * The copy is in this state from now on. Make it durable; at the first that is not {@link
   * CopyState#FORGOT} tell the machine beside by {@link LeaderlessEvent.Whole}.
   *
   * @param surely whether enough of the others could vouch for what was acknowledged. False: they
   *     were all asked, and an acknowledged write that none of them had is lost
   */
  record Became(CopyState state, boolean surely) implements RepairEffect {}

  /** What was skipped of these origins was pulled from enough others. */
  record GapsFilled(SortedSet<Integer> origins) implements RepairEffect {
    public GapsFilled {
      origins = Collections.unmodifiableSortedSet(new TreeSet<>(origins));
    }
  }
}
