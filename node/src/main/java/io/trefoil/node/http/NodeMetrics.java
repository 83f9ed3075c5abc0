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
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
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
  private final Map<WriteOutcome, LongAdder> writes = new EnumMap<>(WriteOutcome.class);

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
    for (WriteOutcome outcome : WriteOutcome.values()) {
      writes.put(outcome, new LongAdder());
    }
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

  /** Adds writes whose clients were told this outcome. */
  public void countWrites(WriteOutcome outcome, long count) {
    writes.get(outcome).add(count);
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
    found.add(counter(MetricTable.COMMANDS, List.of(point(ofNode(), commands))));
    found.add(counter(MetricTable.FAILOVERS, List.of(point(ofNode(), failovers))));
    List<CounterDataPointSnapshot> outcomes = new ArrayList<>();
    writes.forEach(
        (outcome, count) ->
            outcomes.add(point(ofNode().add("outcome", outcome.toString()), count)));
    found.add(counter(MetricTable.WRITES, outcomes));

    addGauges(MetricTable.OF_NODE, List.of(new Row<>(ofNode(), sample)), found);
    List<Row<ReplicaSample>> replicas = new ArrayList<>();
    List<Row<FollowerSample>> followers = new ArrayList<>();
    for (ReplicaSample replica : sample.replicas()) {
      replicas.add(new Row<>(ofReplica(replica, node, region), replica));
      for (FollowerSample follower : replica.followers()) {
        followers.add(new Row<>(ofReplica(replica, follower.node(), follower.region()), follower));
      }
    }
    addGauges(MetricTable.OF_REPLICA, replicas, found);
    addGauges(MetricTable.OF_FOLLOWER, followers, found);
    return new MetricSnapshots(found);
  }

  /** What gauges are read from, and the labels that tell it from its like. */
  private record Row<S>(Labels labels, S sample) {}

  private Labels ofNode() {
    return Labels.of("node", node, "region", region);
  }

  private static Labels ofReplica(ReplicaSample replica, String node, String region) {
    return Labels.of(
        "database",
        replica.database(),
        "partition",
        Integer.toString(replica.partition()),
        "node",
        node,
        "region",
        region);
  }

  private static CounterDataPointSnapshot point(Labels labels, LongAdder count) {
    return CounterDataPointSnapshot.builder().labels(labels).value(count.sum()).build();
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
