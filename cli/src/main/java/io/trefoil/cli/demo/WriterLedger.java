package io.trefoil.cli.demo;

import io.trefoil.cli.Reply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What became of the writer's writes, by commit rule. The newest acknowledged ones are remembered
 * by number: a checker reads them back after a failover and reports the missing ones, which are
 * lost. Thread-safe.
 */
final class WriterLedger {
  /** How many acknowledged writes are remembered for each rule: 40 seconds at 500 a second. */
  static final int REMEMBERED_MAX = 20_000;

  /** What an answer says of a write. */
  enum Outcome {
    /** The server promised to keep it. */
    ACKNOWLEDGED,
    /** Certainly not applied. */
    REFUSED,
    /** Perhaps applied. */
    UNCERTAIN
  }

  /** How often each outcome came; {@code lost} counts acknowledged writes that were not there. */
  record Counts(long acknowledged, long refused, long uncertain, long lost) {
    static final Counts ZERO = new Counts(0, 0, 0, 0);
  }

  private static final class Account {
    private final long[] outcomes = new long[Outcome.values().length];
    private final ArrayDeque<Long> acknowledged = new ArrayDeque<>();
    private long lost;
  }

  private final Map<CommitRule, Account> accounts = new EnumMap<>(CommitRule.class);

  /**
   * What a reply to a write says. By the protocol's promise every error but {@code UNCERTAIN} is
   * given only when the write was not applied.
   */
  static Outcome outcomeOf(Reply reply) {
    if (!(reply.bare() instanceof Reply.Failure)) {
      return Outcome.ACKNOWLEDGED;
    }
    boolean uncertain = ((Reply.Failure) reply.bare()).prefix().equals("UNCERTAIN");
    return uncertain ? Outcome.UNCERTAIN : Outcome.REFUSED;
  }

  /** Notes what became of the write of that number. */
  synchronized void record(CommitRule rule, long number, Outcome outcome) {
    Account account = account(rule);
    account.outcomes[outcome.ordinal()]++;
    if (outcome == Outcome.ACKNOWLEDGED) {
      account.acknowledged.addLast(number);
      if (account.acknowledged.size() > REMEMBERED_MAX) {
        account.acknowledged.removeFirst();
      }
    }
  }

  /** The acknowledged writes that are remembered, oldest first. */
  synchronized List<Long> acknowledged(CommitRule rule) {
    return new ArrayList<>(account(rule).acknowledged);
  }

  /** Counts remembered writes as lost, and forgets them so that none is counted twice. */
  synchronized void lost(CommitRule rule, Collection<Long> numbers) {
    Account account = account(rule);
    Set<Long> missing = new HashSet<>(numbers);
    int before = account.acknowledged.size();
    account.acknowledged.removeIf(missing::contains);
    account.lost += before - account.acknowledged.size();
  }

  synchronized Counts counts(CommitRule rule) {
    Account account = accounts.get(rule);
    if (account == null) {
      return Counts.ZERO;
    }
    long[] outcomes = account.outcomes;
    return new Counts(
        outcomes[Outcome.ACKNOWLEDGED.ordinal()],
        outcomes[Outcome.REFUSED.ordinal()],
        outcomes[Outcome.UNCERTAIN.ordinal()],
        account.lost);
  }

  private Account account(CommitRule rule) {
    return accounts.computeIfAbsent(rule, any -> new Account());
  }
}
