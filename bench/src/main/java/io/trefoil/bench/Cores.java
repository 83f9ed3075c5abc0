package io.trefoil.bench;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What processes computed meanwhile, in cores. */
final class Cores {
  private final List<ProcessHandle> own;
  private final Set<ProcessHandle> others = new HashSet<>();
  private final double ownBefore;
  private final double clientBefore;
  private final double othersBefore;

  /** Begins to look at those of one side, at this process, and at those of all other sides. */
  Cores(Side side, List<Side> all) {
    own = side.processes();
    all.forEach(other -> others.addAll(other.processes()));
    // Two databases of the same nodes are two sides with the same processes.
    others.removeAll(own);
    ownBefore = seconds(own);
    clientBefore = seconds(List.of(ProcessHandle.current()));
    othersBefore = seconds(others);
  }

  double servers(double seconds) {
    return own.isEmpty() ? Double.NaN : (seconds(own) - ownBefore) / seconds;
  }

  double client(double seconds) {
    return (seconds(List.of(ProcessHandle.current())) - clientBefore) / seconds;
  }

  double others(double seconds) {
    return (seconds(others) - othersBefore) / seconds;
  }

  private static double seconds(Collection<ProcessHandle> processes) {
    return processes.stream()
        .mapToDouble(it -> it.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9)
        .sum();
  }
}
