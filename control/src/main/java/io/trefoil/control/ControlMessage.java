package io.trefoil.control;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What nodes and the controller say to each other beside Raft. Any message may be lost, doubled,
 * late or overtaken.
 */
public sealed interface ControlMessage {
  /** One method per message that a controller takes. */
  interface ControllerHandler {
    void join(Join message);

    void started(Started message);

    void lease(LeaseRequest message);

    void state(StateRequest message);

    void submit(SubmitRequest message);

    void silence(SilenceReport message);

    void stopping(Stopping message);

    void resign(Resign message);

    void fenceAnswer(FenceAnswer message);

    void ready(ChangeReady message);

    void whole(WholeReport message);

    void term(TermAnswer message);
  }

  /** One method per message that a node takes. */
  interface NodeHandler {
    void outcome(OutcomeReply message);

    void lease(LeaseReply message);

    void state(StateReply message);

    void fence(FenceRequest message);

    void handOver(HandOverRequest message);

    void newer(Newer message);

    void term(TermQuery message);

    void notController(NotController message);
  }

  /** To the controller. */
  sealed interface ToController extends ControlMessage {
    void handle(ControllerHandler handler);
  }

  /** To a node; the replies go to whoever sent the request. */
  sealed interface ToNode extends ControlMessage {
    void handle(NodeHandler handler);
  }

  // To the controller.

  /** Asks for a node id and an incarnation; the answer is an {@link OutcomeReply}. */
  record Join(Presence presence) implements ToController {
    @Override
    public void handle(ControllerHandler handler) {
      handler.join(this);
    }
  }

  /** The incarnation is journaled; the node serves once the {@link OutcomeReply} says Done. */
  record Started(NodeId node, long claim, long incarnation) implements ToController {
    @Override
    public void handle(ControllerHandler handler) {
      handler.started(this);
    }
  }

  /**
   * Asks for the node lease; the answer is a {@link LeaseReply}.
   *
   * <p>Only the incarnation issued last gets one. A node that sees in the state that a newer one
   * was issued for its disk stops serving: another process has the disk.
   *
   * @param sentNanos the node's clock at sending; comes back unchanged
   * @param raftReady whether the node's Raft server runs, so that it can be made a voter
   */
  record LeaseRequest(NodeId node, long incarnation, long sentNanos, boolean raftReady)
      implements ToController {
    @Override
    public void handle(ControllerHandler handler) {
      handler.lease(this);
    }
  }

  /**
   * Asks for the state; the answer is a {@link StateReply}.
   *
   * @param knownVersion the version that the asking node has
   */
  record StateRequest(long knownVersion) implements ToController {
    @Override
    public void handle(ControllerHandler handler) {
      handler.state(this);
    }
  }

  /** A command about databases; the answer is an {@link OutcomeReply}. */
  record SubmitRequest(ControlCommand command) implements ToController {
    @Override
    public void handle(ControllerHandler handler) {
      handler.submit(this);
    }
  }

  /** A follower hears nothing from a leader. */
  record SilenceReport(NodeId reporter, NodeId leader, long incarnation) implements ToController {
    @Override
    public void handle(ControllerHandler handler) {
      handler.silence(this);
    }
  }

  /** The process serves nothing any more, for good: its lease is over. */
  record Stopping(NodeId node, long incarnation) implements ToController {
    @Override
    public void handle(ControllerHandler handler) {
      handler.stopping(this);
    }
  }

  /** The node no longer leads these partitions in the epochs given. */
  record Resign(NodeId node, long incarnation, SortedMap<PartitionId, Long> epochs)
      implements ToController {
    public Resign {
      epochs = Collections.unmodifiableSortedMap(new TreeMap<>(epochs));
    }

    @Override
    public void handle(ControllerHandler handler) {
      handler.resign(this);
    }
  }

  /** Promises, made durable before they are sent. */
  record FenceAnswer(NodeId node, long incarnation, List<Fenced> fenced) implements ToController {
    public FenceAnswer {
      fenced = List.copyOf(fenced);
    }

