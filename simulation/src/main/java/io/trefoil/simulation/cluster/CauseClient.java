package io.trefoil.simulation.cluster;

import java.util.List;
import java.util.SplittableRandom;

/**
 * A client of one region that writes a cause and then its effect, in one partition, and reads other
 * regions' effects before their causes, in a session with one node: who sees an effect must see its
 * cause.
 */
final class CauseClient extends SimulatedClient {
  private static final int WRITES_A_PAIR = 20;
  private final SimulatedRegion home;
  private int written;

  /** So that a read of both is known to be of one connection. */
  private int connections;

  /**
   * @param seen the number that an effect and then its cause showed
   */
  record Seen(String who, String pair, long nanos, int effect, int cause) {
    boolean isBroken() {
      return cause < effect;
    }
  }

  CauseClient(
      ClusterWorld world, Machine own, String name, SplittableRandom random, SimulatedRegion home) {
    super(world, own, name, random, Work.READS_AND_WRITES);
    this.home = home;
  }

  @Override
  Machine target() {
    return home.anyMachine(random);
  }

  @Override
  List<String[]> greeting() {
    connections++;
    return List.<String[]>of(new String[] {"CONSISTENCY", "SESSION"});
  }

  @Override
  void next() {
    if (random.nextInt(20) == 0) {
      disconnect(); // and asks another node from now on
    }
    if (random.nextInt(3) == 0) {
      String pair = pair(home, written / WRITES_A_PAIR);
      int number = ++written;
      write(pair + "a", number, () -> write(pair + "b", number, this::work));
    } else {
      SimulatedRegion other = world.regions.get(random.nextInt(world.regions.size()));
      int pairs = world.pairsWritten(other);
      read(pair(other, Math.max(0, pairs - random.nextInt(2))));
    }
  }

  private static String pair(SimulatedRegion region, int number) {
    return "{cause-" + region + "-" + number + "}";
  }

  private void write(String key, int number, Runnable then) {
    String value = Integer.toString(number);
    world.started();
    ask(
        reply -> {
          world.note(name, key + " is set to " + value + ": " + reply);
          world.answered();
          if ("+OK".equals(reply)) {
            world.wrotePair(home, number / WRITES_A_PAIR);
            then.run();
          } else {
            work();
          }
        },
        "SET",
        key,
        value);
  }

  private void read(String pair) {
    world.started();
    ask(
        effect -> {
          int connection = connections;
          world.started();
          ask(
              cause -> {
                if (connection == connections && isRead(effect) && isRead(cause)) {
                  Seen seen = new Seen(name, pair, nowNanos(), number(effect), number(cause));
                  world.note(name, seen);
                  world.effects.add(seen);
                }
                world.answered();
                work();
              },
              "GET",
              pair + "a");
          world.answered();
        },
        "GET",
        pair + "b");
  }

  private static boolean isRead(String reply) {
    return reply != null && reply.startsWith("$");
  }

  private static int number(String reply) {
    return reply.equals("$-1") ? 0 : Integer.parseInt(reply.substring(1));
  }
}
