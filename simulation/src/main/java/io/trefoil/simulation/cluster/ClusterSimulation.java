package io.trefoil.simulation.cluster;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import io.trefoil.control.Durability;
import io.trefoil.control.PartitionState;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.node.QuorumView;
import io.trefoil.node.RegionView;
import io.trefoil.node.ReplicaView;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.node.settings.SettingsReader;
import io.trefoil.replication.multileader.NeighbourView;
import io.trefoil.simulation.Mutant;
import io.trefoil.simulation.Schedule;
import io.trefoil.simulation.SimulationFailure;
import io.trefoil.storage.StorageDamaged;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One run of a whole cluster: the seed decides its shape, its faults, its clients and every delay.
 * First faults for some seconds, in which nothing wrong may happen; then everything heals, writes
 * must succeed again and all replicas become equal; then what the clients saw is checked.
 */
public final class ClusterSimulation implements ClusterWorld.Director {
  private static final long SETUP_MICROS = 60_000 * Schedule.MILLIS;
  private static final long HEAL_MICROS = 60_000 * Schedule.MILLIS;
  private static final long WATCH_MICROS = 10 * Schedule.MILLIS;

  /** Before a key: not what a read of it shows, but all that is kept. */
  private static final String SIBLINGS_OF = "siblings of ";

  private static final long AGAIN_MICROS = 100 * Schedule.MILLIS;

  /** Between regions what is missing takes longer to come. */
  private static final long FAR_AGAIN_MICROS = 3_000 * Schedule.MILLIS;

  /** What a node was doing that stops since others found its replica damaged. */
  private static final String SCRUB = "scrub";

  /** A run that saw less proves little. */
  private static final int STACK_LINES = 12;

  private static final int LEAST_CALLS = 1_000;

  private static final int LEAST_FAULTS = 5;

  /** Of so many one waits until what was removed is forgotten, which takes long. */
  private static final int FORGETTING_SEEDS = 3;

  /** Of so many that are tailed one keeps no journal for it. */
  private static final int SHORT_JOURNALS = 3;

  private static final int LONGEST_SCRUB_SECONDS = 4;

  private static final long FORCED_MICROS = 2_000 * Schedule.MILLIS;

  private final long seed;
  private final ClusterKind kind;
  private final ClusterShape shape;
  private final ClusterWorld world;
  private final SplittableRandom random;
  private final ClusterFaults faults;
  private final List<SimulatedClient> clients = new ArrayList<>();
  private final ClusterCoverage coverage = new ClusterCoverage();
  private final Map<RegionAndPartition, Map<Long, NodeId>> leaders = new HashMap<>();
  private final Map<MachineAndPartition, Watched> watched = new HashMap<>();
  private final Machine clientMachine = new Machine(0, null, 1_000, 0);
  private final SimulatedClient operator;

  /** Null where there is but one cluster. */
  private final RegionSetup setup;

  private boolean created;
  private final boolean beginsUnsynced;
  private final Set<Anomaly> seen = EnumSet.noneOf(Anomaly.class);
  private int lives;
  private SimulationFailure broken;

  /** Null where replicas are not compared. */
  private final SilentDamage silentDamage;

  /** Null where nobody tails. */
  private TailClient tail;

  /** Of the reads that are at most so old. */
  private final int boundMillis;

  /**
   * @param traceLines how many of the last lines are kept
   */
  public ClusterSimulation(long seed, int traceLines) {
    this(seed, Mutant.NONE, traceLines);
  }

  /** As above, with a rule broken. */
  public ClusterSimulation(long seed, Mutant mutant, int traceLines) {
    this(seed, mutant, Reduction.NONE, traceLines);
  }

  /** As above, with less going wrong. */
  public ClusterSimulation(long seed, Mutant mutant, Reduction reduction, int traceLines) {
    this(seed, mutant, reduction, traceLines, ClusterKind.LED);
  }

