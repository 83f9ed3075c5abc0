package io.trefoil.simulation;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Configuration;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.Membership;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * One run of one partition: the seed decides its shape, its faults, its clients and every delay.
 * First faults for some seconds, in which nothing wrong may happen; then the world heals, and a
 * write must commit and all replicas must become equal.
 */
public final class Simulation {
  private static final int FIRST_CONTROLLER = 101;
  private static final int FIRST_CLIENT = 201;
  private static final long HEAL_MICROS = 15_000 * Schedule.MILLIS;

  private final long seed;
  private final Shape shape;
  private final World world;
  private final Cluster cluster;
  private final SplittableRandom random;
  private final SplittableRandom diskRandom;
  private final List<Controller> controllers = new ArrayList<>();
  private final List<Client> clients = new ArrayList<>();
  private final List<Operation> operations = new ArrayList<>();
  private int confirmed;
  private boolean healed;
  private boolean losingCrash;
  private long healedAt;

  /**
   * @param traceLines how many of the last lines are kept
   */
  public Simulation(long seed, Mutant mutant, int traceLines) {
    this.seed = seed;
    // One stream per purpose: a draw more for one must not shift the others.
    SplittableRandom root = new SplittableRandom(seed);
    SplittableRandom networkRandom = root.split();
    SplittableRandom chanceRandom = root.split();
    this.random = root.split();
    this.diskRandom = root.split();
    this.shape = Shape.draw(root.split());
    this.world =
        new World(
            traceLines,
            (schedule, coverage) -> new Network(schedule, networkRandom, coverage, 800),
            coverage -> new Chance.Drawn(shape, chanceRandom, coverage),
            mutant,
            shape.fsync());
    List<NodeId> nodes =
        IntStream.rangeClosed(1, shape.replicas() + shape.spares()).mapToObj(NodeId::new).toList();
    List<NodeId> replicas = nodes.subList(0, shape.replicas());
    this.cluster =
        new Cluster(Membership.of(replicas, shape.rule().copies(shape.replicas())), mutant);
    build(nodes, root.split());
  }

  private void build(List<NodeId> nodes, SplittableRandom clocks) {
    // Of the seed itself, so that the seeds that found something are still the runs they were.
    boolean conditional = seed % 4 == 0;
    world.control = new ToControllers();
    world.killed = node -> startLater(node, 200);
    world.network.faults(shape.lossPerMille(), shape.repeatedPerMille(), shape.latePerMille());
    for (NodeId id : nodes) {
      world.nodes.put(
          id,
          new SimulatedNode(
              world,
              id,
              950 + clocks.nextInt(101),
              shape.memoryEntries(),
              shape.checkpointEntries()));
    }
    for (int i = 0; i < 2; i++) {
      NodeId id = new NodeId(FIRST_CONTROLLER + i);
      int rate = 950 + clocks.nextInt(101);
      controllers.add(new Controller(world, cluster, id, rate, shape.available()));
    }
    for (int i = 0; i < shape.clients(); i++) {
      clients.add(
          new Client(
              world,
              new NodeId(FIRST_CLIENT + i),
              clocks.split(),
              shape.keys(),
              conditional,
              operations));
    }
  }

  /** What nodes say goes to both controllers. */
  private final class ToControllers implements Control {
    @Override
    public void answeredFence(SimulatedNode node, Effect.AnswerFence answer) {
      int incarnation = node.incarnation();
      for (Controller it : controllers) {
        world.network.send(node.id(), it.id(), () -> it.answered(node.id(), incarnation, answer));
      }
    }

    @Override
    public void askedForLease(SimulatedNode node, long sentMicros) {
      int incarnation = node.incarnation();
      for (Controller it : controllers) {
        world.network.send(
            node.id(), it.id(), () -> it.askedForLease(node.id(), incarnation, sentMicros));
      }
    }

    @Override
    public void copiedUnderBoth(SimulatedNode node, long epoch, long version) {
      for (Controller it : controllers) {
        world.network.send(node.id(), it.id(), () -> it.copiedUnderBoth(node.id(), epoch, version));
      }
    }
  }

  /**
   * Runs to the end.
   *
   * @return what was met
   * @throws SimulationFailure when a promise was broken; the message has the seed, the shape and
   *     the last lines of the trace
   */
  public Coverage run() {
    try {
      runAll();
    } catch (RuntimeException e) {
      throw new SimulationFailure(report(e), e);
    }
    world.coverage.ran(shape.rule());
    world.coverage.ranEvents(world.schedule.run());
    return world.coverage;
  }

