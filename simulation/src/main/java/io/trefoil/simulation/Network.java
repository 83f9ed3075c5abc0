package io.trefoil.simulation;

import io.trefoil.base.NodeId;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Carries messages between nodes, controllers and clients; or loses, repeats and delays them. */
final class Network {
  private record Link(NodeId from, NodeId to) {}

  private final Schedule schedule;
  private final SplittableRandom random;
  private final Coverage coverage;
  private final int jitterMicros;
  private final Map<Link, Long> arrivals = new HashMap<>(); // of the last message in order
  private final Map<Link, Integer> cuts =
      new HashMap<>(); // how many cuts lie on it; never iterated
  private final Map<Link, Integer> left = new HashMap<>(); // how many messages still pass
  private int lossPerMille;
  private int repeatedPerMille;
  private int latePerMille;

  /**
   * @param jitterMicros by how much the time that a message takes varies
   */
  Network(Schedule schedule, SplittableRandom random, Coverage coverage, int jitterMicros) {
    this.jitterMicros = jitterMicros;
    this.schedule = schedule;
    this.random = random;
    this.coverage = coverage;
  }

  void faults(int loss, int repeated, int late) {
    lossPerMille = loss;
    repeatedPerMille = repeated;
    latePerMille = late;
  }

  void send(NodeId from, NodeId to, Runnable deliver) {
    if (random.nextInt(1_000) < lossPerMille) {
      coverage.met(Fault.MESSAGE_LOST);
      return;
    }
    carry(from, to, deliver);
    if (random.nextInt(1_000) < repeatedPerMille) {
      coverage.met(Fault.MESSAGE_REPEATED);
      carry(from, to, deliver);
    }
  }

  private void carry(NodeId from, NodeId to, Runnable deliver) {
    long delay = delayOf(new Link(from, to));
    if (!isCut(from, to) && isLet(new Link(from, to))) {
      schedule.after(
          delay,
          () -> {
            if (!isCut(from, to)) {
              deliver.run();
            }
          });
    }
  }

  /** Messages keep their order, but for the late ones. */
  private long delayOf(Link link) {
    long now = schedule.nowMicros();
    if (random.nextInt(1_000) < latePerMille) {
      coverage.met(Fault.MESSAGE_LATE);
      return random.nextInt(400) * Schedule.MILLIS;
    }
    long arrival = now + 200 + random.nextInt(jitterMicros + 1);
    return arrivals.merge(link, arrival, Math::max) - now;
  }

  private boolean isLet(Link link) {
    Integer count = left.get(link);
    if (count != null && count > 0) {
      left.put(link, count - 1);
    }
    return count == null || count > 0;
  }

  /** Lets so many more messages through, and loses all that follow, until all is mended. */
  void cutAfter(NodeId from, NodeId to, int messages) {
    left.put(new Link(from, to), messages);
  }

  boolean isCut(NodeId from, NodeId to) {
    return cuts.getOrDefault(new Link(from, to), 0) > 0;
  }

  void cut(NodeId from, NodeId to) {
    cuts.merge(new Link(from, to), 1, Integer::sum);
  }

  void mend(NodeId from, NodeId to) {
    cuts.computeIfPresent(new Link(from, to), (link, count) -> count == 1 ? null : count - 1);
  }

  void mendAll() {
    cuts.clear();
    left.clear();
  }
}