  /** As above, of another kind. */
  public ClusterSimulation(
      long seed, Mutant mutant, Reduction reduction, int traceLines, ClusterKind kind) {
    this.seed = seed;
    this.kind = kind;
    // One stream per purpose: a draw more for one must not shift the others.
    SplittableRandom root = new SplittableRandom(seed);
    this.shape = reduction.of(kind.draw(root.split()));
    this.random = root.split();
    SplittableRandom faultRandom = root.split();
    SplittableRandom diskRandom = root.split();
    this.world = new ClusterWorld(shape, mutant, root.split(), traceLines, this);
    SplittableRandom clocks = root.split();
    for (SimulatedRegion region : world.regions) {
      for (int i = 0; i < shape.nodesOf(region.number); i++) {
        int rate = 950 + clocks.nextInt(101);
        world.add(region, rate, 1 + (clocks.nextLong() >>> 1));
      }
    }
    SplittableRandom clientRandom = root.split();
    this.setup = shape.isRegional() ? new RegionSetup(world, clientMachine, clientRandom) : null;
    this.operator =
        setup == null
            ? client("operator", clientRandom, SimulatedClient.Work.READS_AND_WRITES)
            : setup.operator();
    Administrator administrator =
        new Administrator(
            world, client("admin", clientRandom, SimulatedClient.Work.READS_AND_WRITES));
    this.silentDamage = kind == ClusterKind.SCRUBBED ? new SilentDamage(world, root.split()) : null;
    this.faults =
        new ClusterFaults(
            world,
            faultRandom,
            diskRandom,
            operator,
            shape.isLeaderless()
                ? new QuorumChanges(world, administrator)
                : new ClusterChanges(world, administrator),
            this::startLater,
            silentDamage);
    this.beginsUnsynced =
        kind == ClusterKind.LED
            && shape.settings().durability() == Durability.FSYNC
            && seed % 2 == 0;
    this.boundMillis =
        switch (kind) {
          case LED, SCRUBBED -> addClients(clientRandom);
          case TAILED -> addTailed(clientRandom);
          case LEADERLESS -> addQuorumClients(clientRandom);
          case REGIONS -> addRegionClients(clientRandom);
        };
  }

  private int addTailed(SplittableRandom clientRandom) {
    tail = new TailClient(world, clientMachine, "t1", clientRandom.split());
    clients.add(tail);
    return addClients(clientRandom);
  }

  private int addQuorumClients(SplittableRandom clientRandom) {
    for (int i = 1; i <= shape.clients(); i++) {
      clients.add(new QuorumClient(world, clientMachine, "q" + i, clientRandom.split()));
    }
    return 0;
  }

  private int addRegionClients(SplittableRandom from) {
    for (SimulatedRegion home : world.regions) {
      for (int i = 1; i <= shape.clients(); i++) {
        clients.add(new RegionClient(world, clientMachine, home + "-c" + i, from.split(), home));
      }
      clients.add(new CauseClient(world, clientMachine, home + "-e1", from.split(), home));
    }
    clients.add(new SessionClient(world, clientMachine, "s1", from.split()));
    clients.add(new SessionClient(world, clientMachine, "s2", from.split()));
    return 0;
  }

  /** Returns how old the reads may be that are bounded. */
  private int addClients(SplittableRandom clientRandom) {
    for (int i = 1; i <= shape.clients(); i++) {
      clients.add(client("c" + i, clientRandom, SimulatedClient.Work.READS_AND_WRITES));
    }
    clients.add(client("r1", clientRandom, SimulatedClient.Work.READS));
    clients.add(client("f1", clientRandom, SimulatedClient.Work.FOLLOWER_READS));
    clients.add(new SessionClient(world, clientMachine, "s1", clientRandom.split()));
    BoundedClient bounded = new BoundedClient(world, clientMachine, "b1", clientRandom.split());
    clients.add(bounded);
    return bounded.boundMillis();
  }

