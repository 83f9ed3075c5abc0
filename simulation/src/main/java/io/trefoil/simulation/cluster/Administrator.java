package io.trefoil.simulation.cluster;

import java.util.SplittableRandom;

/** Changes the database while everything runs, and goes wrong; one change at a time. */
final class Administrator {
  /** What may be changed of a database. */
  interface Changes {
    void changeRule(SplittableRandom random);

    /** One copy more or less, or one on another node. */
    void move(SplittableRandom random);

    void switchOver(SplittableRandom random);
  }

  private final ClusterWorld world;
  private final SimulatedClient client;

  Administrator(ClusterWorld world, SimulatedClient client) {
    this.world = world;
    this.client = client;
  }

  boolean isBusy() {
    return client.isBusy();
  }

  /**
   * @param what for the coverage, if it is done
   */
  void ask(String what, String... words) {
    if (isBusy()) {
      return;
    }
    world.note("admin", String.join(" ", words));
    client.ask(
        reply -> {
          world.note("admin", reply == null ? "no reply" : reply);
          if ("+OK".equals(reply)) {
            world.count(what);
          } else if (reply != null && reply.startsWith("-UNCERTAIN")) {
            world.count("change goes on");
          }
        },
        words);
  }

  /** Moves a copy from any node to any. */
  void move(SplittableRandom random) {
    String from = world.anyMachine(random).name();
    String to = world.anyMachine(random).name();
    ask("copies moved", "DATABASE", "MOVE", "data", "FROM", from, "TO", to);
  }
}
