package io.trefoil.simulation.cluster;

import io.trefoil.base.NodeId;
import io.trefoil.control.ClusterNode;
import io.trefoil.node.NodeIdentity;
import io.trefoil.node.QuorumView;
import io.trefoil.node.ReplicaView;
import io.trefoil.simulation.Schedule;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/** What goes wrong in a cluster from outside: network, processes, machines, disks, clocks. */
final class ClusterFaults {
  /** Starts a machine's process again, some time later. */
  interface Starter {
    void startLater(Machine machine, int meanMillis);
  }

  private final ClusterWorld world;
  private final ClusterShape shape;
  private final SplittableRandom diskRandom;
  private SplittableRandom random; // of the kind of fault that happens now
  private final SimulatedClient operator;
  private final Administrator.Changes changes;
  private final Starter starter;

  /** Null where replicas are not compared. */
  private final SilentDamage silentDamage;

  private int others;
  private int happened;
  private Machine lostWrites;
  private long lostUnder;
  private boolean replaced;
  private boolean over;

  /**
   * @param operator creates and drops databases
   * @param silentDamage null where replicas are not compared
   */
  ClusterFaults(
      ClusterWorld world,
      SplittableRandom random,
      SplittableRandom diskRandom,
      SimulatedClient operator,
      Administrator.Changes changes,
      Starter starter,
      SilentDamage silentDamage) {
    this.world = world;
    this.shape = world.shape();
    this.random = random;
    this.diskRandom = diskRandom;
    this.operator = operator;
    this.changes = changes;
    this.starter = starter;
    this.silentDamage = silentDamage;
  }

  /** No more from now on. */
  void end() {
    over = true;
    world.machines.forEach(this::putBack);
  }

  /** Begins; each kind comes again and again, at the rate of the shape. */
  void schedule() {
    every(shape.rate(FaultRate.CUTS), this::cut);
    every(shape.rate(FaultRate.BROKEN_CONNECTIONS), this::breakConnection);
    every(shape.rate(FaultRate.KILLS), this::killOne);
    every(shape.rate(FaultRate.PAUSES), this::pauseOne);
    every(shape.rate(FaultRate.POWER_CUTS), this::losePower);
    every(shape.rate(FaultRate.DISK_FAULTS), this::breakDisk);
    every(shape.rate(FaultRate.CLOCK_FAULTS), this::moveClock);
    every(shape.rate(FaultRate.DISK_LOSSES), this::loseDisk);
    every(shape.rate(FaultRate.OTHER_DATABASES), this::createAndDrop);
    every(shape.rate(FaultRate.RULE_CHANGES), () -> changes.changeRule(random));
    every(shape.rate(FaultRate.MOVES), () -> changes.move(random));
    every(shape.rate(FaultRate.SWITCHOVERS), () -> changes.switchOver(random));
    every(
        shape.rate(FaultRate.NEW_CONTROLLERS),
        () -> {
          world.count("controller replaced");
          world.anyRegion(random).consensus.replaceLeader();
        });
    every(shape.rate(FaultRate.REGION_CUTS), this::cutRegions);
    every(shape.rate(FaultRate.REGION_OUTAGES), this::loseRegion);
    every(shape.rate(FaultRate.BAD_SYNCS), this::breakSyncs);
    every(shape.rate(FaultRate.HEALED_DISKS), this::damageAndHeal);
    every(shape.rate(FaultRate.SILENT_DAMAGE), this::damageSilently);
  }

  /** How many faults there were. */
  int happened() {
    return happened;
  }

  /** Kills whoever leads something, though no rate says so. */
  void killLeader() {
    happened++;
    world.machines.stream()
        .filter(this::leadsSomething)
        .findFirst()
        .ifPresent(
            machine -> {
              kill(machine, false);
              starter.startLater(machine, 2_000);
            });
  }

  private void every(int meanMillis, Runnable fault) {
    SplittableRandom own = random.split();
    if (meanMillis > 0) {
      again(meanMillis, own, fault);
    }
  }

  private void again(int meanMillis, SplittableRandom own, Runnable fault) {
    world.schedule.after(
        (1 + own.nextInt(2 * meanMillis)) * Schedule.MILLIS,
        () -> {
          if (!over) {
            happened++;
            random = own;
            fault.run();
            again(meanMillis, own, fault);
          }
        });
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
    switch (random.nextInt(6)) {
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
      case 3 -> {
        world.count("bridge");
        world.note("net", "only " + one + " reaches both of two groups");
        cutApart(lasts, each -> each != one && random.nextBoolean(), each -> each != one);
      }
      case 4 -> {
        world.count("ring");
        world.note("net", "each reaches its two neighbours alone");
        cutToRing(lasts);
      }
      default -> {
        world.count("split in two");
        world.note("net", "split in two");
        cutApart(lasts, each -> random.nextBoolean(), each -> true);
      }
    }
    if (random.nextInt(3) == 0) {
      breakConnection();
    }
  }

