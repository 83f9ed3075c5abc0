package io.trefoil.simulation.cluster;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.check.Durability;
import io.trefoil.check.Invocation;
import io.trefoil.check.Linearizability;
import io.trefoil.check.StringModel;
import io.trefoil.check.Violation;
import io.trefoil.node.LeftHistory;
import io.trefoil.node.ReplicaView;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.node.settings.SettingsReader;
import io.trefoil.simulation.Schedule;
import io.trefoil.simulation.SimulationFailure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * One run of a whole cluster: the seed decides its shape, its faults, its clients and every delay.
 * First faults for some seconds, in which nothing wrong may happen; then everything heals, writes
 * must succeed again and all replicas become equal; then what the clients saw is checked.
 */
public final class ClusterSimulation implements ClusterWorld.Director {
  private static final long SETUP_MICROS = 60_000 * Schedule.MILLIS;
  private static final long HEAL_MICROS = 60_000 * Schedule.MILLIS;
  private static final long WATCH_MICROS = 10 * Schedule.MILLIS;
  private static final long AGAIN_MICROS = 100 * Schedule.MILLIS;

  private final long seed;
  private final ClusterShape shape;
  private final ClusterWorld world;
  private final SplittableRandom random;
  private final SplittableRandom diskRandom;
  private final List<SimulatedClient> clients = new ArrayList<>();
  private final ClusterCoverage coverage = new ClusterCoverage();
  private final Map<PartitionId, Map<Long, NodeId>> leaders = new HashMap<>();
  private final Machine clientMachine = new Machine(0, 1_000, 0);
  private SimulatedClient operator;
  private boolean created;
  private boolean healed;
  private boolean mayLose;
  private int others;
  private int lives;
  private SimulationFailure broken;

  /**
   * @param traceLines how many of the last lines are kept
   */
  public ClusterSimulation(long seed, int traceLines) {
    this.seed = seed;
    // One stream per purpose: a draw more for one must not shift the others.
    SplittableRandom root = new SplittableRandom(seed);
    this.shape = ClusterShape.draw(root.split());
    this.random = root.split();
    this.diskRandom = root.split();
    this.world = new ClusterWorld(shape, root.split(), traceLines, this);
    SplittableRandom clocks = root.split();
    for (int i = 1; i <= shape.nodes(); i++) {
      world.machines.add(new Machine(i, 950 + clocks.nextInt(101), 1 + (clocks.nextLong() >>> 1)));
    }
    SplittableRandom clientRandom = root.split();
    operator = new SimulatedClient(world, clientMachine, "operator", clientRandom.split());
    for (int i = 1; i <= shape.clients(); i++) {
      clients.add(new SimulatedClient(world, clientMachine, "c" + i, clientRandom.split()));
    }
  }

  /**
   * Runs to the end.
   *
   * @return what was met
   * @throws SimulationFailure when a promise was broken; the message has the seed, the shape and
   *     the last lines of the trace
   */
  public ClusterCoverage run() {
    try {
      runAll();
    } catch (RuntimeException e) {
      throw new SimulationFailure(report(e), e);
    }
    coverage.ran(shape.rule());
    return coverage;
  }

  private String report(RuntimeException e) {
    StringBuilder text = new StringBuilder();
    world.trace().forEach(line -> text.append(line).append('\n'));
    world.machines.forEach(
        machine -> {
          text.append(machine).append(machine.isUp() ? "" : " is down").append('\n');
          if (machine.isUp()) {
            machine.process.core().replicas().forEach(it -> text.append("  " + it + "\n"));
          }
        });
    return text + "cluster seed " + seed + ": " + e.getMessage() + "\n" + shape;
  }

  public List<String> trace() {
    return world.trace();
  }

  /** How long the simulated world has lived. */
  public long simulatedMillis() {
    return world.schedule.nowMicros() / Schedule.MILLIS;
  }

  /** How many things happened. */
  public long events() {
    return world.schedule.run();
  }

  /** What clients asked and saw. */
  public List<Invocation> history() {
    return List.copyOf(world.history);
  }

  private void runAll() {
    world.machines.forEach(this::start);
    world.schedule.after(WATCH_MICROS, this::watch);
    create();
    runUntil(SETUP_MICROS, () -> created);
    ClusterWorld.require(created, "the database was not created in a minute");
    clients.forEach(SimulatedClient::work);
    world.chance.faults(true);
    world.network.slow(shape.slowNetPerMille());
    scheduleFaults();
    runUntil(world.schedule.nowMicros() + shape.faultsMillis() * Schedule.MILLIS, () -> false);
    heal();
    long healedAt = world.schedule.nowMicros();
    runUntil(healedAt + HEAL_MICROS, () -> wroteSince(healedAt));
    ClusterWorld.require(wroteSince(healedAt), "no write succeeded in a minute after the faults");
    clients.forEach(SimulatedClient::stop);
    runUntil(healedAt + 2 * HEAL_MICROS, () -> world.allAnswered() && areEqual());
    ClusterWorld.require(world.allAnswered(), "a client waits for ever");
    ClusterWorld.require(areEqual(), "the replicas did not become equal after the faults");
    check();
  }

