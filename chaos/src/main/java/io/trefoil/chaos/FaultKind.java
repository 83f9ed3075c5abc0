package io.trefoil.chaos;

/** What goes wrong with a node, or between nodes, until it is mended. */
enum FaultKind {
  KILL("killed", "kill -9; started again later"),
  KILL_ALL("all killed", "kill -9 of every node at once; all are started again"),
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
  DISK_FULL("disk full", "writes to its files fail; it has room again later");

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

  /** Whether it happens between nodes, where several such faults must not undo each other. */
  boolean isOfNetwork() {
    return ordinal() >= CUT.ordinal() && ordinal() <= RESET.ordinal();
  }
}
