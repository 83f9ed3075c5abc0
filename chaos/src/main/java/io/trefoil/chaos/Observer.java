package io.trefoil.chaos;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Reply;
import io.trefoil.cli.RespClient;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Asks all nodes, again and again, who leads and who lags. {@link #latest} may be asked anywhere.
 */
final class Observer implements Runnable {
  private static final Duration CONNECT = Duration.ofMillis(300);
  private static final Duration REPLY = Duration.ofMillis(700);
  private static final long INTERVAL_MILLIS = 250;

  /**
   * What was seen at a time.
   *
   * @param leaders the node that leads each partition, empty when none is known to; of one region
   *     after the other
   * @param lags by node: the most entries that any of its copies lacks, or that are hints for it;
   *     -1 when nobody knows
   * @param answering nodes that answered, by index
   */
  record Sample(long millis, List<String> leaders, List<Long> lags, Set<Integer> answering) {}

  private record PartitionEpoch(int region, int partition, long epoch) {}

  private final List<NodeProcess> nodes;
  private final Layout layout;
  private final int database;
  private final int partitions;
  private final long beganNanos = System.nanoTime();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final List<Sample> samples = new ArrayList<>();
  private final Map<PartitionEpoch, String> leaders = new HashMap<>();
  private final List<String> contradictions = new ArrayList<>();
  private final AtomicReferenceArray<ClusterStatus.Database> latest;

  /**
   * @param partitions of the database
   */
  Observer(List<NodeProcess> nodes, Layout layout, int database, int partitions) {
    this.nodes = nodes;
    this.layout = layout;
    this.database = database;
    this.partitions = partitions;
    this.latest = new AtomicReferenceArray<>(layout.regions().size());
  }

  /** Since this was made. */
  long millis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNanos);
  }

  long beganNanos() {
    return beganNanos;
  }

  /**
   * The newest view of the database that any node of a region had when last asked; null before the
   * first.
   */
  ClusterStatus.Database latest(int region) {
    return latest.get(region);
  }

  void stop() {
    stopped.countDown();
  }

  /** What was seen; complete when {@link #run} has returned. */
  List<Sample> samples() {
    return List.copyOf(samples);
  }

  /** When these nodes first all answered, not before a time; the farthest future when never. */
  long answeredAt(Collection<Integer> all, long notBefore) {
    return samples.stream()
        .filter(it -> it.millis() >= notBefore && it.answering().containsAll(all))
        .mapToLong(Sample::millis)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /** Epochs that two nodes were said to lead. */
  List<String> contradictions() {
    return List.copyOf(contradictions);
  }

  @Override
  public void run() {
    try {
      do {
        look();
      } while (!stopped.await(INTERVAL_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() {
    Set<Integer> answering = new HashSet<>();
    List<String> leading = new ArrayList<>();
    List<Long> lags = new ArrayList<>();
    for (int region = 0; region < layout.regions().size(); region++) {
      ClusterStatus.Database newest = newest(region, answering);
      if (newest != null) {
        latest.set(region, newest);
      }
      leading.addAll(newest == null ? Collections.nCopies(partitions, "") : leaders(newest));
      lags.addAll(
          newest == null ? Collections.nCopies(layout.nodesEach(), -1L) : lags(newest, region));
    }
    samples.add(new Sample(millis(), leading, lags, Set.copyOf(answering)));
  }

  private ClusterStatus.Database newest(int region, Set<Integer> answering) {
    ClusterStatus.Database newest = null;
    for (int node : layout.nodesOf(region)) {
      ClusterStatus.Database seen =
          ask(nodes.get(node)).flatMap(status -> status.database(database)).orElse(null);
      if (seen != null) {
        answering.add(node);
        seen.partitionStates().forEach(partition -> noteLeader(region, partition));
        if (newest == null || epochs(seen) > epochs(newest)) {
          newest = seen;
        }
      }
    }
    return newest;
  }

  private static long epochs(ClusterStatus.Database database) {
    return database.partitionStates().stream().mapToLong(ClusterStatus.Partition::epoch).sum();
  }

  private void noteLeader(int region, ClusterStatus.Partition partition) {
    if (!partition.leader().isEmpty()) {
      PartitionEpoch key = new PartitionEpoch(region, partition.partition(), partition.epoch());
      String before = leaders.putIfAbsent(key, partition.leader());
      if (before != null && !before.equals(partition.leader())) {
        contradictions.add(
            String.format(
                "partition %d, epoch %d: %s and %s",
                key.partition(), key.epoch(), before, partition.leader()));
      }
    }
  }

  private static List<String> leaders(ClusterStatus.Database database) {
    return database.partitionStates().stream()
        .map(it -> it.state().equals("no leader") ? "" : it.leader())
        .toList();
  }

  private List<Long> lags(ClusterStatus.Database database, int region) {
    return layout.of(region, nodes).stream()
        .map(
            node ->
                database.partitionStates().stream()
                    .flatMap(partition -> partition.replicas().stream())
                    .filter(replica -> replica.node().equals(node.name()))
                    .mapToLong(replica -> replica.lagEntries() + replica.hintsEntries())
                    .max()
                    .orElse(-1))
        .toList();
  }

  /** One node's view; empty when it does not answer in time. */
  static Optional<ClusterStatus> ask(NodeProcess node) {
    if (node.state() != NodeProcess.State.RUNNING) {
      return Optional.empty();
    }
    try (RespClient client =
        RespClient.connect("127.0.0.1", node.ports().client(), CONNECT, REPLY)) {
      Reply reply = client.call("STATUS");
      return reply instanceof Reply.BulkString
          ? Optional.of(ClusterStatus.parse(reply.text()))
          : Optional.empty();
    } catch (IOException | CommandFailed e) {
      return Optional.empty(); // it starts, or dies, or stands still
    }
  }
}