    @Override
    public void handle(ControllerHandler handler) {
      handler.fenceAnswer(this);
    }
  }

  /**
   * One replica's promise: no acknowledgement of an epoch below {@code promised} leaves it any
   * more, and it leads none.
   *
   * @param position durable, and covers all that it ever acknowledged
   * @param counts whether its journal is unbroken
   * @param logTimeMillis the newest log time it knows
   */
  record Fenced(
      PartitionId partition,
      long promised,
      Position position,
      boolean counts,
      long logTimeMillis) {}

  /**
   * The leader of {@code epoch} has what the next step of a change needs: learners that have caught
   * up, or everything committed under both configurations.
   *
   * <p>Of a leaderless partition, with epoch 0: the copy on {@code node} serves this step and none
   * before it, also after a crash, and has all that was acknowledged before.
   */
  record ChangeReady(NodeId node, PartitionId partition, long epoch, long configVersion)
      implements ToController {
    @Override
    public void handle(ControllerHandler handler) {
      handler.ready(this);
    }
  }

  /** All replicas of an amnesiac node are whole again. */
  record WholeReport(NodeId node, long incarnation) implements ToController {
    @Override
    public void handle(ControllerHandler handler) {
      handler.whole(this);
    }
  }

  /**
   * Answers a {@link TermQuery}.
   *
   * @param askedNanos as in the query
   * @param term the Raft term the voter is in, read after the query came
   */
  record TermAnswer(NodeId voter, long askedNanos, long term) implements ToController {
    @Override
    public void handle(ControllerHandler handler) {
      handler.term(this);
    }
  }

  // To a node.

  record OutcomeReply(Outcome outcome) implements ToNode {
    @Override
    public void handle(NodeHandler handler) {
      handler.outcome(this);
    }
  }

  /**
   * @param sentNanos as in the request
   * @param grantedNanos 0 when nothing is granted
   * @param stateVersion the controller's; the grant counts once the node has that state
   */
  record LeaseReply(long sentNanos, long grantedNanos, long stateVersion) implements ToNode {
    @Override
    public void handle(NodeHandler handler) {
      handler.lease(this);
    }
  }

  /**
   * Also sent unasked, when it is new.
   *
   * @param state null when the version asked about is the newest
   */
  record StateReply(ClusterState state) implements ToNode {
    @Override
    public void handle(NodeHandler handler) {
      handler.state(this);
    }
  }

  /** Asks a node's replicas to promise epochs; it answers with one {@link FenceAnswer}. */
  record FenceRequest(SortedMap<PartitionId, Long> epochs) implements ToNode {
    public FenceRequest {
      epochs = Collections.unmodifiableSortedMap(new TreeMap<>(epochs));
    }

    @Override
    public void handle(NodeHandler handler) {
      handler.fence(this);
    }
  }

  /** One partition that is to have another leader. */
  record HandOver(PartitionId partition, long epoch, NodeId to) {}

  /**
   * Asks a leader to hand partitions over: to take no more commands for each, to have all of its
   * log committed and copied to the one named, and then to {@link Resign}. It does so only for a
   * follower that is near, and goes on leading when that takes too long.
   */
  record HandOverRequest(List<HandOver> partitions) implements ToNode {
    public HandOverRequest {
      partitions = List.copyOf(partitions);
    }

    @Override
    public void handle(NodeHandler handler) {
      handler.handOver(this);
    }
  }

  /** There is a newer state: a node that waits for its next lease to hear of it loses time. */
  record Newer(long version) implements ToNode {
    @Override
    public void handle(NodeHandler handler) {
      handler.newer(this);
    }
  }

  /** Asks a voter for the Raft term it is in. */
  record TermQuery(long askedNanos) implements ToNode {
    @Override
    public void handle(NodeHandler handler) {
      handler.term(this);
    }
  }

  /**
   * The node asked is not the controller.
   *
   * @param controller the one it knows; null for none
   * @param at where that is; null when it does not know
   */
  record NotController(NodeId controller, Addresses at) implements ToNode {
    @Override
    public void handle(NodeHandler handler) {
      handler.notController(this);
    }
  }
}
