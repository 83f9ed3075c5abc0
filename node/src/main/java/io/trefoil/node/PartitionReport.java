package io.trefoil.node;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What comparing the replicas of one partition came to.
 *
 * @param problem why nothing was compared, or null
 * @param position of the entry at which they were compared; zero for leaderless replicas
 * @param keyCount visible keys at that position, of the replica that has most
 * @param replicas every replica of the partition
 * @param differingBuckets how many of the ranges of keys differ; 0 when those compared are equal
 * @param keys of the keys that differ, the first ones found
 * @param allKeys whether {@code keys} has them all
 */
record PartitionReport(
    String problem,
    Position position,
    long keyCount,
    List<ReplicaDigest> replicas,
    int differingBuckets,
    List<DifferingKey> keys,
    boolean allKeys) {
  /** Differing keys in a report, at most. */
  static final int MAX_KEYS = 100;

  PartitionReport {
    replicas = List.copyOf(replicas);
    keys = List.copyOf(keys);
  }

  /**
   * One replica.
   *
   * @param problem why it was not compared, or null when it was
   * @param digest of all its visible cells; 0 when it was not compared
   */
  record ReplicaDigest(NodeId node, String problem, long digest) {}

  /**
   * A key that the replicas don't agree on.
   *
   * @param shown the key's first bytes
   * @param length of the whole key in bytes
   * @param digests of the cell at the nodes that have it
   */
  record DifferingKey(Bytes shown, int length, Map<NodeId, Long> digests) {
    DifferingKey {
      digests = new TreeMap<>(digests);
    }
  }

  /** How it ended. */
  enum Result {
    /** Every replica was compared, and all are equal. */
    EQUAL,
    /** Replicas that were compared differ. */
    DIFFERS,
    /** Those that were compared are equal, if any; others were not. */
    INCOMPLETE;

    String text() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  static PartitionReport notCompared(String problem) {
    return new PartitionReport(problem, Position.ZERO, 0, List.of(), 0, List.of(), true);
  }

  Result result() {
    if (differingBuckets > 0) {
      return Result.DIFFERS;
    }
    boolean complete =
        problem == null
            && !replicas.isEmpty()
            && replicas.stream().allMatch(replica -> replica.problem() == null);
    return complete ? Result.EQUAL : Result.INCOMPLETE;
  }

  /** A difference counts most, then what was not compared. */
  static Result worst(List<PartitionReport> reports) {
    Result worst = Result.EQUAL;
    for (PartitionReport report : reports) {
      Result result = report.result();
      if (result == Result.DIFFERS) {
        return result;
      }
      worst = result == Result.INCOMPLETE ? result : worst;
    }
    return worst;
  }
}
