package io.trefoil.node.http;

import static io.trefoil.node.http.Metric.counter;
import static io.trefoil.node.http.Metric.gauge;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** All metrics of a node: the one place that names them, and says where a gauge's value is. */
final class MetricTable {
  /** A gauge and how it is read from a sample. */
  record Gauge<S>(Metric metric, ToDoubleFunction<S> value) {}

  private static final List<String> NONE = List.of();
  private static final List<String> PARTITION = List.of("database", "partition");

  static final Metric COMMANDS =
      counter("trefoil_commands_total", "commands", NONE, "Commands that clients sent.");
  static final Metric WRITES =
      counter(
          "trefoil_writes_total",
          "writes",
          List.of("outcome"),
          "Writes by outcome: committed (acknowledged), refused (certainly not applied) or uncertain"
              + " (perhaps applied).");
  static final Metric FAILOVERS =
      counter(
          "trefoil_failovers_total",
          "failovers",
          NONE,
          "Partitions that this node came to lead because their leader was lost.");

  static final Metric READ_REPAIRS =
      counter(
          "trefoil_read_repairs_total",
          "reads",
          NONE,
          "Commands on leaderless databases that found replicas to differ, and had all of them get"
              + " what was merged.");
  static final Metric RESTAMPED_WRITES =
      counter(
          "trefoil_restamped_writes_total",
          "writes",
          NONE,
          "Writes to leaderless databases that were written again with a larger stamp, because a"
              + " replica had something with a larger one than theirs: clocks differ.");

  static final Metric REPAIR_ROUNDS =
      counter(
          "trefoil_repair_rounds_total",
          "rounds",
          List.of("outcome"),
          "Rounds in which replicas of leaderless partitions here compared themselves with another:"
              + " equal, differed (what was lacking is merged) or failed (not ended).");
  static final Metric REPAIR_BYTES =
      counter(
          "trefoil_repair_bytes_total",
          "bytes",
          NONE,
          "Bytes that this node sent for such rounds, its own and those of others, about.");
  static final Metric CONFLICTS =
      counter(
          "trefoil_conflicts_total",
          "conflicts",
          NONE,
          "Conflicts that this node found when it merged what others wrote: keys of leaderless"
              + " databases with CONFLICT SIBLINGS that came to have siblings, and values of"
              + " multi-leader databases that were hidden, as CONFLICTS lists them; each replica"
              + " counts its own merges.");
  static final Metric SIBLING_LIMITS =
      counter(
          "trefoil_sibling_limits_total",
          "keys",
          NONE,
          "Keys of leaderless databases that came to have 16 siblings, counted as above: they are written by RESOLVE only.");

  static final List<Gauge<NodeSample>> OF_NODE =
      List.of(
          new Gauge<>(
              gauge("trefoil_connected_clients", "clients", NONE, "Clients connected now."),
              NodeSample::connectedClients),
          new Gauge<>(
              gauge("trefoil_journal_bytes", "bytes", NONE, "Size of the journal's files."),
              NodeSample::journalBytes),
          new Gauge<>(
              gauge(
                  "trefoil_followers_left_behind",
                  "followers",
                  NONE,
                  "Followers that are away and lack what the journal has let go of, once for each"
                      + " partition that this node leads: they get a snapshot when they are back."),
              NodeSample::leftBehind),
          new Gauge<>(
              gauge(
                  "trefoil_differing_partitions",
                  "partitions",
                  NONE,
                  "Partitions whose replicas were found to differ, of those that this node compares"
                      + " every scrub.every: DATABASE VERIFY tells what differs."),
              NodeSample::differing),
          new Gauge<>(
              gauge("trefoil_memory_table_bytes", "bytes", NONE, "Memory table in use."),
              NodeSample::memoryTableBytes),
          new Gauge<>(
              gauge(
                  "trefoil_diverged_files",
                  "files",
                  NONE,
                  "Divergence files, also of dropped databases, that are neither replayed nor"
                      + " discarded yet."),
              NodeSample::divergedFiles));

  static final List<Gauge<ReplicaSample>> OF_REPLICA =
      List.of(
          new Gauge<>(
              gauge("trefoil_leader", "0 or 1", PARTITION, "1 where this node leads."),
              replica -> replica.leader() ? 1 : 0),
          new Gauge<>(
              gauge("trefoil_epoch", "epoch", PARTITION, "Epoch that the replica is in."),
              ReplicaSample::epoch),
          new Gauge<>(
              gauge(
                  "trefoil_commit_index",
                  "index",
                  PARTITION,
                  "Index of the last entry that the replica knows to be committed."),
              ReplicaSample::commitIndex),
          new Gauge<>(
              gauge(
                  "trefoil_diverged_entries",
                  "entries",
                  PARTITION,
                  "Entries that were acknowledged, cut and saved, and neither replayed nor"
                      + " discarded yet."),
              ReplicaSample::divergedEntries));

