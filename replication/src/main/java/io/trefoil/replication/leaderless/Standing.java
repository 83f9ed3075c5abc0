package io.trefoil.replication.leaderless;

import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Configuration;
import io.trefoil.replication.kernel.Membership;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * The configurations that stand as far as a replica knows, with the number of that knowledge. None
 * stands before it was told. A number of copies comes with each read and write; {@link
 * Configuration#copies} and {@link Configuration#reads} are the database's own, and only say how
 * many copies have whatever a client was told.
 */
record Standing(long version, List<Configuration> configurations, SortedSet<NodeId> everyone) {
  static final Standing NONE = new Standing(0, List.of(), new TreeSet<>());

  static Standing of(long version, Membership membership) {
    return new Standing(version, membership.standing(), membership.everyone());
  }

  /** Whether in each standing configuration {@code number} replicas are such. */
  boolean enough(int number, Predicate<NodeId> such) {
    for (int i = 0; i < configurations.size(); i++) {
      if (lacks(configurations.get(i), number, such)) {
        return false;
      }
    }
    return !configurations.isEmpty();
  }

  /** The configurations in which fewer than {@code number} replicas are such. */
  List<Configuration> lacking(int number, Predicate<NodeId> such) {
    List<Configuration> lacking = List.of();
    for (int i = 0; i < configurations.size(); i++) {
      Configuration configuration = configurations.get(i);
      if (lacks(configuration, number, such)) {
        lacking = lacking.isEmpty() ? new ArrayList<>(2) : lacking;
        lacking.add(configuration);
      }
    }
    return lacking;
  }

  private static boolean lacks(Configuration configuration, int number, Predicate<NodeId> such) {
    return count(configuration, such) < capped(number, configuration);
  }

  private static int count(Configuration configuration, Predicate<NodeId> such) {
    List<NodeId> replicas = configuration.replicas();
    int count = 0;
    for (int i = 0; i < replicas.size(); i++) {
      count += such.test(replicas.get(i)) ? 1 : 0;
    }
    return count;
  }

  /** The largest index that {@code number} replicas of each standing configuration have reached. */
  long reached(int number, ToLongFunction<NodeId> indexOf) {
    long reached = configurations.isEmpty() ? 0 : Long.MAX_VALUE;
    for (Configuration configuration : configurations) {
      reached = Math.min(reached, reached(configuration, capped(number, configuration), indexOf));
    }
    return reached;
  }

  private static long reached(
      Configuration configuration, int number, ToLongFunction<NodeId> indexOf) {
    List<NodeId> replicas = configuration.replicas();
    long[] indexes = new long[replicas.size()];
    for (int i = 0; i < indexes.length; i++) {
      indexes[i] = indexOf.applyAsLong(replicas.get(i));
    }
    Arrays.sort(indexes);
    return indexes[indexes.length - number];
  }

  /**
   * As {@link #reached}, but where fewer than {@code number} replicas of a configuration are there,
   * hints stand in for as many of the others as are missing. Those that are there must all have
   * reached it then: a hint stands in for nobody who is only slow.
   *
   * @param hinted up to where there are hints
   */
  long reachedOrHinted(
      int number, Predicate<NodeId> there, ToLongFunction<NodeId> indexOf, long hinted) {
    long reached = configurations.isEmpty() ? 0 : hinted;
    for (Configuration it : configurations) {
      int wanted = capped(number, it);
      int copies = Math.min(wanted, count(it, there));
      ToLongFunction<NodeId> orHint = id -> there.test(id) ? indexOf.applyAsLong(id) : hinted;
      reached = Math.min(reached, reached(it, wanted, orHint));
      if (copies > 0) {
        reached = Math.min(reached, reached(it, copies, indexOf));
      }
    }
    return reached;
  }

  /** In the standing configuration with the fewest, how many replicas are such. */
  int fewest(Predicate<NodeId> such) {
    return configurations.stream().mapToInt(it -> count(it, such)).min().orElse(0);
  }

  /** The number of replicas of the largest configuration. */
  int size() {
    int size = 0;
    for (int i = 0; i < configurations.size(); i++) {
      size = Math.max(size, configurations.get(i).replicas().size());
    }
    return size;
  }

  /** All replicas of a configuration are enough for it, also if the other one is larger. */
  private static int capped(int number, Configuration configuration) {
    return Math.min(number, configuration.replicas().size());
  }
}
