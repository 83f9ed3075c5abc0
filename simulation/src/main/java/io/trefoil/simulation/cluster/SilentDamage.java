package io.trefoil.simulation.cluster;

import io.trefoil.simulation.Schedule;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Cells that a disk gives back otherwise than they were written, or not at all, without a checksum
 * that shows it. Only cells that no client looks at while it runs: what is read of such a replica
 * is wrong until it is compared, and so is what it would write because of it.
 */
final class SilentDamage {
  /** So many that each partition has some. */
  private static final int CELLS = 32;

  private static final long AGAIN_MICROS = 100 * Schedule.MILLIS;

  private final ClusterWorld world;
  private final SplittableRandom random;
  private boolean everDone;

  SilentDamage(ClusterWorld world, SplittableRandom random) {
    this.world = world;
    this.random = random;
  }

  /** What is there in the end. */
  static Map<String, String> cells() {
    Map<String, String> cells = new TreeMap<>();
    for (int i = 0; i < CELLS; i++) {
      cells.put("unread-" + i, "value-" + i);
    }
    return cells;
  }

  /** Writes the cells; {@code then} runs when all are acknowledged. */
  void write(SimulatedClient client, Runnable then) {
    write(client, 0, then);
  }

  private void write(SimulatedClient client, int next, Runnable then) {
    if (next == CELLS) {
      then.run();
      return;
    }
    client.ask(
        reply -> {
          if ("+OK".equals(reply)) {
            write(client, next + 1, then);
          } else {
            world.schedule.after(AGAIN_MICROS, () -> write(client, next, then));
          }
        },
        "SET",
        "unread-" + next,
        "value-" + next);
  }

  /** Damages one of the cells that the machine's disk has; false when it has none yet. */
  boolean damage(Machine machine) {
    int first = random.nextInt(CELLS);
    boolean vanishes = random.nextBoolean();
    for (int i = 0; i < CELLS; i++) {
      String key = "unread-" + (first + i) % CELLS;
      if (machine.cells.damageSilently(key.getBytes(StandardCharsets.UTF_8), vanishes)) {
        everDone = true;
        world.count(vanishes ? "cell lost silently" : "cell changed silently");
        world.note(machine, (vanishes ? "has lost " : "has another ") + key + " silently");
        return true;
      }
    }
    return false;
  }

  /** Whether there ever was any: else no two replicas differ at any time. */
  boolean wasEverDone() {
    return everDone;
  }

  /** Whether some disk has it now. */
  boolean isAnywhere() {
    return world.machines.stream().anyMatch(machine -> machine.cells.isSilentlyDamaged());
  }
}
