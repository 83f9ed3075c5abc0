package io.trefoil.simulation.cluster;

import io.trefoil.simulation.Schedule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Cuts, delays, and which connections stand. */
final class ClusterNetwork {
  /** A connection that stands. */
  interface Stream {
    boolean endsAt(Machine machine);

    boolean connects(Machine one, Machine other);

    void breakNow();
  }

  private static final long LOOK_AGAIN_MICROS = 20 * Schedule.MILLIS;

  private record Way(int from, int to) {}

  private final Schedule schedule;
  private final SplittableRandom random;
  private final Map<Way, Integer> cuts = new HashMap<>(); // never iterated
  private final List<Stream> streams = new ArrayList<>();
  private int slowPerMille;
  private long betweenMicros;

  ClusterNetwork(Schedule schedule, SplittableRandom random) {
    this.schedule = schedule;
    this.random = random;
  }

  /** How many of a thousand messages take long. */
  void slow(int perMille) {
    slowPerMille = perMille;
  }

  long latencyMicros() {
    if (random.nextInt(1_000) < slowPerMille) {
      return (5 + random.nextInt(200)) * Schedule.MILLIS;
    }
    return 60 + random.nextInt(400);
  }

  /** How much longer a message takes from one region to another. */
  void between(long micros) {
    betweenMicros = micros;
  }

  long latencyMicros(Machine from, Machine to) {
    boolean far = from.region != null && to.region != null && from.region != to.region;
    return latencyMicros() + (far ? betweenMicros : 0);
  }

  void opened(Stream stream) {
    streams.add(stream);
  }

  void closed(Stream stream) {
    streams.remove(stream);
  }

  /** One direction of a connection: delivers in order, and holds back while its way is cut. */
  final class Pipe {
    private record Item(long atMicros, Runnable action) {}

    private final Machine from;
    private final Machine to;
    private final ArrayDeque<Item> items = new ArrayDeque<>();
    private long lastMicros;
    private long lostAfter = Long.MAX_VALUE;

    Pipe(Machine from, Machine to) {
      this.from = from;
      this.to = to;
    }

    /** Delivers after some time, what was sent before first. */
    void send(long delayMicros, Runnable action) {
      long arrives = schedule.nowMicros() + delayMicros + latencyMicros(from, to);
      lastMicros = Math.max(lastMicros, arrives);
      items.add(new Item(lastMicros, action));
      if (items.size() == 1) {
        awaitFirst();
      }
    }

    private void awaitFirst() {
      schedule.after(Math.max(0, items.peek().atMicros() - schedule.nowMicros()), this::deliver);
    }

    private void deliver() {
      if (schedule.nowMicros() > lostAfter) {
        items.clear();
      } else if (isCut(from, to)) {
        schedule.after(LOOK_AGAIN_MICROS, this::deliver);
      } else {
        Item item = items.poll();
        if (!items.isEmpty()) {
          awaitFirst();
        }
        item.action().run();
      }
    }

    /** The connection broke: what is on its way arrives for a moment only. */
    void close() {
      lostAfter = schedule.nowMicros() + random.nextInt(1_000);
    }
  }

  boolean isCut(Machine from, Machine to) {
    return cuts.getOrDefault(new Way(from.number, to.number), 0) > 0;
  }

  /** Cuts one way for a while. */
  void cut(Machine from, Machine to, long micros) {
    if (from == to) {
      return;
    }
    Way way = new Way(from.number, to.number);
    cuts.merge(way, 1, Integer::sum);
    schedule.after(
        micros, () -> cuts.computeIfPresent(way, (it, count) -> count == 1 ? null : count - 1));
  }

  void mendAll() {
    cuts.clear();
  }

  /** Breaks the connections that one dialed to the other. */
  void breakConnections(Machine from, Machine to) {
    for (Stream stream : List.copyOf(streams)) {
      if (stream.connects(from, to)) {
        stream.breakNow();
      }
    }
  }

  /** Breaks what others dialed to a machine whose process died. */
  void processDied(Machine machine) {
    for (Stream stream : List.copyOf(streams)) {
      if (stream.endsAt(machine)) {
        stream.breakNow();
      }
    }
  }
}