  private SimulatedClient client(String name, SplittableRandom from, SimulatedClient.Work work) {
    return new SimulatedClient(world, clientMachine, name, from.split(), work);
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
    if (!world.isChanged() && kind == ClusterKind.LED) {
      coverage.ran(shape.rule());
    }
    return coverage;
  }

  static ClusterShape shapeOf(long seed, ClusterKind kind) {
    return kind.draw(new SplittableRandom(seed).split());
  }

  private String report(RuntimeException e) {
    StringBuilder text = new StringBuilder();
    world.trace().forEach(line -> text.append(line).append('\n'));
    world.machines.forEach(
        machine -> {
          text.append(machine).append(machine.isUp() ? "" : " is down").append('\n');
          if (machine.isUp()) {
            machine.process.core().replicas().forEach(it -> text.append("  " + it + "\n"));
            machine.process.core().quorums().forEach(it -> text.append("  " + it + "\n"));
            machine.process.core().regions().forEach(it -> text.append("  " + it + "\n"));
          }
        });
    return text + kind.label() + " seed " + seed + ": " + e.getMessage() + "\n" + shape;
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
    writeUnread();
    clients.forEach(SimulatedClient::work);
    syncFromNow();
    world.chance.faults(true);
    world.network.slow(shape.rate(FaultRate.SLOW_MESSAGES));
    faults.schedule();
    runUntil(world.schedule.nowMicros() + shape.faultsMillis() * Schedule.MILLIS, () -> false);
    while (faults.happened() < LEAST_FAULTS || !ledTwice()) {
      faults.killLeader();
      runUntil(world.schedule.nowMicros() + FORCED_MICROS, () -> false);
    }
    heal();
    long healedAt = world.schedule.nowMicros();
    runUntil(
        healedAt + HEAL_MICROS, () -> wroteSince(healedAt) && world.history.size() >= LEAST_CALLS);
    ClusterWorld.require(world.history.size() >= LEAST_CALLS, "clients ask too little");
    ClusterWorld.require(wroteSince(healedAt), "no write succeeded in a minute after the faults");
    long restsBy = healedAt + 2 * HEAL_MICROS;
    if (silentDamage != null) {
      requireDamageFound();
      restsBy = world.schedule.nowMicros() + HEAL_MICROS;
    }
    clients.forEach(SimulatedClient::stop);
    runUntil(restsBy, () -> world.allAnswered() && areEqual());
    ClusterWorld.require(world.allAnswered(), "a client waits for ever");
    ClusterWorld.require(areEqual(), "the replicas did not become equal after the faults");
    if (shape.isLeaderless()) {
      new QuorumChecks(world).check(readAll());
      countRepairs();
      return;
    }
    if (shape.isRegional()) {
      runUntil(world.schedule.nowMicros() + HEAL_MICROS, this::areLevel);
      new RegionChecks(world).check(readAll());
      requireFoundEqual();
      count("topology " + shape.regions().topology().split(" ")[0]);
      if (seed % FORGETTING_SEEDS == 0) {
        requireForgotten();
      }
      return;
    }
    List<Map<String, String>> contents = readAll();
    new ClusterChecks(world, boundMillis).check(contents, seen);
    if (tail != null) {
      requireTailed(contents.get(0).keySet());
    }
    if (silentDamage != null) {
      requireUnreadThere(contents.get(0));
    }
    if (!world.isChanged()) {
      seen.forEach(it -> coverage.saw(shape.rule(), it));
    }
  }

  /** The cells that are damaged later, before anything goes wrong. */
  private void writeUnread() {
    if (silentDamage != null) {
      boolean[] done = {false};
      silentDamage.write(operator, () -> done[0] = true);
      runUntil(world.schedule.nowMicros() + SETUP_MICROS, () -> done[0]);
      ClusterWorld.require(done[0], "nothing could be written in a minute");
    }
  }

