package io.trefoil.control;

import io.trefoil.base.Invariants;

/**
 * How many copies must be stable before a client gets its reply.
 *
 * @param kind the rule
 * @param followers the k of SEMI-SYNC, from 1; 0 with every other kind
 */
public record CommitRule(Kind kind, int followers) {
  /** The order is part of the stored format. */
  public enum Kind {
    ASYNC,
    SEMI_SYNC,
    MAJORITY,
    SYNC
  }

  public static final CommitRule ASYNC = new CommitRule(Kind.ASYNC, 0);
  public static final CommitRule MAJORITY = new CommitRule(Kind.MAJORITY, 0);
  public static final CommitRule SYNC = new CommitRule(Kind.SYNC, 0);

  public CommitRule {
    Invariants.check(
        kind == Kind.SEMI_SYNC ? followers >= 1 : followers == 0,
        "k of a commit rule",
        followers,
        0);
  }

  public static CommitRule semiSync(int followers) {
    return new CommitRule(Kind.SEMI_SYNC, followers);
  }

  /** The copies c that {@code replicas} replicas need; the leader's own is one of them. */
  public int copies(int replicas) {
    return switch (kind) {
      case ASYNC -> 1;
      case SEMI_SYNC -> 1 + followers;
      case MAJORITY -> replicas / 2 + 1;
      case SYNC -> replicas;
    };
  }

  /** As in the grammar: {@code SEMI-SYNC 1}. */
  @Override
  public String toString() {
    return kind == Kind.SEMI_SYNC ? "SEMI-SYNC " + followers : kind.name();
  }
}
