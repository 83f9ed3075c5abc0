package io.trefoil.bench;

import io.trefoil.bench.load.Tally;
import io.trefoil.bench.server.Servers;
import java.util.List;
import java.util.stream.Collectors;

/** Says what was measured. */
interface Report {
  /** Before the first measurement. */
  void begin(List<Servers> sides);

  /** One kind of request was measured. */
  void add(Measured measured);

  /** After the last one. */
  void end();

  /** What did not end well, in words; empty when all did. */
  static String faults(List<Tally> tallies) {
    StringBuilder faults = new StringBuilder();
    say(faults, "errors", tallies.stream().mapToLong(Tally::errors).sum());
    say(faults, "reads that found nothing", tallies.stream().mapToLong(Tally::missing).sum());
    say(faults, "never sent", tallies.stream().mapToLong(Tally::unsent).sum());
    String texts =
        tallies.stream()
            .flatMap(tally -> tally.errorTexts().stream())
            .distinct()
            .limit(3)
            .map(text -> " '" + text + "'")
            .collect(Collectors.joining(","));
    return faults + (texts.isEmpty() ? "" : ":" + texts);
  }

  private static void say(StringBuilder faults, String what, long count) {
    if (count > 0) {
      faults.append(", ").append(what).append(' ').append(count);
    }
  }
}