  private String report(RuntimeException e) {
    StringBuilder text = new StringBuilder("seed " + seed + ": " + e.getMessage() + "\n" + shape);
    world.trace.lines().forEach(line -> text.append('\n').append(line));
    world.nodes.values().forEach(node -> text.append('\n').append(node));
    return text.append("\nseed ").append(seed).append(": ").append(e.getMessage()).toString();
  }

  /** The trace, as far as it was kept. */
  public List<String> trace() {
    return world.trace.lines();
  }

  /** How long the simulated world has lived. */
  public long simulatedMillis() {
    return world.schedule.nowMicros() / Schedule.MILLIS;
  }

  /** What the seed drew. */
  public Shape shape() {
    return shape;
  }

  private void runAll() {
    world.nodes.values().forEach(this::start);
    controllers.get(0).start();
    clients.forEach(Client::start);
    scheduleFaults();
    long faultsEnd = shape.faultsMillis() * Schedule.MILLIS;
    runUntil(faultsEnd, () -> false);
    heal();
    runUntil(healedAt + HEAL_MICROS, this::wroteSinceHealed);
    Checks.require(wroteSinceHealed(), "no write committed after the world healed");
    clients.forEach(Client::stop);
    runUntil(healedAt + 2 * HEAL_MICROS, () -> isSettled() && allAnswered());
    Checks.require(isSettled(), "the replicas did not become equal after the world healed");
    checkEnd();
  }

  private void runUntil(long micros, BooleanSupplier done) {
    while (world.schedule.nowMicros() < micros && !done.getAsBoolean()) {
      Checks.require(world.schedule.runNext(), "nothing happens any more");
    }
  }

  private void start(SimulatedNode node) {
    node.start();
    node.startTicking();
  }

  // ---- faults

  private void scheduleFaults() {
    every(shape.cutEveryMillis(), this::cut);
    every(shape.crashEveryMillis(), this::crashOne);
    every(shape.powerEveryMillis(), this::losePower);
    every(shape.pauseEveryMillis(), this::pauseOne);
    every(shape.controllerEveryMillis(), this::replaceController);
    every(
        shape.failoverEveryMillis(),
        () -> {
          world.coverage.met(Fault.NEEDLESS_FAILOVER);
          controllers.get(random.nextInt(2)).open();
        });
    every(shape.changeEveryMillis(), this::change);
  }

  private void every(int meanMillis, Runnable fault) {
    if (meanMillis > 0) {
      long delay = (1 + random.nextInt(2 * meanMillis)) * Schedule.MILLIS;
      world.schedule.after(
          delay,
          () -> {
            if (!healed) {
              fault.run();
              every(meanMillis, fault);
            }
          });
    }
  }

  private SimulatedNode anyNode() {
    List<SimulatedNode> nodes = List.copyOf(world.nodes.values());
    SimulatedNode leader = cluster.leader() == null ? null : world.nodes.get(cluster.leader());
    return leader != null && random.nextInt(3) == 0
        ? leader
        : nodes.get(random.nextInt(nodes.size()));
  }

  private void cut() {
    NodeId one = anyNode().id();
    long lasts = (50 + random.nextInt(2_000)) * Schedule.MILLIS;
    switch (random.nextInt(6)) {
      case 0 -> {
        world.coverage.met(Fault.CUT_ONE_WAY);
        cut(one, anyEnd(one), lasts);
      }
      case 1 -> {
        world.coverage.met(Fault.CUT_BOTH_WAYS);
        NodeId other = anyEnd(one);
        cut(one, other, lasts);
        cut(other, one, lasts);
      }
      case 2 -> {
        boolean stateOnly = random.nextBoolean();
        world.coverage.met(stateOnly ? Fault.STATE_BEHIND : Fault.CONTROL_CUT_OFF);
        for (Controller it : controllers) {
          cut(it.stream(), one, lasts);
          if (!stateOnly) {
            cut(it.id(), one, lasts);
            cut(one, it.id(), lasts);
          }
        }
        if (one.equals(cluster.leader()) && random.nextBoolean()) {
          controllers.get(confirmed).open(); // followers report a silent leader at once
        }
      }
      case 3 -> {
        world.coverage.met(Fault.SPLIT_IN_TWO);
        List<NodeId> here = new ArrayList<>(ends());
        List<NodeId> there = new ArrayList<>();
        here.removeIf(it -> random.nextBoolean() && there.add(it));
        for (NodeId left : here) {
          for (NodeId right : there) {
            cut(left, right, lasts);
            cut(right, left, lasts);
          }
        }
      }
      case 4 -> {
        world.coverage.met(Fault.NODE_CUT_OFF);
        for (NodeId other : ends()) {
          cut(one, other, lasts);
          cut(other, one, lasts);
        }
      }
      default -> {
        world.coverage.met(Fault.CONNECTION_BROKEN);
        breakConnection(one, anyNode().id());
      }
    }
  }

