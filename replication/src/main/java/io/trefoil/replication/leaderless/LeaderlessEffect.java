package io.trefoil.replication.leaderless;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.EntryBatch;
import java.util.List;

/**
 * What a replica wants done, in order. What may happen only after something is on disk is not an
 * effect of the same step: the machine waits for {@link LeaderlessEvent.Stable}.
 */
public sealed interface LeaderlessEffect {
  record Send(NodeId to, LeaderlessMessage message) implements LeaderlessEffect {}

  /** Write these entries of this coordinator to the log, at the batch's own indexes. */
  record AppendOwn(EntryBatch batch) implements LeaderlessEffect {}

  /**
   * Write what another coordinator streamed to the log, and merge it. It takes one local index,
   * however many entries it has; the journal keeps {@code origin} and {@code upToIndex} with it, so
   * that recovery finds {@link LeaderlessReplica.Recovered#seen} and {@code gaps} again.
   *
   * @param upToIndex up to where everything of {@code origin} is here once this is written
   * @param batch at the indexes of the coordinator's log
   * @param index the local one
   * @param gap whether something of {@code origin} before it was skipped, which no entry before
   *     this one says
   */
  record AppendForeign(
      NodeId from, int origin, long upToIndex, EntryBatch batch, long index, boolean gap)
      implements LeaderlessEffect {}

  /**
   * Write entries that anti-entropy merged to the log, at the batch's own local indexes. They are
   * not streamed: they are foreign when {@link OwnLog} is asked.
   */
  record AppendKept(EntryBatch batch) implements LeaderlessEffect {}

  /** {@link LeaderlessReplica#copied} grew for some number of copies. */
  record Copied() implements LeaderlessEffect {}

  /**
   * Look what this copy has to say to a coordinator's question, in this turn, and come back with
   * {@link LeaderlessEvent.Examined}.
   */
  record Examine(NodeId from, long id, Bytes question) implements LeaderlessEffect {}

  /**
   * Enough replicas answered; whatever else comes for {@code id} is ignored.
   *
   * @param differing what those had to say whose cells differ, in order of their ids; empty when
   *     all have the same
   */
  record Informed(long id, List<Differing> differing) implements LeaderlessEffect {
    public Informed {
      differing = List.copyOf(differing);
    }
  }

  /** What a replica has that differs from what the question said. */
  record Differing(NodeId from, Bytes cells) {}

  /** Read the own log, off the loop, and come back with {@link LeaderlessEvent.LogRead}. */
  record ReadLog(NodeId peer, long fromIndex, int maxBytes) implements LeaderlessEffect {}
}
