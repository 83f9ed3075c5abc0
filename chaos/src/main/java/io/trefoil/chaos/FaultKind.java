package io.trefoil.chaos;

/**
 * What goes wrong with a node, or between nodes, until it is mended; and what an operator changes
 * meanwhile.
 */
enum FaultKind {
  KILL("killed", "kill -9; started again later"),
  KILL_ALL("all killed", "kill -9 of every node at once; all are started again"),
  STOP("stopped", "SIGTERM: it hands over and ends; started again later"),
  PAUSE("paused", "SIGSTOP; SIGCONT later"),
  CUT("cut off", "no byte to or from the other nodes"),
  CUT_ONE_WAY("can't send", "no byte to the other nodes; theirs arrive"),
  SPLIT("split", "two groups of nodes that don't reach each other"),
  BRIDGE("bridge", "two nodes don't reach each other; both reach the rest"),
  RING(
      "ring",
      "each node reaches its two neighbours alone (of three nodes: all reach all but once)"),
  DELAY("slow network", "every byte to and from the node comes late"),
  LOSS("lossy network", "packets are lost; what follows waits for their repetition"),
  RESET("connections reset", "all connections between nodes break, once"),
  DISK_FULL("disk full", "writes to its files fail; it has room again later"),
  REGION_CUT("region cut off", "no byte between a region and the others"),
  REGION_LINK_CUT("regions cut apart", "two regions don't reach each other; both reach the rest"),
  REGION_SLOW("region far away", "every byte between a region and the others comes late"),
  REGION_KILL("region killed", "kill -9 of every node of a region at once; all are started again"),
  ALTER_COMMIT("commit rule", "DATABASE ALTER to another commit rule or other quorums, and back"),
  ALTER_DURABILITY("durability", "DATABASE ALTER to the other durability, and back"),
  ALTER_REPLICAS("replicas", "DATABASE ALTER to one copy fewer, and back"),
  SWITCHOVER("switchover", "another node is to lead"),
  DRAIN("drained", "a node hands over all that it leads, and leads nothing until its next start"),
  MOVE("move", "a copy goes to a node that has none");

  private final String label;
  private final String meaning;

  FaultKind(String label, String meaning) {
    this.label = label;
    this.meaning = meaning;
  }

  /** As the timeline shows it. */
  String label() {
    return label;
  }

  String meaning() {
    return meaning;
  }

  /** Whether it is a change that an operator makes, and nothing goes wrong. */
  boolean isChange() {
    return switch (this) {
      case ALTER_COMMIT, ALTER_DURABILITY, ALTER_REPLICAS, SWITCHOVER, DRAIN, MOVE -> true;
      case KILL,
          KILL_ALL,
          STOP,
          PAUSE,
          CUT,
          CUT_ONE_WAY,
          SPLIT,
          BRIDGE,
          RING,
          DELAY,
          LOSS,
          RESET,
          DISK_FULL,
          REGION_CUT,
          REGION_LINK_CUT,
          REGION_SLOW,
          REGION_KILL ->
          false;
    };
  }

  /** Whether all nodes are well, and only what is between them is not. */
  boolean isBetweenNodes() {
    return switch (this) {
      case CUT, CUT_ONE_WAY, SPLIT, BRIDGE, RING, DELAY, LOSS, RESET -> true;
      default -> isBetweenRegions();
    };
  }

  /** Whether it needs regions. */
  boolean isOfRegions() {
    return switch (this) {
      case REGION_CUT, REGION_LINK_CUT, REGION_SLOW, REGION_KILL -> true;
      default -> false;
    };
  }

  /** Whether all is well within each region. */
  boolean isBetweenRegions() {
    return isOfRegions() && this != REGION_KILL;
  }

  /** Whether there is nothing to mend or to take back. */
  boolean isOnce() {
    return this == RESET || this == SWITCHOVER || this == DRAIN || this == MOVE;
  }

  /** Whether all nodes but one are well, and reach each other. */
  boolean meetsOne() {
    return switch (this) {
      case KILL, STOP, PAUSE, CUT, CUT_ONE_WAY, DELAY, LOSS, DISK_FULL -> true;
      case KILL_ALL, SPLIT, BRIDGE, RING, RESET -> false;
      case REGION_CUT, REGION_LINK_CUT, REGION_SLOW, REGION_KILL -> false;
      case ALTER_COMMIT, ALTER_DURABILITY, ALTER_REPLICAS, SWITCHOVER, DRAIN, MOVE -> false;
    };
  }
}