  /** Nodes and controllers; clients are not cut off, so that they can see what is served. */
  private List<NodeId> ends() {
    List<NodeId> ends = new ArrayList<>(world.nodes.keySet());
    controllers.forEach(it -> ends.addAll(List.of(it.id(), it.stream())));
    return ends;
  }

  private NodeId anyEnd(NodeId but) {
    List<NodeId> ends = ends();
    ends.remove(but);
    return ends.get(random.nextInt(ends.size()));
  }

  private void cut(NodeId from, NodeId to, long lasts) {
    if (from.equals(to)) {
      return;
    }
    world.trace.note("net", "cut from " + from + " to " + to);
    world.network.cut(from, to);
    if (random.nextInt(4) == 0) {
      breakConnection(from, to);
    }
    world.schedule.after(lasts, () -> world.network.mend(from, to));
  }

  private void breakConnection(NodeId one, NodeId other) {
    SimulatedNode here = world.nodes.get(one);
    SimulatedNode there = world.nodes.get(other);
    if (here != null && there != null && here != there) {
      here.deliver(() -> here.step(new Event.PeerLost(other)));
      there.deliver(() -> there.step(new Event.PeerLost(one)));
    }
  }

  private void crashOne() {
    SimulatedNode node = anyNode();
    if (node.isUp()) {
      crash(node, random.nextInt(100) < shape.machines());
      startLater(node, random.nextInt(3) == 0 ? 3_000 : 300);
    }
  }

  private void crash(SimulatedNode node, boolean machine) {
    if (machine) {
      world.coverage.met(Fault.MACHINE_CRASHED);
      int lost = diskRandom.nextInt(node.unsynced() + 1);
      node.crashMachine(lost);
      if (lost > 0) {
        world.coverage.met(Fault.WRITES_LOST);
        losingCrash = true;
      }
    } else {
      world.coverage.met(Fault.PROCESS_KILLED);
      node.killProcess();
    }
    for (SimulatedNode other : world.nodes.values()) {
      if (other != node && random.nextBoolean()) {
        other.deliver(() -> other.step(new Event.PeerLost(node.id())));
      }
    }
  }

  private void startLater(SimulatedNode node, int meanMillis) {
    world.schedule.after(
        (1 + random.nextInt(meanMillis)) * Schedule.MILLIS,
        () -> {
          if (!node.isUp()) {
            start(node);
          }
        });
  }

  private void losePower() {
    world.coverage.met(Fault.ALL_WITHOUT_POWER);
    for (SimulatedNode node : world.nodes.values()) {
      if (node.isUp()) {
        crash(node, /* machine= */ true);
      }
      startLater(node, 1_000);
    }
  }

  private void pauseOne() {
    SimulatedNode node = anyNode();
    if (node.isUp()) {
      world.coverage.met(Fault.PAUSED);
      node.pause((20 + random.nextInt(1_500)) * Schedule.MILLIS);
    }
  }

  /** The new controller acts at once; the old one goes on for a while, not knowing. */
  private void replaceController() {
    world.coverage.met(Fault.CONTROLLER_REPLACED);
    Controller old = controllers.get(confirmed);
    confirmed = 1 - confirmed;
    old.loseConfirmation();
    Controller next = controllers.get(confirmed);
    world.trace.note(next.id(), "is the controller now");
    next.stop();
    next.start();
    world.schedule.after(
        random.nextInt(1_500) * Schedule.MILLIS,
        () -> {
          if (controllers.get(confirmed) != old) {
            old.stop();
          }
        });
  }

  private void change() {
    Configuration now = cluster.membership().standing().get(0);
    List<NodeId> replicas = new ArrayList<>(now.replicas());
    Set<NodeId> others = new TreeSet<>(world.nodes.keySet());
    replicas.forEach(others::remove);
    boolean move = !others.isEmpty() && random.nextBoolean();
    if (move) {
      replicas.removeIf(it -> !it.equals(cluster.leader()) && replicas.size() > 1 && canLeave());
      others.stream().filter(it -> !replicas.contains(it)).forEach(replicas::add);
    }
    Rule rule = Rule.values()[random.nextInt(4)];
    int copies = rule.copies(replicas.size());
    if (controllers.get(confirmed).change(new Configuration(replicas, copies))) {
      world.coverage.met(move ? Fault.REPLICA_MOVED : Fault.RULE_CHANGED);
    }
  }

