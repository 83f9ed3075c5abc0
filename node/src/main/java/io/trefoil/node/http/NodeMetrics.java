package io.trefoil.node.http;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/**
 * The metrics of a node. Counting is one addition, from any thread; everything else is read when
 * {@link #scrape} asks, on the thread that asks.
 */
public final class NodeMetrics implements AutoCloseable {
  private final String node;
  private final String region;
  private final Supplier<NodeSample> sampler;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();

  private final LongAdder commands = new LongAdder();
  private final LongAdder failovers = new LongAdder();

  /** A sample that nobody could take in time has none. */
  private CallCounts calls = CallCounts.NONE;

  private RepairCounts repairs = RepairCounts.NONE;

  /**
   * Metrics that begin at 0.
   *
   * @param node its name, a label of every metric, as is {@code region}
   * @param sampler asked once a scrape, from the scraping thread; must not block
   */
  public NodeMetrics(String node, String region, Supplier<NodeSample> sampler) {
    this.node = node;
    this.region = region;
    this.sampler = sampler;
    registry.config().commonTags(Tags.of("node", node, "region", region));
    new JvmMemoryMetrics().bindTo(registry);
    collections.bindTo(registry);
    // Micrometer's own gauges are one object per row; partitions come and go, so rows are made
    // here.
    MultiCollector own = this::collect;
    registry.getPrometheusRegistry().register(own);
  }

  /** Adds commands; a loop may count a turn's at once. */
  public void countCommands(long count) {
    commands.add(count);
  }

  /** Notes that this node came to lead a partition because its leader was lost. */
  public void countFailover() {
    failovers.increment();
  }

  /** All metrics in the text format of Prometheus, version 0.0.4. */
  public String scrape() {
    return registry.scrape();
  }

  private MetricSnapshots collect() {
    NodeSample sample = sampler.get();
    List<MetricSnapshot> found = new ArrayList<>();
    addCounters(counted(sample.calls()), found);
    addCounters(counted(sample.repairs()), found);
    addGauges(MetricTable.OF_NODE, List.of(new Row<>(ofNode(), sample)), found);
    List<Row<ReplicaSample>> replicas = new ArrayList<>();
    List<Row<FollowerSample>> followers = new ArrayList<>();
    List<Row<LinkSample>> links = new ArrayList<>();
    for (ReplicaSample replica : sample.replicas()) {
      replicas.add(new Row<>(ofReplica(replica, node, region), replica));
      for (FollowerSample follower : replica.followers()) {
        followers.add(new Row<>(ofReplica(replica, follower.node(), follower.region()), follower));
      }
      for (LinkSample link : replica.links()) {
        links.add(new Row<>(ofReplica(replica, node, link.region()), link));
      }
    }
    addGauges(MetricTable.OF_REPLICA, replicas, found);
    addGauges(MetricTable.OF_FOLLOWER, followers, found);
    addGauges(MetricTable.OF_LINKS, links, found);
    addGauges(MetricTable.OF_HINTS, rows(sample.hints()), found);
    List<Row<ClockSample>> clocks = new ArrayList<>();
    for (ClockSample each : sample.clocks()) {
      clocks.add(new Row<>(Labels.of("node", each.node(), "region", each.region()), each));
    }
    addGauges(MetricTable.OF_CLOCKS, clocks, found);
    return new MetricSnapshots(found);
  }

  private synchronized CallCounts counted(CallCounts sampled) {
    calls = calls.orMore(sampled);
    return calls;
  }

  private synchronized RepairCounts counted(RepairCounts sampled) {
    repairs = repairs.orMore(sampled);
    return repairs;
  }

  private void addCounters(RepairCounts counts, List<MetricSnapshot> into) {
    List<CounterDataPointSnapshot> outcomes =
        List.of(
            point(ofNode().add("outcome", "equal"), counts.equal()),
            point(ofNode().add("outcome", "differed"), counts.differed()),
            point(ofNode().add("outcome", "failed"), counts.failed()));
    into.add(counter(MetricTable.REPAIR_ROUNDS, outcomes));
    into.add(counter(MetricTable.REPAIR_BYTES, counts.bytes()));
  }

  private void addCounters(CallCounts counts, List<MetricSnapshot> into) {
    into.add(counter(MetricTable.COMMANDS, commands.sum()));
    into.add(counter(MetricTable.FAILOVERS, failovers.sum()));
    List<CounterDataPointSnapshot> outcomes = new ArrayList<>();
    for (WriteOutcome outcome : WriteOutcome.values()) {
      outcomes.add(point(ofNode().add("outcome", outcome.toString()), counts.of(outcome)));
    }
    into.add(counter(MetricTable.WRITES, outcomes));
    into.add(counter(MetricTable.READ_REPAIRS, counts.readRepairs()));
    into.add(counter(MetricTable.RESTAMPED_WRITES, counts.restamped()));
    into.add(counter(MetricTable.CONFLICTS, counts.conflicts()));
    into.add(counter(MetricTable.SIBLING_LIMITS, counts.siblingLimits()));
  }

  private static List<Row<HintSample>> rows(List<HintSample> hints) {
    return hints.stream()
        .map(
            each ->
                new Row<>(
                    ofPartition(each.database(), each.partition(), each.node(), each.region()),
                    each))
        .toList();
  }

  /** What gauges are read from, and the labels that tell it from its like. */
  private record Row<S>(Labels labels, S sample) {}

  private Labels ofNode() {
    return Labels.of("node", node, "region", region);
  }

  private static Labels ofReplica(ReplicaSample replica, String node, String region) {
    return ofPartition(replica.database(), replica.partition(), node, region);
  }

  private static Labels ofPartition(String database, int partition, String node, String region) {
    return Labels.of(
        "database",
        database,
        "partition",
        Integer.toString(partition),
        "node",
        node,
        "region",
        region);
  }

  private static CounterDataPointSnapshot point(Labels labels, long count) {
    return CounterDataPointSnapshot.builder().labels(labels).value(count).build();
  }

  private MetricSnapshot counter(Metric metric, long count) {
    return counter(metric, List.of(point(ofNode(), count)));
  }

  private static MetricSnapshot counter(Metric metric, List<CounterDataPointSnapshot> points) {
    CounterSnapshot.Builder counter =
        CounterSnapshot.builder()
            .name(metric.name().replaceFirst("_total$", "")) // the format adds it
            .help(metric.meaning());
    points.forEach(counter::dataPoint);
    return counter.build();
  }

  private static <S> void addGauges(
      List<MetricTable.Gauge<S>> gauges, List<Row<S>> rows, List<MetricSnapshot> into) {
    for (MetricTable.Gauge<S> gauge : gauges) {
      GaugeSnapshot.Builder built =
          GaugeSnapshot.builder().name(gauge.metric().name()).help(gauge.metric().meaning());
      for (Row<S> row : rows) {
        built.dataPoint(
            GaugeDataPointSnapshot.builder()
                .labels(row.labels())
                .value(gauge.value().applyAsDouble(row.sample()))
                .build());
      }
      into.add(built.build());
    }
  }

  /** Stops listening to the JVM's garbage collections. */
  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