  private void runUntil(long micros, BooleanSupplier done) {
    while (world.schedule.nowMicros() < micros && !done.getAsBoolean()) {
      ClusterWorld.require(world.schedule.runNext(), "nothing happens any more");
      if (broken != null) {
        throw broken;
      }
    }
  }

  // Processes.

  private void start(Machine machine) {
    world.note(machine, "starts");
    new SimulatedProcess(world, machine, settings(machine), ++lives).start();
  }

  private NodeSettings settings(Machine machine) {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--node.name",
                machine.name(),
                "--data.dir",
                "/simulated/" + machine.name(),
                "--client.port",
                Integer.toString(10_000 + machine.number),
                "--peer.port",
                Integer.toString(ClusterWorld.FIRST_PEER_PORT + machine.number),
                "--control.port",
                Integer.toString(20_000 + machine.number),
                "--http.port",
                Integer.toString(30_000 + machine.number),
                "--memory.table",
                "16mb",
                "--journal.segment",
                "64kb",
                "--journal.keep",
                "128kb",
                "--cluster.database0-partitions",
                "1",
                "--cluster.expect",
                Integer.toString(shape.nodes())));
    if (machine.number > 1) {
      flags.addAll(List.of("--cluster.join", "127.0.0.1:" + (ClusterWorld.FIRST_PEER_PORT + 1)));
    }
    return SettingsReader.read(flags);
  }

  @Override
  public void died(SimulatedProcess process) {
    Machine machine = process.machine;
    machine.cells = machine.cells.afterCrash();
    world.network.processDied(machine);
  }

  @Override
  public void killBetweenEffects(SimulatedProcess process) {
    count("killed between two effects");
    process.kill();
    startLater(process.machine, 300);
  }

  @Override
  public void failed(SimulatedProcess process, String what, Throwable cause) {
    if (process.machine.journal.isFull() || process.machine.journal.isDamaged()) {
      count("node stopped by its disk");
      world.note(process.machine, "stops itself: " + what + ": " + cause.getMessage());
      process.kill();
      startLater(process.machine, 1_000);
      return;
    }
    if (what.equals("joining the cluster")) {
      // The late word of a process that died before: whoever watches over a node starts it again.
      count("start refused");
      world.note(process.machine, cause.getMessage());
      process.kill();
      startLater(process.machine, 300);
      return;
    }
    SimulationFailure failure =
        new SimulationFailure(process + " stops itself: " + what + ": " + cause);
    failure.initCause(cause);
    broken = failure;
    process.kill();
  }

  private void startLater(Machine machine, int meanMillis) {
    world.schedule.after(
        (1 + random.nextInt(2 * meanMillis)) * Schedule.MILLIS,
        () -> {
          if (!machine.isUp()) {
            start(machine);
          }
        });
  }

  // The database.

  private void create() {
    operator.ask(
        reply -> {
          if (reply != null && (reply.startsWith("+OK") || reply.contains("exists"))) {
            created = true;
          } else {
            world.schedule.after(100 * Schedule.MILLIS, this::create);
          }
        },
        shape.create());
  }

  // Faults.

  private void scheduleFaults() {
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
          count("controller replaced");
          world.consensus.replaceLeader();
        });
  }

  private void every(int meanMillis, Runnable fault) {
    if (meanMillis > 0) {
      world.schedule.after(
          (1 + random.nextInt(2 * meanMillis)) * Schedule.MILLIS,
          () -> {
            if (!healed) {
              fault.run();
              every(meanMillis, fault);
            }
          });
    }
  }

  @Override
  public void count(String what) {
    coverage.met(what);
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
        count("cut one way");
        world.note(one, "cut on the way to " + other);
        world.network.cut(one, other, lasts);
      }
      case 1 -> {
        count("cut both ways");
        world.note(one, "cut from and to " + other);
        world.network.cut(one, other, lasts);
        world.network.cut(other, one, lasts);
      }
      case 2 -> {
        count("node cut off");
        world.note(one, "cut off");
        for (Machine each : world.machines) {
          world.network.cut(one, each, lasts);
          world.network.cut(each, one, lasts);
        }
      }
      default -> {
        count("split in two");
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
    count("connection broken");
    world.note(one, "connections to " + other + " break");
    world.network.breakConnections(one, other);
  }

  private void killOne() {
    Machine machine = anyMachine();
    if (machine.isUp()) {
      kill(machine, random.nextInt(100) < shape.machines());
      startLater(machine, random.nextInt(3) == 0 ? 3_000 : 300);
    }
  }

  private void kill(Machine machine, boolean withMachine) {
    count(withMachine ? "machine crashed" : "process killed");
    world.note(machine, withMachine ? "its machine crashes" : "killed");
    machine.process.kill();
    if (withMachine && machine.journal.loseUnsynced(diskRandom)) {
      count("unsynced writes lost");
    }
  }

  private void losePower() {
    count("all without power");
    for (Machine machine : world.machines) {
      if (machine.isUp()) {
        kill(machine, true);
      }
      startLater(machine, 1_000);
    }
  }

  private void pauseOne() {
    Machine machine = anyMachine();
    if (machine.isUp()) {
      count("paused");
      long lasts = (20 + random.nextInt(2_000)) * Schedule.MILLIS;
      world.note(machine, "paused for " + lasts / Schedule.MILLIS + " ms");
      machine.process.pause(lasts);
    }
  }

  /** Full for a while: the node may have to stop. Or a bit turns over while no process runs. */
  private void breakDisk() {
    Machine machine = anyMachine();
    if (random.nextBoolean()) {
      count("disk full");
      world.note(machine, "its disk is full");
      machine.journal.full(true);
      world.schedule.after(
          (100 + random.nextInt(3_000)) * Schedule.MILLIS, () -> machine.journal.full(false));
    } else if (machine.isUp()) {
      count("bit flipped");
      kill(machine, false);
      machine.journal.flipBit(diskRandom);
      world.note(machine, "a bit of its journal turned over");
      startLater(machine, 300);
      world.schedule.after(
          (500 + random.nextInt(2_000)) * Schedule.MILLIS,
          () -> {
            if (!machine.isUp()) {
              machine.journal.repair();
              startLater(machine, 300);
            }
          });
    }
  }

  /** The wall clock jumps; the monotonic one does not. */
  private void moveClock() {
    Machine machine = anyMachine();
    count("wall clock moved");
    machine.wallOffsetMillis += random.nextInt(4_001) - 2_000;
    world.note(machine, "its clock is wrong by " + machine.wallOffsetMillis + " ms");
  }

  /** Another database comes and goes; nobody waits for it. */
  private void createAndDrop() {
    if (operator.isBusy()) {
      return;
    }
    count("other database");
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

  private void heal() {
    healed = true;
    world.note("net", "HEALED");
    world.chance.faults(false);
    world.network.slow(0);
    world.network.mendAll();
    for (Machine machine : world.machines) {
      machine.wallOffsetMillis = 0;
      machine.journal.full(false);
      if (!machine.isUp()) {
        machine.journal.repair();
      }
    }
    world.machines.stream().filter(machine -> !machine.isUp()).forEach(this::start);
  }

  // Checks while it runs.

  /** One leader in an epoch. */
  private void watch() {
    world.schedule.after(WATCH_MICROS, this::watch);
    for (Machine machine : world.machines) {
      if (!machine.isUp()) {
        continue;
      }
      for (ReplicaView replica : machine.process.core().replicas()) {
        if (replica.leads()) {
          NodeId self = new NodeId(machine.identity.node());
          NodeId other =
              leaders
                  .computeIfAbsent(replica.id(), id -> new HashMap<>())
                  .putIfAbsent(replica.epoch(), self);
          ClusterWorld.require(
              other == null || other.equals(self),
              replica.id()
                  + " has two leaders in epoch "
                  + replica.epoch()
                  + ": "
                  + other
                  + ", "
                  + self);
          if (other == null) {
            count("leaders");
            world.note(machine, "leads " + replica.id() + " in epoch " + replica.epoch());
          }
        }
      }
    }
  }

  private boolean wroteSince(long micros) {
    return world.history.stream()
        .skip(Math.max(0, world.history.size() - 20))
        .anyMatch(
            it -> it.isAcknowledged() && !it.call().isRead() && it.startNanos() > micros * 1_000);
  }

  /** Whether every partition's replicas have committed the same, to the end of their logs. */
  private boolean areEqual() {
    Map<PartitionId, Position> ends = new HashMap<>();
    for (Machine machine : world.machines) {
      if (!machine.isUp() || !machine.process.serves()) {
        return false;
      }
      List<ReplicaView> replicas = machine.process.core().replicas();
      for (ReplicaView replica : replicas) {
        Position end = ends.putIfAbsent(replica.id(), replica.committed());
        if (replica.committed().index() != replica.lastIndex()
            || !replica.counts()
            || end != null && !end.equals(replica.committed())) {
          return false;
        }
      }
      if (replicas.size() != replicasOf(machine)) {
        return false;
      }
    }
    return true;
  }

  /** How many replicas a machine is to have, as it knows. */
  private static long replicasOf(Machine machine) {
    NodeId self = new NodeId(machine.identity.node());
    return machine.process.core().state().partitions().values().stream()
        .filter(partition -> partition.replicas().contains(self))
        .count();
  }

  // Checks at the end.

  private void check() {
    List<Map<String, String>> contents = readEverywhere();
    for (Map<String, String> each : contents) {
      if (!each.equals(contents.get(0))) {
        throw new SimulationFailure("replicas differ: " + difference(contents.get(0), each));
      }
    }
    Map<String, String> data = contents.get(0);
    List<Invocation> unique =
        world.history.stream().filter(it -> it.key().startsWith("unique-")).toList();
    Set<String> saved = savedKeys();
    require(Durability.check(unique, data, shape.oneCopy() ? saved : Set.of()));
    List<Invocation> lost = Durability.lost(unique, data);
    mayLose = !lost.isEmpty();
    lost.forEach(it -> count("acknowledged, lost and saved"));
    world.history.forEach(it -> count(it.outcome().name().toLowerCase(java.util.Locale.ROOT)));
    if (!shape.oneCopy() || !anythingDiverged()) {
      require(Linearizability.check(world.history, new StringModel()));
      count("histories linearizable");
    }
  }

  private static void require(List<Violation> violations) {
    if (!violations.isEmpty()) {
      throw new SimulationFailure(violations.size() + " broken, first " + violations.get(0));
    }
  }

  private boolean anythingDiverged() {
    return mayLose || world.machines.stream().anyMatch(machine -> !machine.diverged.isEmpty());
  }

  private Set<String> savedKeys() {
    Set<String> keys = new TreeSet<>();
    for (Machine machine : world.machines) {
      for (LeftHistory left : machine.diverged.values()) {
        left.batches().forEach(batch -> keys.addAll(WrittenKeys.of(batch)));
      }
    }
    return keys;
  }

  /** What each node's replicas hold, read like a client does of a follower. */
  private List<Map<String, String>> readEverywhere() {
    Set<String> keys = new TreeSet<>();
    world.history.forEach(it -> keys.add(it.key()));
    List<Map<String, String>> all = new ArrayList<>();
    for (Machine machine : world.machines) {
      Reader reader = new Reader(machine, new ArrayList<>(keys));
      reader.begin();
      runUntil(world.schedule.nowMicros() + HEAL_MICROS, () -> reader.isDone());
      ClusterWorld.require(reader.isDone(), machine + " does not answer reads");
      all.add(reader.contents);
    }
    return all;
  }

  /** Reads all keys of one node, where it has a replica; elsewhere from whoever has. */
  private final class Reader {
    private final SimulatedClient client;
    private final List<String> keys;
    final Map<String, String> contents = new TreeMap<>();
    private int next = -1;

    Reader(Machine machine, List<String> keys) {
      this.client =
          new SimulatedClient(
              world, clientMachine, "reader", new SplittableRandom(machine.number)) {
            @Override
            Machine target() {
              return machine;
            }
          };
      this.keys = keys;
    }

    boolean isDone() {
      return next >= keys.size();
    }

    void begin() {
      next = -1;
      ask("READONLY", this::readNext);
    }

    private void readNext(String reply) {
      if (next >= 0 && !reply.equals("$-1")) {
        contents.put(keys.get(next), reply.substring(1));
      }
      if (++next < keys.size()) {
        ask("GET " + keys.get(next), this::readNext);
      }
    }

    /** Asks again while the answer is an error: leaders may change once more. */
    private void ask(String command, Consumer<String> then) {
      client.ask(
          reply -> {
            if (reply == null) {
              // Another connection, which is to be told again that it reads from followers.
              world.schedule.after(AGAIN_MICROS, this::begin);
            } else if (reply.startsWith("-")) {
              world.schedule.after(AGAIN_MICROS, () -> ask(command, then));
            } else {
              then.accept(reply);
            }
          },
          command.split(" "));
    }
  }

  private static String difference(Map<String, String> one, Map<String, String> other) {
    Set<String> keys = new TreeSet<>(one.keySet());
    keys.addAll(other.keySet());
    keys.removeIf(key -> one.containsKey(key) && one.get(key).equals(other.get(key)));
    String first = keys.iterator().next();
    return first + " is " + one.get(first) + " and " + other.get(first);
  }
}