  /** What faults left of it is found while clients go on, and what comes now. */
  private void requireDamageFound() {
    awaitFound();
    if (shape.findsSilentDamage()) {
      int first = random.nextInt(world.machines.size());
      for (int i = 0; i < world.machines.size() && !silentDamage.isAnywhere(); i++) {
        silentDamage.damage(world.machines.get((first + i) % world.machines.size()));
      }
      awaitFound();
    }
    if (!world.isDamageCopied()) {
      runUntil(world.schedule.nowMicros() + HEAL_MICROS, () -> differing().isEmpty());
      ClusterWorld.require(differing().isEmpty(), "taken for different: " + differing());
      count("found equal in the end");
    }
  }

  private void awaitFound() {
    runUntil(
        world.schedule.nowMicros() + HEAL_MICROS,
        () -> world.isDamageCopied() || !silentDamage.isAnywhere() && areWhole());
    ClusterWorld.require(
        world.isDamageCopied() || !silentDamage.isAnywhere(),
        "what a disk lost silently is not found in a minute");
    ClusterWorld.require(
        world.isDamageCopied() || areWhole(), "who lost something is not filled in a minute");
  }

  private boolean areWhole() {
    return world.machines.stream()
        .allMatch(
            machine ->
                machine.isUp()
                    && machine.process.serves()
                    && machine.process.core().replicas().stream().allMatch(ReplicaView::counts));
  }

  /** What the nodes that compare replicas take for different. */
  private List<String> differing() {
    return world.machines.stream()
        .filter(Machine::isUp)
        .flatMap(machine -> machine.process.core().differing().values().stream())
        .toList();
  }

  private void requireUnreadThere(Map<String, String> there) {
    if (!world.isDamageCopied()) {
      SilentDamage.cells()
          .forEach(
              (key, value) ->
                  ClusterWorld.require(
                      value.equals(there.get(key)), key + " is " + there.get(key) + " in the end"));
    }
  }

  /** What was read is what is there; and all that is there was read, where nothing is gone. */
  private void requireTailed(Set<String> there) {
    List<Set<String>> read = new ArrayList<>();
    tail.finish(keys -> read.add(keys == null ? Set.of() : keys));
    runUntil(world.schedule.nowMicros() + HEAL_MICROS, () -> !read.isEmpty());
    ClusterWorld.require(!read.isEmpty(), "who tails does not come to the end");
    if (!read.get(0).isEmpty()) {
      Set<String> missing = new TreeSet<>();
      there.stream()
          .filter(key -> key.startsWith("unique-"))
          .forEach(key -> missing.add(key.split("/")[0])); // of a field, its key
      missing.removeAll(read.get(0));
      ClusterWorld.require(missing.isEmpty(), "never read: " + missing);
      count("tail has all");
    }
  }

  private void countRepairs() {
    for (Machine machine : world.machines) {
      for (QuorumView replica : machine.process.core().quorums()) {
        for (long i = replica.repairs(); i > 0; i--) {
          count("repaired by a read");
        }
        for (long i = replica.restamped(); i > 0; i--) {
          count("written again above a larger stamp");
        }
        if (replica.horizon() > 0) {
          count("horizon reached");
        }
      }
    }
  }

  /** Each region compares its copies, and all of it with the other regions. */
  private void requireFoundEqual() {
    if (shape.regions().clocksAreApart()) {
      return; // what expires is there in one region and not in another
    }
    int[] equal = {0};
    setup.verify(() -> equal[0]++);
    runUntil(world.schedule.nowMicros() + HEAL_MICROS, () -> equal[0] == world.regions.size());
    ClusterWorld.require(
        equal[0] == world.regions.size(), "DATABASE VERIFY did not find the regions equal");
    count("regions found equal");
  }

  /** At rest what was removed is forgotten: all have told that they have it. */
  private void requireForgotten() {
    long last = regionViews().stream().mapToLong(RegionView::lastChange).max().orElseThrow();
    runUntil(
        world.schedule.nowMicros() + HEAL_MICROS,
        () ->
            regionViews().stream().allMatch(it -> it.horizon() >= Math.min(last, it.lastChange())));
    for (RegionView view : regionViews()) {
      ClusterWorld.require(
          view.horizon() >= Math.min(last, view.lastChange()),
          "what was removed is never forgotten: " + view);
    }
    count("removals may be forgotten");
  }