  /**
   * Cuts two groups from each other.
   *
   * @param here who is in the one group
   * @param any who is in either
   */
  private void cutApart(long lasts, Predicate<Machine> here, Predicate<Machine> any) {
    Set<Machine> group = new HashSet<>(world.machines.stream().filter(here).toList());
    for (Machine from : world.machines) {
      for (Machine to : world.machines) {
        if (any.test(from) && any.test(to) && group.contains(from) != group.contains(to)) {
          world.network.cut(from, to, lasts);
        }
      }
    }
  }

  /**
   * Every node still reaches a majority, and no two the same. Three nodes lose one way of theirs.
   */
  private void cutToRing(long lasts) {
    int nodes = world.machines.size();
    for (Machine from : world.machines) {
      for (Machine to : world.machines) {
        int distance = Math.abs(from.number - to.number);
        boolean isNeighbour = distance == 1 || distance == nodes - 1 && nodes > 3;
        if (!isNeighbour) {
          world.network.cut(from, to, lasts);
        }
      }
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
    if (machine.isUp() && random.nextInt(5) == 0) {
      world.count("stopped cleanly");
      world.note(machine, "is asked to stop");
      machine.process.stop(() -> starter.startLater(machine, 1_000));
    } else if (machine.isUp()) {
      kill(machine, random.nextInt(100) < shape.rate(FaultRate.MACHINE_CRASHES));
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

  /** Also for longer than journals are kept for another region. */
  private void cutRegions() {
    SimulatedRegion one = world.anyRegion(random);
    SimulatedRegion other = world.anyRegion(random);
    boolean isLong = random.nextInt(3) == 0;
    long lasts =
        (isLong ? 4_000 + random.nextInt(8_000) : 300 + random.nextInt(4_000)) * Schedule.MILLIS;
    boolean oneWay = random.nextInt(4) == 0;
    world.count(
        oneWay ? "region cut off one way" : isLong ? "regions cut for long" : "regions cut");
    world.note("net", "cut from " + one + " to " + other + (oneWay ? "" : " and back"));
    for (Machine here : one.machines) {
      for (Machine there : other.machines) {
        if (one != other) {
          world.network.cut(here, there, lasts);
        }
        if (one != other && !oneWay) {
          world.network.cut(there, here, lasts);
        }
      }
    }
  }

  private void loseRegion() {
    SimulatedRegion region = world.anyRegion(random);
    boolean withPower = random.nextInt(100) < shape.rate(FaultRate.MACHINE_CRASHES);
    int away = random.nextInt(3) == 0 ? 4_000 : 800;
    world.count("region down");
    world.note("net", region + " is down");
    for (Machine machine : region.machines) {
      if (machine.isUp()) {
        kill(machine, withPower);
      }
      starter.startLater(machine, away);
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

  /**
   * The disk is copied, or an older copy takes its place, or an empty one for a while. Only one
   * machine's writes are ever missing: the next loses some when this one's are whole again.
   */
  private void loseDisk() {
    Machine machine = anyMachine();
    if (!machine.isUp() || machine.isTakenOut() || machine.isDamaged()) {
      return;
    }
    if (!machine.hasBackup() || random.nextInt(4) == 0) {
      kill(machine, false);
      world.count("backup taken");
      world.note(machine, "its disk is copied");
      machine.backUp();
    } else if (lostWrites != null && !isWhole(lostWrites)) {
      return;
    } else if (random.nextBoolean()) {
      kill(machine, false);
      world.count("older disk restored");
      world.note(machine, "has its disk as it was once");
      lostWrites = machine;
      lostUnder = machine.identity.incarnation();
      machine.restore();
    } else if (!replaced && machine.number > 1 && shape.rate(FaultRate.MOVES) == 0) {
      // Where copies move, one could be moved to this disk, which is gone again in a while.
      replaced = true;
      kill(machine, false);
      world.count("disk replaced");
      world.note(machine, "has an empty disk");
      machine.takeOut(diskRandom.nextLong() >>> 1 | 1);
      world.schedule.after(
          (1_000 + random.nextInt(4_000)) * Schedule.MILLIS, () -> putBack(machine));
    }
    starter.startLater(machine, 300);
  }

  /**
   * What is written stays unsynced for seconds; or a sync fails, and what it was for may be lost.
   */
  private void breakSyncs() {
    Machine machine = anyMachine();
    if (random.nextBoolean()) {
      long lasts = (1_000 + random.nextInt(5_000)) * Schedule.MILLIS;
      world.count("disk stalled");
      world.note(machine, "its disk syncs nothing for " + lasts / Schedule.MILLIS + " ms");
      machine.stalledUntilMicros = world.schedule.nowMicros() + lasts;
    } else if (machine.isUp()) {
      world.count("sync failed");
      world.note(machine, "its disk's next sync fails");
      machine.journal.failNextSync();
    }
  }

  /** The node is healed whether or not it found what is damaged. */
  private void damageAndHeal() {
    Machine machine = anyMachine();
    boolean maySuffer = machine.isUp() && !machine.isTakenOut() && !machine.isDamaged();
    if (!maySuffer || lostWrites != null && !isWhole(lostWrites)) {
      return;
    }
    kill(machine, false);
    lostWrites = machine;
    lostUnder = Long.MAX_VALUE; // until it is healed
    if (random.nextBoolean()) {
      world.count("bit flipped");
      world.note(machine, "a bit of its journal turned over");
      machine.journal.flipBit(random);
    } else {
      world.count("cell damaged");
      world.note(machine, "one of its cells is damaged");
      machine.cells.damage(random.nextLong());
    }
    starter.startLater(machine, 300);
    world.schedule.after((500 + random.nextInt(3_000)) * Schedule.MILLIS, () -> heal(machine));
  }

  private void heal(Machine machine) {
    if (!over && !machine.isTakenOut()) {
      fillAnew(machine);
    }
  }

  private void damageSilently() {
    Machine machine = anyMachine();
    boolean maySuffer = machine.isUp() && !machine.isTakenOut() && !machine.isDamaged();
    boolean isOnlyOne = lostWrites == null || isWhole(lostWrites);
    if (maySuffer && isOnlyOne && silentDamage.damage(machine)) {
      lostWrites = machine;
      lostUnder = 0; // what is written over it mends it, too
    }
  }

  /** The machine's node was told that its replica is damaged, and has stopped: it is healed. */
  void condemned(Machine machine) {
    lostWrites = machine;
    lostUnder = Long.MAX_VALUE; // until it is healed
    world.schedule.after(
        (300 + diskRandom.nextInt(2_000)) * Schedule.MILLIS,
        () -> {
          // Else it was healed already, or it is to be found once more.
          if (!machine.isTakenOut() && machine.cells.isDamaged()) {
            fillAnew(machine);
          }
        });
  }

  private void fillAnew(Machine machine) {
    if (machine.isUp()) {
      kill(machine, false);
    }
    world.count("disk healed");
    world.note(machine, "has its data set aside, to be filled anew");
    lostUnder = machine.identity.incarnation();
    machine.heal();
    starter.startLater(machine, 300);
  }

  private void putBack(Machine machine) {
    if (machine.isTakenOut()) {
      if (machine.isUp()) {
        kill(machine, false);
      }
      world.count("disk put back");
      world.note(machine, "has its disk again");
      machine.putBack();
      starter.startLater(machine, 300);
    }
  }

  /** Whether all that the machine is to have is there again since it lost some of it. */
  private boolean isWhole(Machine machine) {
    if (!machine.isUp()
        || machine.isTakenOut()
        || machine.cells.isSilentlyDamaged()
        || !machine.process.serves()) {
      return false;
    }
    NodeIdentity identity = machine.identity;
    ClusterNode known = machine.process.core().state().nodes().get(new NodeId(identity.node()));
    return identity.incarnation() > lostUnder
        && known.incarnation() == identity.incarnation()
        && !known.amnesiac()
        && machine.process.core().replicas().stream().allMatch(ReplicaView::counts)
        && machine.process.core().quorums().stream().allMatch(QuorumView::counts);
  }

  /** The wall clock jumps; the monotonic one does not. */
  private void moveClock() {
    Machine machine = anyMachine();
    if (random.nextInt(3) == 0 && machine.clockStandsAt == 0) {
      world.count("wall clock frozen");
      world.note(machine, "its clock stands still");
      machine.clockStandsAt = machine.isUp() ? machine.process.clock().wallMillis() : 0;
      world.schedule.after(
          (100 + random.nextInt(3_000)) * Schedule.MILLIS, () -> machine.clockStandsAt = 0);
      return;
    }
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
