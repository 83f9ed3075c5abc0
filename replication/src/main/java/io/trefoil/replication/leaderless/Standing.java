package io.trefoil.replication.leaderless;

import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Configuration;
import io.trefoil.replication.kernel.Membership;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * The configurations that stand as far as a replica knows, with the number of that knowledge. None
 * stands before it was told. Here a number of copies comes with each read and write, so {@link
 * Configuration#copies} is not looked at: it is the database's default, which the shell hands in
 * like any other.
 */
record Standing(long version, List<Configuration> configurations, SortedSet<NodeId> everyone) {
  static final Standing NONE = new Standing(0, List.of(), new TreeSet<>());

  static Standing of(long version, Membership membership) {
    return new Standing(version, membership.standing(), membership.everyone());
  }

  /** Whether in each standing configuration {@code number} replicas are such. */
  boolean enough(int number, Predicate<NodeId> such) {
    return !configurations.isEmpty() && lacking(number, such).isEmpty();
  }

  /** The configurations in which fewer than {@code number} replicas are such. */
  List<Configuration> lacking(int number, Predicate<NodeId> such) {
    return configurations.stream()
        .filter(it -> it.replicas().stream().filter(such).count() < capped(number, it))
        .toList();
  }

  /** The largest index that {@code number} replicas of each standing configuration have reached. */
  long reached(int number, ToLongFunction<NodeId> indexOf) {
    long reached = configurations.isEmpty() ? 0 : Long.MAX_VALUE;
    for (Configuration configuration : configurations) {
      long[] indexes = configuration.replicas().stream().mapToLong(indexOf).toArray();
      Arrays.sort(indexes);
      reached = Math.min(reached, indexes[indexes.length - capped(number, configuration)]);
    }
    return reached;
  }

  /** The number of replicas of the largest configuration. */
  int size() {
    return configurations.stream().mapToInt(it -> it.replicas().size()).max().orElse(0);
  }

  /** All replicas of a configuration are enough for it, also if the other one is larger. */
  private static int capped(int number, Configuration configuration) {
    return Math.min(number, configuration.replicas().size());
  }
}
