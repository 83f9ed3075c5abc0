package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A commit rule that the writer tries: database 0 is changed to it while it is written to. */
enum CommitRule {
  MAJORITY(
      "majority",
      List.of("REPLICAS", "3", "COMMIT", "MAJORITY"),
      "goes on while two of three nodes live, and loses nothing"),
  SYNC(
      "sync",
      List.of("REPLICAS", "3", "COMMIT", "SYNC"),
      "refuses writes while any copy is away (p), and loses nothing"),
  SEMI_SYNC(
      "semi-sync",
      List.of("REPLICAS", "3", "COMMIT", "SEMI-SYNC", "1"),
      "waits for one follower of two, and loses nothing when a leader dies"),
  // Two copies: with a third one, a follower that kept up takes over and nothing is lost.
  ASYNC(
      "async",
      List.of("REPLICAS", "2", "COMMIT", "ASYNC", "FAILOVER", "AVAILABLE"),
      "never waits: p, then k, then p again, and acknowledged writes are lost");

  /** The writer's database. */
  static final int DATABASE = 0;

  private final String label;
  private final List<String> options;
  private final String promise;

  CommitRule(String label, List<String> options, String promise) {
    this.label = label;
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

  /** Whether it may acknowledge with fewer copies than the other. */
  boolean isWeakerThan(CommitRule other) {
    return this == ASYNC || other == SYNC;
  }

  /** The rule under which a database is, as status says; the first when it is none of these. */
  static CommitRule of(ClusterStatus.Database database) {
    for (CommitRule rule : values()) {
      if (database.commit().startsWith(rule.label)) {
        return rule;
      }
    }
    return MAJORITY;
  }

  /** The writer's database. */
  static Optional<ClusterStatus.Database> databaseIn(ClusterStatus status) {
    return status.database(DATABASE);
  }

  /** The command that changes the database to this rule. */
  List<String> alteration() {
    List<String> words = new ArrayList<>(List.of("DATABASE", "ALTER", Integer.toString(DATABASE)));
    words.addAll(options);
    return words;
  }
}
