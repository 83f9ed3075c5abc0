package io.trefoil.bench;

import io.trefoil.bench.load.Protocol;
import io.trefoil.bench.load.Tallies;
import io.trefoil.bench.load.Tally;
import io.trefoil.bench.server.Servers;
import java.net.InetSocketAddress;
import java.util.List;

/** Measurements that nobody made. */
final class Samples {
  private Samples() {}

  static Sample of(double rate, double p99, Tally tally) {
    return new Sample(rate, p99 / 2, p99, p99 * 2, p99 * 3, 0.5, 0.25, 0.125, 177.4, tally);
  }

  static Sample of(double rate, double p99) {
    return of(rate, p99, Tallies.empty());
  }

  /** Servers that are only a name and a promise. */
  record Named(String name, String promise) implements Servers {
    @Override
    public String setup() {
      return name + " 1.0";
    }

    @Override
    public List<InetSocketAddress> nodes() {
      return List.of();
    }

    @Override
    public Protocol protocol(int pipeline) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<ProcessHandle> processes() {
      return List.of();
    }
  }
}
