package io.trefoil.node;

/** The first byte of a frame between nodes says what it is. The codes never change. */
public final class Frames {
  /** Partition, a time that is sent back, then a replication message. */
  public static final int REPLICATION = 1;

  /** A message of the control plane that is not Raft's. */
  public static final int CONTROL = 2;

  /** Commands that another node leads. */
  public static final int FORWARD = 3;

  /** Their replies. */
  public static final int FORWARDED = 4;

  /** A piece of a snapshot. */
  public static final int SNAPSHOT = 5;

  /** How far a snapshot's receiver is. */
  public static final int SNAPSHOT_ACK = 6;

  /** What a node reports of itself for status. */
  public static final int REPORT = 7;

  /** A message between those who compare replicas. */
  public static final int VERIFY = 8;

  /** Asks a partition's leader for its history; see {@link StrayCopies}. */
  public static final int HISTORY = 9;

  /** A leader's history. */
  public static final int HISTORY_REPLY = 10;

  /** A command for the very node that gets it, whatever it leads. */
  public static final int TO_NODE = 11;

  /** Partition, then a message between replicas that have no leader. */
  public static final int LEADERLESS = 12;

  /** To a coordinator: what it wrote can't be seen where something has a larger stamp. */
  public static final int SUPERSEDED = 13;

  /** Partition, then a message of anti-entropy. */
  public static final int REPAIR = 14;

  /** Definition, partition, then a message between leaders of different regions. */
  public static final int REGION = 15;

  /** To another region: who leads a partition here. */
  public static final int REGION_ELSEWHERE = 16;

  /** Asks another region whether a database can be defined there so, or to define it. */
  public static final int REGION_DEFINE = 17;

  /** The answer to that. */
  public static final int REGION_DEFINED = 18;

  /** Definition, partition, then what to send of a merging snapshot; see {@link RegionFill}. */
  public static final int REGION_FILL = 19;

  /** A piece of it. */
  public static final int REGION_FILLED = 20;

  /** Asks another region's leader what it holds; see {@link RegionVerification}. */
  public static final int REGION_VERIFY = 21;

  /** The answer to that. */
  public static final int REGION_VERIFIED = 22;

  /** Asks a leader of a removed region whether others have all that it wrote. */
  public static final int REGION_TAKEN = 23;

  /** The answer to that. */
  public static final int REGION_TOOK = 24;

  /** Ends the wait of a forwarded command, and says how: see {@link ClientWait.End}. */
  public static final int FORWARD_END = 25;

  private Frames() {}
}
