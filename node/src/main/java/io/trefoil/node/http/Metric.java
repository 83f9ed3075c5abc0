package io.trefoil.node.http;

import java.util.List;

/**
 * One metric: a row of {@link MetricTable}.
 *
 * @param name as scraped, with its unit where it has one
 * @param unit what is counted or measured
 * @param labels beside {@code node} and {@code region}, which every metric has
 * @param meaning one sentence
 */
record Metric(String name, Kind kind, String unit, List<String> labels, String meaning) {
  enum Kind {
    /** Only grows, from 0 at the start of the process. */
    COUNTER,
    GAUGE,
    SUMMARY
  }

  static Metric counter(String name, String unit, List<String> labels, String meaning) {
    return new Metric(name, Kind.COUNTER, unit, labels, meaning);
  }

  static Metric gauge(String name, String unit, List<String> labels, String meaning) {
    return new Metric(name, Kind.GAUGE, unit, labels, meaning);
  }
}