  static final List<Gauge<FollowerSample>> OF_FOLLOWER =
      List.of(
          new Gauge<>(
              gauge(
                  "trefoil_replica_lag_entries",
                  "entries",
                  PARTITION,
                  "Entries that a follower lacks, told by its leader; node and region are the"
                      + " follower's."),
              FollowerSample::lagEntries),
          new Gauge<>(
              gauge(
                  "trefoil_replica_lag_bytes",
                  "bytes",
                  PARTITION,
                  "Size of the entries that a follower lacks, told as above."),
              FollowerSample::lagBytes),
          new Gauge<>(
              gauge(
                  "trefoil_replica_lag_seconds",
                  "seconds",
                  PARTITION,
                  "How long ago a follower last had everything, told as above."),
              follower -> follower.lagMillis() / 1000.0));

  static final List<Gauge<LinkSample>> OF_LINKS =
      List.of(
          new Gauge<>(
              gauge(
                  "trefoil_region_link_up",
                  "1",
                  PARTITION,
                  "Whether a partition's leader in another region is heard from, told by the leader"
                      + " here; region is the other one."),
              link -> link.up() ? 1 : 0),
          new Gauge<>(
              gauge(
                  "trefoil_region_lag_entries",
                  "entries",
                  PARTITION,
                  "Entries of another region's log that are not here yet, told as above."),
              LinkSample::lagEntries),
          new Gauge<>(
              gauge(
                  "trefoil_region_lag_bytes",
                  "bytes",
                  PARTITION,
                  "Size of those of them that came and wait for others, told as above."),
              LinkSample::lagBytes),
          new Gauge<>(
              gauge(
                  "trefoil_region_lag_seconds",
                  "seconds",
                  PARTITION,
                  "Since when not everything of another region is here, by both regions' clocks,"
                      + " told as above."),
              link -> link.lagMillis() / 1000.0),
          new Gauge<>(
              gauge(
                  "trefoil_region_unacknowledged_entries",
                  "entries",
                  PARTITION,
                  "Entries of the log here that another region has not confirmed, told as above."),
              LinkSample::unacknowledgedEntries));

  static final List<Gauge<HintSample>> OF_HINTS =
      List.of(
          new Gauge<>(
              gauge(
                  "trefoil_hints_entries",
                  "entries",
                  PARTITION,
                  "Entries that a coordinator keeps for another replica of a leaderless partition"
                      + " until that has confirmed them; node and region are the other replica's."),
              HintSample::entries),
          new Gauge<>(
              gauge(
                  "trefoil_hints_bytes",
                  "bytes",
                  PARTITION,
                  "Size of these entries, told as above; an estimate when they are many."),
              HintSample::bytes));

  static final List<Gauge<ClockSample>> OF_CLOCKS =
      List.of(
          new Gauge<>(
              gauge(
                  "trefoil_clock_skew_seconds",
                  "seconds",
                  NONE,
                  "How far another node's clock was ahead of the instance's in the last minute or"
                      + " two, at most, by what it coordinated of leaderless databases; node and"
                      + " region are the other node's."),
              clock -> clock.aheadMillis() / 1000.0));

  /** Those of the JVM that Micrometer measures and this project's pages speak of. */
  static final List<Metric> OF_JVM =
      List.of(
          new Metric(
              "jvm_gc_pause_seconds",
              Metric.Kind.SUMMARY,
              "seconds",
              List.of("action", "cause", "gc"),
              "Time that garbage collections stopped the process; there from the first one on."),
          gauge(
              "jvm_memory_used_bytes",
              "bytes",
              List.of("area", "id"),
              "Memory of the JVM in use, by area (heap, nonheap) and pool."),
          gauge(
              "jvm_memory_committed_bytes",
              "bytes",
              List.of("area", "id"),
              "Memory that the JVM has from the operating system."),
          gauge(
              "jvm_memory_max_bytes",
              "bytes",
              List.of("area", "id"),
              "Memory that the JVM may take; -1 where there is no limit."));

  private MetricTable() {}

  /** The project's own metrics, in the order of the documentation. */
  static List<Metric> own() {
    List<Metric> all =
        new ArrayList<>(
            List.of(
                COMMANDS,
                WRITES,
                FAILOVERS,
                READ_REPAIRS,
                RESTAMPED_WRITES,
                REPAIR_ROUNDS,
                REPAIR_BYTES,
                CONFLICTS,
                SIBLING_LIMITS));
    OF_NODE.forEach(gauge -> all.add(gauge.metric()));
    OF_REPLICA.forEach(gauge -> all.add(gauge.metric()));
    OF_FOLLOWER.forEach(gauge -> all.add(gauge.metric()));
    OF_LINKS.forEach(gauge -> all.add(gauge.metric()));
    OF_HINTS.forEach(gauge -> all.add(gauge.metric()));
    OF_CLOCKS.forEach(gauge -> all.add(gauge.metric()));
    return all;
  }
}
