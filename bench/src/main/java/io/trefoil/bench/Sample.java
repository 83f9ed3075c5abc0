package io.trefoil.bench;

import io.trefoil.bench.load.Load;
import io.trefoil.bench.load.Tally;
import java.util.function.ToDoubleFunction;

/**
 * One measurement: good requests a second; milliseconds within which shares of them were answered;
 * what the side's servers, the client and the other servers computed, in cores; the resident memory
 * of the largest server, in MB.
 *
 * @param servers like the memory, not a number where the processes are not known
 */
record Sample(
    double rate,
    double p50,
    double p99,
    double p999,
    double max,
    double servers,
    double client,
    double others,
    double resident,
    Tally tally) {

  /** A figure of a measurement, by its name. */
  enum Figure {
    RATE("ops/s", Sample::rate),
    P50("p50", Sample::p50),
    P99("p99", Sample::p99),
    P999("p99.9", Sample::p999),
    MAX("max", Sample::max),
    SERVERS("servers", Sample::servers),
    CLIENT("client", Sample::client),
    OTHERS("others", Sample::others),
    RESIDENT("resident MB", Sample::resident);

    final String title;
    final ToDoubleFunction<Sample> of;

    Figure(String title, ToDoubleFunction<Sample> of) {
      this.title = title;
      this.of = of;
    }
  }

  static Sample of(Load.Result result, Cores cores, double resident) {
    Tally tally = result.tally();
    double seconds = result.seconds();
    return new Sample(
        tally.good() / seconds,
        tally.millis(0.5),
        tally.millis(0.99),
        tally.millis(0.999),
        tally.millisMax(),
        cores.servers(seconds),
        cores.client(seconds),
        cores.others(seconds),
        resident,
        tally);
  }
}
