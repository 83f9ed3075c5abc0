package io.trefoil.control;

import io.trefoil.base.NodeId;
import java.util.List;

/** What the controller wants done by the shell around it. */
public sealed interface ControlEffect {
  /**
   * Submit a command to Raft. When its outcome is known, hand it to {@link Controller#onOutcome};
   * when it stays unknown, nothing.
   *
   * @param ticket the controller's number for it
   */
  record Propose(long ticket, ControlCommand command) implements ControlEffect {}

  /** Send a message to a node. It may be lost. */
  record Send(NodeId to, ControlMessage.ToNode message) implements ControlEffect {}

  /**
   * Answer a request.
   *
   * @param request the number that the shell gave with the message
   */
  record Reply(long request, ControlMessage.ToNode message) implements ControlEffect {}

  /** Make these nodes the voters of the control plane's Raft group, sorted by id. */
  record SetVoters(List<ClusterNode> voters) implements ControlEffect {
    public SetVoters {
      voters = List.copyOf(voters);
    }
  }
}
