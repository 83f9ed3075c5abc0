package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A commit rule that the writer tries, each in a database of its own. The first is the cluster's
 * database 0; the others are created when they are first wanted.
 */
enum CommitRule {
  MAJORITY("majority", "", List.of(), "goes on while two of three nodes live, and loses nothing"),
  SYNC(
      "sync",
      "demo-sync",
      List.of("REPLICAS", "3", "COMMIT", "SYNC"),
      "refuses writes while any copy is away (p), and loses nothing"),
  SEMI_SYNC(
      "semi-sync",
      "demo-semi-sync",
      List.of("REPLICAS", "3", "COMMIT", "SEMI-SYNC", "1"),
      "waits for one follower of two, and loses nothing when a leader dies"),
  // Two copies: with a third one, a follower that kept up takes over and nothing is lost.
  ASYNC(
      "async",
      "demo-async",
      List.of("REPLICAS", "2", "COMMIT", "ASYNC", "FAILOVER", "AVAILABLE"),
      "never waits: p, then k, then p again, and acknowledged writes are lost");

  private final String label;
  private final String database;
  private final List<String> options;
  private final String promise;

  CommitRule(String label, String database, List<String> options, String promise) {
    this.label = label;
    this.database = database;
    this.options = options;
    this.promise = promise;
  }

  /** The rule's name. */
  String label() {
    return label;
  }

  /** What to expect of it, in a few words. */
  String promise() {
    return promise;
  }

  /** The rule that comes after this one, in a circle. */
  CommitRule next() {
    return values()[(ordinal() + 1) % values().length];
  }

  /** The rule's database, when it exists. */
  Optional<ClusterStatus.Database> databaseIn(ClusterStatus status) {
    return database.isEmpty() ? status.database(0) : status.database(database);
  }

  /** The command that creates the rule's database, under the smallest number that is free. */
  List<String> creation(ClusterStatus status) {
    int number = 1;
    while (status.database(number).isPresent()) {
      number++;
    }
    List<String> words = new ArrayList<>(List.of("DATABASE", "CREATE", database));
    words.addAll(List.of("NUMBER", Integer.toString(number), "PARTITIONS", "1"));
    words.addAll(options);
    return words;
  }
}
