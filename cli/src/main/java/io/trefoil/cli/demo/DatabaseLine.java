package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A database summed up in a line.
 *
 * @param title number and name
 * @param leaders names of the leading nodes; empty when there is none
 * @param epochs sum of the partitions' epochs: another number after each failover
 * @param hasLeaders whether each partition has the leader that it needs; a leaderless one needs
 *     none
 * @param state of the partition that is worst off
 * @param reason why that one is not serving; empty when all serve
 */
record DatabaseLine(
    int number,
    String title,
    String commit,
    String leaders,
    long epochs,
    boolean hasLeaders,
    String state,
    String reason) {

  static DatabaseLine of(ClusterStatus.Database database) {
    List<ClusterStatus.Partition> partitions = database.partitionStates();
    String leaders =
        partitions.stream()
            .map(ClusterStatus.Partition::leader)
            .filter(name -> !name.isEmpty())
            .distinct()
            .sorted()
            .collect(Collectors.joining(" "));
    ClusterStatus.Partition worst =
        partitions.stream()
            .filter(partition -> !partition.isServing())
            .findFirst()
            .orElse(partitions.isEmpty() ? null : partitions.get(0));
    boolean hasLeaders =
        !partitions.isEmpty()
            && (database.replication().equals("leaderless")
                || partitions.stream().noneMatch(partition -> partition.leader().isEmpty()));
    return new DatabaseLine(
        database.number(),
        database.title(),
        database.commit(),
        leaders,
        partitions.stream().mapToLong(ClusterStatus.Partition::epoch).sum(),
        hasLeaders,
        worst == null ? "no partitions" : worst.state(),
        worst == null ? "" : worst.reason());
  }
}