  private List<RegionView> regionViews() {
    return world.machines.stream()
        .flatMap(machine -> machine.process.core().regions().stream())
        .toList();
  }

  /** Whether all regions have what the others have, as far as they know. */
  private boolean areLevel() {
    return regionViews().stream()
        .flatMap(view -> view.neighbours().values().stream())
        .allMatch(it -> it.state() == NeighbourView.State.STREAMING && it.lagEntries() == 0);
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
    if (machine.settings == null) {
      machine.settings = settings(machine);
    }
    new SimulatedProcess(world, machine, machine.settings, ++lives).start();
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
                keepsJournal() ? "64mb" : "128kb",
                "--journal.tail",
                keepsJournal() ? "64mb" : "0",
                "--repair.pause",
                shape.repairPauseMillis() + "ms",
                "--cluster.database0-partitions",
                "1",
                "--cluster.expect",
                Integer.toString(machine.region.machines.size())));
    if (shape.isRegional()) {
      flags.addAll(List.of("--node.region", machine.region.name));
    }
    if (kind == ClusterKind.SCRUBBED) {
      flags.addAll(List.of("--scrub.every", 1 + seed % LONGEST_SCRUB_SECONDS + "s"));
    }
    if (shape.shortHints()) {
      flags.addAll(List.of("--hints.max-age", "1s"));
    }
    Machine founder = machine.region.founder();
    if (machine != founder) {
      int port = ClusterWorld.FIRST_PEER_PORT + founder.number;
      flags.addAll(List.of("--cluster.join", "127.0.0.1:" + port));
    }
    return SettingsReader.read(flags);
  }

  /** Else those who tail are told now and then that what they want is gone. */
  private boolean keepsJournal() {
    return kind == ClusterKind.TAILED && seed % SHORT_JOURNALS > 0;
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
    if (what.equals(SCRUB)) {
      condemned(process.machine, cause);
    } else if (cause instanceof StorageDamaged && process.machine.cells.isSilentlyDamaged()) {
      count("silent damage found by who copies it");
      faults.condemned(process.machine);
    }
    boolean isByDisk = process.machine.journal.isFull() || process.machine.journal.hasFailed();
    if (isByDisk || process.machine.isDamaged()) {
      count("node stopped by its disk");
      world.note(process.machine, "stops itself: " + what + ": " + cause.getMessage());
      process.kill();
      startLater(process.machine, 1_000);
      return;
    }
    SimulationFailure failure =
        new SimulationFailure(process + " stops itself: " + what + ": " + cause + at(cause));
    failure.initCause(cause);
    broken = failure;
    process.kill();
  }

  /** Others say that what it has is not what they have. */
  private void condemned(Machine machine, Throwable cause) {
    if (machine.cells.isSilentlyDamaged()) {
      count(world.chance.isFaulty() ? "silent damage found amid faults" : "silent damage found");
    } else if (!world.isDamageCopied()) {
      broken =
          new SimulationFailure(
              machine + " is told that it is damaged, and is not: " + cause.getMessage());
    }
    faults.condemned(machine);
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
    if (setup != null) {
      setup.begin(shape.create(shape.settings().durability(), world.mutant), () -> created = true);
      return;
    }
    operator.ask(
        reply -> {
          if (reply != null && (reply.startsWith("+OK") || reply.contains("exists"))) {
            created = true;
          } else {
            world.schedule.after(100 * Schedule.MILLIS, this::create);
          }
        },
        shape.create(beginsUnsynced ? Durability.OS : shape.settings().durability(), world.mutant));
  }

  /** The copies are to be synced before anything goes wrong; clients write meanwhile. */
  private void syncFromNow() {
    if (beginsUnsynced) {
      boolean[] done = {false};
      operator.ask(
          reply -> done[0] = "+OK".equals(reply),
          "DATABASE",
          "ALTER",
          "data",
          "DURABILITY",
          "FSYNC");
      runUntil(world.schedule.nowMicros() + SETUP_MICROS, () -> done[0]);
      ClusterWorld.require(done[0], "the durability was not changed in a minute");
      count("durability changed");
    }
  }

  // What happens.

  @Override
  public void count(String what) {
    coverage.met(what);
  }

  private void heal() {
    faults.end();
    world.note("net", "HEALED");
    world.chance.faults(false);
    world.network.slow(0);
    world.network.mendAll();
    for (Machine machine : world.machines) {
      machine.wallOffsetMillis = 0;
      machine.clockStandsAt = 0;
      machine.journal.full(false);
      machine.stalledUntilMicros = 0;
      machine.cells.repair();
      if (!machine.isUp()) {
        machine.repair();
      }
    }
    world.machines.stream().filter(machine -> !machine.isUp()).forEach(this::start);
  }

  // Checks while it runs.

  /** One leader in an epoch. */
  private void watch() {
    world.schedule.after(WATCH_MICROS, this::watch);
    if (silentDamage != null && !silentDamage.wasEverDone()) {
      ClusterWorld.require(differing().isEmpty(), "taken for different: " + differing());
    }
    for (Machine machine : world.machines) {
      if (!machine.isUp()) {
        continue;
      }
      for (ReplicaView replica : machine.process.core().replicas()) {
        watch(machine, replica);
        if (replica.leads()) {
          NodeId self = new NodeId(machine.identity.node());
          NodeId other =
              leaders
                  .computeIfAbsent(
                      new RegionAndPartition(machine.region, replica.id()), id -> new HashMap<>())
                  .putIfAbsent(replica.epoch(), self);
          if (other != null && !other.equals(self)) {
            throw new SimulationFailure(
                String.format(
                    "%s has two leaders in epoch %d: %s, %s",
                    replica.id(), replica.epoch(), other, self));
          }
          if (other == null) {
            count("leaders");
            world.note(machine, "leads " + replica.id() + " in epoch " + replica.epoch());
          }
        }
      }
    }
  }

  private record RegionAndPartition(SimulatedRegion region, PartitionId partition) {}

  private record MachineAndPartition(int machine, PartitionId partition) {}

  /** What a replica was when it was looked at last, and of which process. */
  private record Watched(SimulatedProcess process, long made, String role, long committed) {}

  private void watch(Machine machine, ReplicaView replica) {
    String role = !replica.counts() ? "amnesiac" : replica.leads() ? "leader" : "follower";
    Watched now = new Watched(machine.process, replica.made(), role, replica.committed().index());
    Watched before = watched.put(new MachineAndPartition(machine.number, replica.id()), now);
    if (before == null) {
      return;
    }
    if (!before.role().equals(role)) {
      count("from " + before.role() + " to " + role);
    }
    // One that went may have come again: then it begins with nothing.
    boolean wentBack = before.made() == now.made() && now.committed() < before.committed();
    if (before.process() == now.process() && wentBack && machine.diverged.isEmpty()) {
      throw new SimulationFailure(replica + ": " + before.committed() + " was committed before");
    }
  }

  /** Whether some partition's leader was lost, and there was one again. */
  private boolean ledTwice() {
    return leaders.values().stream().anyMatch(epochs -> epochs.size() > 1);
  }

  private static String at(Throwable cause) {
    return Stream.of(cause.getStackTrace())
        .limit(STACK_LINES)
        .map(line -> "\n  at " + line)
        .collect(Collectors.joining());
  }

  private boolean wroteSince(long micros) {
    boolean everywhere =
        clients.stream()
            .filter(RegionClient.class::isInstance)
            .map(RegionClient.class::cast)
            .collect(
                Collectors.toMap(
                    RegionClient::home, RegionClient::lastWrittenMicros, Math::max, HashMap::new))
            .values()
            .stream()
            .allMatch(last -> last > micros);
    return everywhere && world.lastWrittenNanos() > micros * 1_000;
  }

  private boolean goesOnChanging(SimulatedRegion region, PartitionState partition) {
    return partition.isChanging()
        && (partition.isLeaderless() || partition.leader().isPresent())
        && areThere(region, partition.everyone());
  }

  /**
   * Whether every partition's replicas have committed the same, to the end of their logs, or hold
   * the same without a leader, and no change is on its way.
   */
  private boolean areEqual() {
    Map<RegionAndPartition, Position> ends = new HashMap<>();
    Map<PartitionId, Long> digests = new HashMap<>();
    for (Machine machine : world.machines) {
      if (!machine.isUp() || !machine.process.serves()) {
        return false;
      }
      if (machine.process.core().state().partitions().values().stream()
          .anyMatch(it -> goesOnChanging(machine.region, it))) {
        return false;
      }
      Set<PartitionId> expected = replicasOf(machine);
      for (ReplicaView replica : machine.process.core().replicas()) {
        if (!expected.remove(replica.id())) {
          if (hasNoPlace(machine, replica.id())) {
            return false;
          }
          continue;
        }
        RegionAndPartition which = new RegionAndPartition(machine.region, replica.id());
        Position end = ends.putIfAbsent(which, replica.committed());
        if (replica.committed().index() != replica.lastIndex()
            || !replica.counts()
            || end != null && !end.equals(replica.committed())) {
          return false;
        }
      }
      for (QuorumView replica : machine.process.core().quorums()) {
        expected.remove(replica.id());
        if (replica.everywhereIndex() != replica.lastIndex()
            || !replica.counts()
            || !replica.vouches()
            || replica.gaps() > 0
            || replica.waiting() > 0) {
          return false;
        }
        Long digest = digests.putIfAbsent(replica.id(), replica.digest());
        if (digest != null && digest != replica.digest()) {
          return false;
        }
      }
      if (!expected.isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /**
   * The partitions that a machine is to have a replica of, as it knows. Not those with another
   * replica on a disk that is gone for good: these may have to wait for ever.
   */
  private Set<PartitionId> replicasOf(Machine machine) {
    NodeId self = new NodeId(machine.identity.node());
    Set<PartitionId> ids = new TreeSet<>();
    machine.process.core().state().partitions().values().stream()
        .filter(it -> it.replicas().contains(self) && areThere(machine.region, it.replicas()))
        .forEach(it -> ids.add(it.id()));
    return ids;
  }

  /** A copy that is still to be compared with what others have, and to go. */
  private static boolean hasNoPlace(Machine machine, PartitionId id) {
    PartitionState state = machine.process.core().state().partitions().get(id);
    return state != null
        && state.leader().isPresent()
        && !state.everyone().contains(new NodeId(machine.identity.node()));
  }

  private static boolean areThere(SimulatedRegion region, Set<NodeId> nodes) {
    Set<NodeId> there = new TreeSet<>();
    region.machines.forEach(each -> there.add(new NodeId(each.identity.node())));
    return there.containsAll(nodes);
  }

  // The end.

  @Override
  public void seen(Anomaly anomaly) {
    if (seen.add(anomaly)) {
      world.note("clients", "see: " + anomaly.words());
    }
  }

  /** What each node's replicas hold. */
  private List<Map<String, String>> readAll() {
    Set<String> keys = new TreeSet<>();
    Set<String> expiring = new TreeSet<>();
    for (Invocation it : world.history) {
      boolean expires =
          it.key().startsWith("expiring-") || it.key().startsWith(FieldKeys.FLEETING + "-");
      // Of a field, its key.
      (expires ? expiring : keys).add(it.key().split("/")[0]);
    }
    if (silentDamage != null && !world.isDamageCopied()) {
      keys.addAll(SilentDamage.cells().keySet());
    }
    if (shape.keepsSiblings()) {
      List.copyOf(keys).stream()
          .filter(key -> key.startsWith(QuorumClient.TEXT + "-"))
          .forEach(key -> keys.add(SIBLINGS_OF + key));
    }
    List<Map<String, String>> all = readUntilEqual(keys);
    // Each region's own clock says when a key expires there.
    boolean apart = shape.isRegional() && shape.regions().clocksAreApart();
    List<Map<String, String>> rest = apart ? readEverywhere(expiring) : readUntilEqual(expiring);
    for (int i = 0; i < all.size(); i++) {
      all.get(i).putAll(rest.get(i));
    }
    return all;
  }

  /**
   * Between a read here and a read there a key may expire, or a command be done that was forwarded
   * for a client who gave up: but not for ever.
   */
  private List<Map<String, String>> readUntilEqual(Set<String> keys) {
    long until = world.schedule.nowMicros() + HEAL_MICROS;
    List<Map<String, String>> all = readEverywhere(keys);
    while (world.schedule.nowMicros() < until && all.stream().distinct().count() > 1) {
      long wait = shape.isRegional() ? FAR_AGAIN_MICROS : AGAIN_MICROS;
      runUntil(world.schedule.nowMicros() + wait, () -> false);
      all = readEverywhere(keys);
    }
    return all;
  }

  /** Reads like a client does of a follower. */
  private List<Map<String, String>> readEverywhere(Set<String> keys) {
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

  /** Reads keys of one node, where it has a replica; elsewhere from whoever has. */
  private final class Reader {
    private static final int KEYS_AT_ONCE = 50;
    private final SimulatedClient client;
    private final List<String> keys;
    final Map<String, String> contents = new TreeMap<>();
    private int next;

    Reader(Machine machine, List<String> keys) {
      this.client =
          new SimulatedClient(
              world,
              clientMachine,
              "reader",
              new SplittableRandom(machine.number),
              SimulatedClient.Work.FOLLOWER_READS) {
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
      next = 0;
      ask();
    }

    private void ask() {
      if (next == keys.size()) {
        return;
      }
      String key = keys.get(next);
      if (key.startsWith(SIBLINGS_OF)) {
        client.ask(this::onSiblings, "SIBLINGS", key.substring(SIBLINGS_OF.length()));
        return;
      }
      if (FieldKeys.isAbout(key)) {
        client.ask(this::onFields, FieldKeys.command(key, Call.get()));
        return;
      }
      List<String> command = new ArrayList<>(List.of("MGET"));
      command.addAll(keys.subList(next, end()));
      client.ask(this::onReply, command.toArray(String[]::new));
    }

    /** Several strings are read at once, keys with fields one by one. */
    private int end() {
      int end = next;
      while (end < keys.size() && end < next + KEYS_AT_ONCE && isString(keys.get(end))) {
        end++;
      }
      return end;
    }

    private static boolean isString(String key) {
      return !FieldKeys.isAbout(key) && !key.startsWith(SIBLINGS_OF);
    }

    private void onSiblings(String reply) {
      if (reply == null || reply.startsWith("-")) {
        world.schedule.after(AGAIN_MICROS, this::ask);
        return;
      }
      contents.put(keys.get(next++), reply);
      ask();
    }

    private void onFields(String reply) {
      if (reply == null || reply.startsWith("-")) {
        world.schedule.after(AGAIN_MICROS, this::ask);
        return;
      }
      String key = keys.get(next++);
      contents.putAll(FieldKeys.contents(key, RespText.results(reply, 0)));
      ask();
    }

    /** Asks again while the answer is an error: leaders may change once more. */
    private void onReply(String reply) {
      if (reply == null || reply.startsWith("-")) {
        world.schedule.after(AGAIN_MICROS, this::ask);
        return;
      }
      for (String value : RespText.results(reply, end() - next)) {
        if (value != null) {
          contents.put(keys.get(next), value);
        }
        next++;
      }
      ask();
    }
  }
}
