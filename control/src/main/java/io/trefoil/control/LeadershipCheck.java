package io.trefoil.control;

import io.trefoil.base.NodeId;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * Knows the last moment for which a majority of voters confirmed that the controller still leads.
 *
 * <p>The controller asks every voter for the Raft term it is in; the question carries the time at
 * which it was asked. A voter that answers with the controller's own term had not voted for a newer
 * leader by then. When a majority has answered questions asked at {@code t} or later, every later
 * leader needs the vote of one of them, so it was elected after {@code t}.
 *
 * <p>Ratis 3.2.0 has two answers of its own, and neither will do. A linearizable read confirms an
 * index, not a moment: for an index that was confirmed once it answers from memory, and an idle
 * control plane's index stays the same. The elapsed times of its leader information count from the
 * receipt of a reply, not from the sending of the request. A write would be sound and costs a sync
 * on every voter. This costs a small message and rests only on Raft's rule that a vote for a newer
 * term is a move to it.
 *
 * <p>Pure and not thread-safe.
 */
public final class LeadershipCheck {
  private final NodeId self;
  private final long term;
  private final Map<NodeId, Long> askedNanos = new TreeMap<>();
  private RaftView view = RaftView.NONE;
  private long viewNanos;

  /**
   * @param term the Raft term that {@code self} leads
   */
  public LeadershipCheck(NodeId self, long term) {
    this.self = self;
    this.term = term;
  }

  /** What Raft says on this node, read at {@code readNanos} or later. */
  public void onRaft(RaftView newView, long readNanos) {
    view = newView;
    viewNanos = readNanos;
  }

  /**
   * A voter's answer.
   *
   * @param askedAtNanos the time that the question carried
   */
  public void onAnswer(NodeId voter, long askedAtNanos, long itsTerm) {
    if (itsTerm == term) {
      askedNanos.merge(voter, askedAtNanos, (a, b) -> b - a > 0 ? b : a);
    }
  }

  /** The last confirmed moment; empty when there is none. */
  public OptionalLong confirmedNanos() {
    if (!view.leads() || view.term() != term || view.voters().isEmpty()) {
      return OptionalLong.empty();
    }
    long confirmed = viewNanos;
    for (Set<NodeId> voters : view.voters()) {
      OptionalLong majority = confirmedBy(voters);
      if (majority.isEmpty()) {
        return majority;
      }
      if (majority.getAsLong() - confirmed < 0) {
        confirmed = majority.getAsLong();
      }
    }
    return OptionalLong.of(confirmed);
  }

  /** The latest moment that more than half of {@code voters} confirmed. */
  private OptionalLong confirmedBy(Set<NodeId> voters) {
    List<Long> ages =
        voters.stream()
            .filter(this::hasAnswered)
            .map(voter -> viewNanos - askedAt(voter))
            .sorted()
            .toList();
    int majority = voters.size() / 2 + 1;
    return ages.size() < majority
        ? OptionalLong.empty()
        : OptionalLong.of(viewNanos - ages.get(majority - 1));
  }

  private boolean hasAnswered(NodeId voter) {
    return voter.equals(self) || askedNanos.containsKey(voter);
  }

  private long askedAt(NodeId voter) {
    return voter.equals(self) ? viewNanos : askedNanos.get(voter);
  }
}
