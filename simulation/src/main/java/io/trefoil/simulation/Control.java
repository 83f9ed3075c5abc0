package io.trefoil.simulation;

import io.trefoil.replication.kernel.Effect;

/** What a node tells the control plane. */
interface Control {
  void answeredFence(SimulatedNode node, Effect.AnswerFence answer);

  /**
   * @param sentMicros when the node asked, by its own clock
   */
  void askedForLease(SimulatedNode node, long sentMicros);

  /** Everything up to the end that the log had when two configurations began to stand is copied. */
  void copiedUnderBoth(SimulatedNode node, long epoch, long membershipVersion);
}
