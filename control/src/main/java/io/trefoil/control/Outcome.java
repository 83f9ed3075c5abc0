package io.trefoil.control;

import io.trefoil.base.NodeId;

/** What became of a {@link ControlCommand}. */
public sealed interface Outcome {
  /**
   * It was done, or had been done before.
   *
   * @param index its place in the Raft log: whoever has the state at it sees the change
   */
  record Done(long index) implements Outcome {}

  /**
   * Nothing was changed.
   *
   * @param error for the client: an error prefix such as ERR, then a sentence
   * @param retry whether the same command may be accepted later
   */
  record Refused(String error, boolean retry) implements Outcome {}

  /**
   * A process was issued its identity.
   *
   * @param incarnation to be journaled before it serves
   * @param amnesiac whether its disk is older than the incarnation it served under last
   */
  record Registered(long clusterId, NodeId node, long incarnation, boolean voter, boolean amnesiac)
      implements Outcome {}

  /**
   * Another incarnation was issued to the disk than the process knows of. If it is alive it asks
   * again with this one; if it is not, its request was late, and must not take the disk from a
   * later process.
   *
   * @param issued the last one
   */
  record Overtaken(long issued) implements Outcome {}

  static Refused refused(String error) {
    return new Refused(error, false);
  }
}
