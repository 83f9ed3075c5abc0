package io.trefoil.control;

import io.trefoil.base.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The port to the consensus that keeps the {@link ClusterState}: a voter's part in it. {@link
 * ControlPlane} is the one on Apache Ratis.
 *
 * <p>Thread-safe.
 */
public interface Consensus extends AutoCloseable {
  /** The newest state that this node has applied. */
  ClusterState state();

  /** Calls {@code listener} after each change, in order, from a thread that must not be held up. */
  void onState(Consumer<ClusterState> listener);

  /**
   * What the consensus says on this node. Its role alone says little: a removed or cut-off leader
   * still believes that it leads, which {@link LeadershipCheck} is there to find out.
   */
  RaftView raft();

  /**
   * Begins to start this node's part again, with what its disk has, if it has ended although nobody
   * closed it.
   *
   * @return whether it had ended; false while it starts
   */
  boolean startIfEnded();

  /**
   * Commits a command that changes nothing, on the node that leads. A control plane commits little,
   * so its code would still be interpreted when the first leader is lost, which takes several times
   * longer. To be called now and then; after some times it does nothing.
   */
  void warmUp();

  /** Who leads the control plane, as far as this node knows. */
  Optional<NodeId> controllerId();

  /**
   * Proposes a command on this node, which must lead the control plane: nothing is passed on, and
   * nothing is tried again.
   *
   * @return the outcome; fails with an {@link java.io.IOException} when this node does not lead,
   *     and when the outcome is unknown; with a {@link java.util.concurrent.TimeoutException} when
   *     it does not come for seconds
   */
  CompletableFuture<Outcome> submit(ControlCommand command);

  /**
   * Makes these nodes the voters, this one among them, which must lead the control plane. Does
   * nothing while an earlier change is under way.
   *
   * @param voters every one runs its part of the consensus already
   * @return fails as {@link #submit} does
   */
  CompletableFuture<Void> setVoters(List<ClusterNode> voters);

  @Override
  void close();
}
