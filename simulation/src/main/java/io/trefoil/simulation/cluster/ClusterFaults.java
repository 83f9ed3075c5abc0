package io.trefoil.simulation.cluster;

import io.trefoil.node.ReplicaView;
import io.trefoil.simulation.Schedule;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;

/** What goes wrong in a cluster from outside: network, processes, machines, disks, clocks. */
final class ClusterFaults {
  /** Starts a machine's process again, some time later. */
  interface Starter {
    void startLater(Machine machine, int meanMillis);
  }

  private final ClusterWorld world;
  private final ClusterShape shape;
  private final SplittableRandom random;
  private final SplittableRandom diskRandom;
  private final SimulatedClient operator;
  private final Starter starter;
  private int others;
  private boolean over;

  /**
   * @param operator creates and drops databases
   */
  ClusterFaults(
      ClusterWorld world,
      SplittableRandom random,
      SplittableRandom diskRandom,
      SimulatedClient operator,
      Starter starter) {
    this.world = world;
    this.shape = world.shape();
    this.random = random;
    this.diskRandom = diskRandom;
    this.operator = operator;
    this.starter = starter;
  }

  /** No more from now on. */
  void end() {
    over = true;
  }

  /** Begins; each kind comes again and again, at the rate of the shape. */
  void schedule() {
    every(shape.cutEveryMillis(), this::cut);
    every(shape.breakEveryMillis(), this::breakConnection);
    every(shape.killEveryMillis(), this::killOne);
    every(shape.pauseEveryMillis(), this::pauseOne);
    every(shape.powerEveryMillis(), this::losePower);
    every(shape.diskFaultEveryMillis(), this::breakDisk);
    every(shape.clockEveryMillis(), this::moveClock);
    every(shape.otherDatabaseEveryMillis(), this::createAndDrop);
    every(
        shape.controllerEveryMillis(),
        () -> {
          world.count("controller replaced");
          world.consensus.replaceLeader();
        });
  }

  private void every(int meanMillis, Runnable fault) {
    if (meanMillis > 0) {
      world.schedule.after(
          (1 + random.nextInt(2 * meanMillis)) * Schedule.MILLIS,
          () -> {
            if (!over) {
              fault.run();
              every(meanMillis, fault);
            }
          });
    }
  }

  /** A leader more often than others. */
  private Machine anyMachine() {
    Machine any = world.anyMachine(random);
    if (random.nextInt(3) == 0) {
      return world.machines.stream().filter(this::leadsSomething).findFirst().orElse(any);
    }
    return any;
  }

  private boolean leadsSomething(Machine machine) {
    return machine.isUp()
        && machine.process.core().replicas().stream().anyMatch(ReplicaView::leads);
  }

  private void cut() {
    Machine one = anyMachine();
    Machine other = world.anyMachine(random);
    long lasts = (50 + random.nextInt(3_000)) * Schedule.MILLIS;
    switch (random.nextInt(4)) {
      case 0 -> {
        world.count("cut one way");
        world.note(one, "cut on the way to " + other);
        world.network.cut(one, other, lasts);
      }
      case 1 -> {
        world.count("cut both ways");
        world.note(one, "cut from and to " + other);
        world.network.cut(one, other, lasts);
        world.network.cut(other, one, lasts);
      }
      case 2 -> {
        world.count("node cut off");
        world.note(one, "cut off");
        for (Machine each : world.machines) {
          world.network.cut(one, each, lasts);
          world.network.cut(each, one, lasts);
        }
      }
      default -> {
        world.count("split in two");
        Set<Machine> here = new HashSet<>();
        world.machines.forEach(
            each -> {
              if (random.nextBoolean()) {
                here.add(each);
              }
            });
        for (Machine from : world.machines) {
          for (Machine to : world.machines) {
            if (here.contains(from) != here.contains(to)) {
              world.network.cut(from, to, lasts);
            }
          }
        }
        world.note("net", "split in two");
      }
    }
    if (random.nextInt(3) == 0) {
      breakConnection();
    }
  }

  private void breakConnection() {
    Machine one = anyMachine();
    Machine other = world.anyMachine(random);
    world.count("connection broken");
    world.note(one, "connections to " + other + " break");
    world.network.breakConnections(one, other);
  }

  private void killOne() {
    Machine machine = anyMachine();
    if (machine.isUp()) {
      kill(machine, random.nextInt(100) < shape.machines());
      starter.startLater(machine, random.nextInt(3) == 0 ? 3_000 : 300);
    }
  }

  private void kill(Machine machine, boolean withMachine) {
    world.count(withMachine ? "machine crashed" : "process killed");
    world.note(machine, withMachine ? "its machine crashes" : "killed");
    machine.process.kill();
    if (withMachine && machine.journal.loseUnsynced(diskRandom)) {
      world.count("unsynced writes lost");
    }
  }

  private void losePower() {
    world.count("all without power");
    for (Machine machine : world.machines) {
      if (machine.isUp()) {
        kill(machine, true);
      }
      starter.startLater(machine, 1_000);
    }
  }

  private void pauseOne() {
    Machine machine = anyMachine();
    if (machine.isUp()) {
      world.count("paused");
      long lasts = (20 + random.nextInt(2_000)) * Schedule.MILLIS;
      world.note(machine, "paused for " + lasts / Schedule.MILLIS + " ms");
      machine.process.pause(lasts);
    }
  }

  /** Full for a while: the node may have to stop. Or a bit turns over while no process runs. */
  private void breakDisk() {
    Machine machine = anyMachine();
    if (random.nextBoolean()) {
      world.count("disk full");
      world.note(machine, "its disk is full");
      machine.journal.full(true);
      world.schedule.after(
          (100 + random.nextInt(3_000)) * Schedule.MILLIS, () -> machine.journal.full(false));
    } else if (machine.isUp()) {
      world.count("bit flipped");
      kill(machine, false);
      machine.journal.flipBit(diskRandom);
      world.note(machine, "a bit of its journal turned over");
      starter.startLater(machine, 300);
      world.schedule.after(
          (500 + random.nextInt(2_000)) * Schedule.MILLIS,
          () -> {
            if (!machine.isUp()) {
              machine.journal.repair();
              starter.startLater(machine, 300);
            }
          });
    }
  }

  /** The wall clock jumps; the monotonic one does not. */
  private void moveClock() {
    Machine machine = anyMachine();
    world.count("wall clock moved");
    machine.wallOffsetMillis += random.nextInt(4_001) - 2_000;
    world.note(machine, "its clock is wrong by " + machine.wallOffsetMillis + " ms");
  }

  /** Another database comes and goes; nobody waits for it. */
  private void createAndDrop() {
    if (operator.isBusy()) {
      return;
    }
    world.count("other database");
    String name = "other" + ++others;
    operator.ask(
        created ->
            operator.ask(
                written -> operator.ask(dropped -> {}, "DATABASE", "DROP", name),
                "SET",
                "unchecked",
                name),
        "DATABASE",
        "CREATE",
        name,
        "PARTITIONS",
        "2");
  }
}
