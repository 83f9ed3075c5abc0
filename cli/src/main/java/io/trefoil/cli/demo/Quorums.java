package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import java.util.List;
import java.util.Optional;

/** The leaderless databases that the demo has side by side. */
enum Quorums {
  OVERLAP("overlap", 2, 2),
  NO_OVERLAP("no-overlap", 1, 1);

  static final int REPLICAS = 3;

  private final String database;
  private final int reads;
  private final int writes;

  Quorums(String database, int reads, int writes) {
    this.database = database;
    this.reads = reads;
    this.writes = writes;
  }

  /** The database's name. */
  String database() {
    return database;
  }

  String label() {
    return "R " + reads + " W " + writes;
  }

  /** The database, once it is there. */
  Optional<ClusterStatus.Database> in(ClusterStatus status) {
    return Optional.ofNullable(status).flatMap(it -> it.database(database));
  }

  /** The command that creates it. */
  List<String> creation() {
    return List.of(
        "DATABASE",
        "CREATE",
        database,
        "REPLICATION",
        "LEADERLESS",
        "REPLICAS",
        Integer.toString(REPLICAS),
        "R",
        Integer.toString(reads),
        "W",
        Integer.toString(writes),
        "PARTITIONS",
        "1");
  }
}