  private boolean canLeave() {
    return random.nextInt(3) == 0;
  }

  private void heal() {
    healed = true;
    healedAt = world.schedule.nowMicros();
    world.trace.note("net", "HEALED");
    world.network.faults(0, 0, 0);
    world.network.mendAll();
    ((Chance.Drawn) world.chance).heal();
    world.nodes.values().stream().filter(node -> !node.isUp()).forEach(this::start);
  }

  // ---- the end

  private boolean wroteSinceHealed() {
    return operations.stream()
        .skip(Math.max(0, operations.size() - 20))
        .anyMatch(
            it ->
                it.isWrite()
                    && it.outcome() == Operation.Outcome.OK
                    && it.startMicros() > healedAt);
  }

  private boolean allAnswered() {
    return operations.stream().noneMatch(it -> it.outcome() == Operation.Outcome.PENDING);
  }

  private boolean isSettled() {
    if (cluster.leader() == null || cluster.membership().standing().size() == 2) {
      return false;
    }
    SimulatedNode leader = world.nodes.get(cluster.leader());
    return leader.isUp()
        && leader.replica().isLeader()
        && members().stream().allMatch(node -> isLike(leader, node));
  }

  private List<SimulatedNode> members() {
    return cluster.membership().replicas().stream().map(world.nodes::get).toList();
  }

  private static boolean isLike(SimulatedNode leader, SimulatedNode node) {
    Position last = leader.replica().last();
    return node.isUp()
        && node.replica().counts()
        && !node.replica().diverged()
        && node.replica().last().equals(last)
        && node.replica().commitIndex() == last.index();
  }

  private void checkEnd() {
    SimulatedNode leader = world.nodes.get(cluster.leader());
    String epochs = leader.replica().epochs().toString();
    for (SimulatedNode node : members()) {
      Checks.require(
          node.replica().epochs().toString().equals(epochs), node + " has another history");
      Checks.require(node.applied().equals(leader.applied()), node + " has another state");
    }
    List<Operation.Content> history =
        world.checks.history(leader.replica().epochs(), leader.replica().lastIndex());
    checkLosses(history);
    History.check(seen(history));
  }

  private void checkLosses(List<Operation.Content> history) {
    Set<Integer> there = new HashSet<>();
    history.forEach(it -> there.add(it.number()));
    Set<Integer> lost = new TreeSet<>();
    Set<Integer> saved = new TreeSet<>();
    for (Operation it : operations) {
      int number = it.content().number();
      if (it.isWrite() && it.outcome() == Operation.Outcome.OK && !there.contains(number)) {
        lost.add(number);
        if (world.checks.diverged().contains(number)) {
          saved.add(number);
        }
      }
    }
    if (!world.checks.mayHaveLost()) {
      Checks.require(lost.isEmpty(), "acknowledged and lost: " + lost);
      world
          .checks
          .diverged()
          .forEach(
              it -> Checks.require(!there.contains(it) || it == 0, it + " diverged and is there"));
    } else if (!losingCrash) {
      Checks.require(lost.equals(saved), "acknowledged and lost: " + lost + ", reported: " + saved);
    }
  }

  /**
   * The operations that clients know of, in the order that the history says. After a loss that was
   * announced there is no single order any more: then only what ended before.
   */
  private List<History.Seen> seen(List<Operation.Content> history) {
    Map<Integer, Register> left = new HashMap<>(); // what each write of the history left
    Registers registers = new Registers();
    history.forEach(it -> left.put(it.number(), registers.apply(it)));
    boolean whole = !world.checks.mayHaveLost();
    List<History.Seen> seen = new ArrayList<>();
    for (Operation it : operations) {
      boolean known =
          it.outcome() == Operation.Outcome.OK && it.endMicros() < world.checks.firstLossMicros();
      Register register = known ? it.observed() : null;
      if (whole && it.isWrite()) {
        register = left.get(it.content().number());
        Checks.require(
            !known || it.observed().equals(register),
            it + " was answered, and the history says " + register);
      }
      if (register != null) {
        seen.add(
            new History.Seen(
                it.content().key(),
                it.isWrite(),
                it.startMicros(),
                known ? it.endMicros() : Long.MAX_VALUE,
                register.version(),
                register));
      }
    }
    return seen;
  }
}
