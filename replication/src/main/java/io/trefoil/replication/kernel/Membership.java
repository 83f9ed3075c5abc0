package io.trefoil.replication.kernel;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;

/**
 * The configurations that stand: one, or two while one replaces the other. Every rule must hold in
 * each of them.
 *
 * @param learners new copies that are being filled: they are sent everything and count for nothing
 * @param synced whether a copy is stable only once synced, rather than when written
 * @see "Ongaro and Ousterhout 2014, section 6: joint consensus"
 */
public record Membership(List<Configuration> standing, SortedSet<NodeId> learners, boolean synced) {
  public Membership {
    standing = List.copyOf(standing);
    learners = Collections.unmodifiableSortedSet(new TreeSet<>(learners));
    Invariants.check(
        standing.size() == 1 || standing.size() == 2, "one or two configurations stand");
    for (Configuration configuration : standing) {
      Invariants.check(
          Collections.disjoint(configuration.replicas(), learners), "a replica is no learner");
    }
  }

  /** Configurations without learners, whose copies are stable when written. */
  public Membership(List<Configuration> standing) {
    this(standing, Collections.emptySortedSet(), false);
  }

  public static Membership of(List<NodeId> replicas, int copies) {
    return new Membership(List.of(new Configuration(replicas, copies)));
  }

  /** Everyone whom the leader sends its log to, in order of ids; the leader itself among them. */
  public SortedSet<NodeId> everyone() {
    SortedSet<NodeId> all = replicas();
    all.addAll(learners);
    return all;
  }

  /** Every replica of a standing configuration, in order of its id. */
  public SortedSet<NodeId> replicas() {
    SortedSet<NodeId> all = new TreeSet<>();
    standing.forEach(configuration -> all.addAll(configuration.replicas()));
    return all;
  }

  /**
   * The largest index of which each standing configuration has enough stable copies.
   *
   * @param stableIndex up to where a replica's copy is stable; 0 for one that does not count
   */
  public long copiedIndex(ToLongFunction<NodeId> stableIndex) {
    return copiedIndex(stableIndex, Configuration::copies);
  }

  /** As above, of which each has two stable copies, or one where one is all there is. */
  public long copiedTwiceIndex(ToLongFunction<NodeId> stableIndex) {
    return copiedIndex(stableIndex, each -> Math.min(2, each.replicas().size()));
  }

  private long copiedIndex(
      ToLongFunction<NodeId> stableIndex, ToIntFunction<Configuration> copies) {
    long copied = Long.MAX_VALUE;
    for (Configuration configuration : standing) {
      List<NodeId> replicas = configuration.replicas();
      long[] indexes = new long[replicas.size()];
      for (int i = 0; i < indexes.length; i++) {
        indexes[i] = stableIndex.applyAsLong(replicas.get(i));
      }
      Arrays.sort(indexes);
      copied = Math.min(copied, indexes[indexes.length - copies.applyAsInt(configuration)]);
    }
    return copied;
  }

  /**
   * Whether each standing configuration has the copies that its rule needs among {@code reachable}.
   */
  public boolean canCommit(Predicate<NodeId> reachable) {
    for (Configuration configuration : standing) {
      long count = configuration.replicas().stream().filter(reachable).count();
      if (count < configuration.copies()) {
        return false;
      }
    }
    return true;
  }
}
