package io.trefoil.node;

/** The first byte of a frame between nodes says what it is. The codes never change. */
final class Frames {
  /** Partition, then a replication message. */
  static final int REPLICATION = 1;

  /** A message of the control plane that is not Raft's. */
  static final int CONTROL = 2;

  /** Commands that another node leads. */
  static final int FORWARD = 3;

  /** Their replies. */
  static final int FORWARDED = 4;

  /** A piece of a snapshot. */
  static final int SNAPSHOT = 5;

  /** How far a snapshot's receiver is. */
  static final int SNAPSHOT_ACK = 6;

  /** What a node reports of itself for status. */
  static final int REPORT = 7;

  /** A message between those who compare replicas. */
  static final int VERIFY = 8;

  private Frames() {}
}
