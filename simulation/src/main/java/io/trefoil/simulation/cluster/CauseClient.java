package io.trefoil.simulation.cluster;

import java.util.List;
import java.util.SplittableRandom;

/**
 * A client of one region that writes a cause and then its effect, in one partition; or answers a
 * cause of another region with an effect in its own. And it reads effects before their causes, in a
 * session with one node: who sees an effect must see its cause, wherever both came from.
 */
final class CauseClient extends SimulatedClient {
  private static final int WRITES_A_PAIR = 20;
  private static final String CAUSE = "-cause";
  private final SimulatedRegion home;
  private int written;

  /** So that a read of both is known to be of one connection. */
  private int connections;

  /**
   * @param seen the number that an effect and then its cause showed
   */
  record Seen(String who, String key, long nanos, int effect, int cause) {
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
    int kind = random.nextInt(4);
    if (kind == 0) {
      int number = ++written;
      String pair = pair(home, number / WRITES_A_PAIR);
      write(pair + CAUSE, number, () -> write(pair + effect(home), number, this::work));
      return;
    }
    SimulatedRegion other = world.anyRegion(random);
    String pair = pair(other, Math.max(0, world.pairsWritten(other) - random.nextInt(2)));
    if (kind == 1 && other != home) {
      answer(pair);
    } else {
      read(pair, pair + effect(world.anyRegion(random)));
    }
  }

  private static String effect(SimulatedRegion by) {
    return "-" + by;
  }

  /** Writes an effect of what it sees. */
  private void answer(String pair) {
    world.started();
    ask(
        cause -> {
          if (isRead(cause) && number(cause) > 0) {
            write(pair + effect(home), number(cause), this::work);
          } else {
            work();
          }
          world.answered();
        },
        "GET",
        pair + CAUSE);
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
            world.wrotePair(home, written / WRITES_A_PAIR);
            then.run();
          } else {
            work();
          }
        },
        "SET",
        key,
        value);
  }

  private void read(String pair, String effectKey) {
    world.started();
    ask(
        effect -> {
          int connection = connections;
          world.started();
          ask(
              cause -> {
                if (connection == connections && isRead(effect) && isRead(cause)) {
                  Seen seen = new Seen(name, effectKey, nowNanos(), number(effect), number(cause));
                  world.note(name, seen);
                  world.sees(seen);
                }
                world.answered();
                work();
              },
              "GET",
              pair + CAUSE);
          world.answered();
        },
        "GET",
        effectKey);
  }

  private static boolean isRead(String reply) {
    return reply != null && reply.startsWith("$");
  }

  private static int number(String reply) {
    return reply.equals("$-1") ? 0 : Integer.parseInt(reply.substring(1));
  }
}
