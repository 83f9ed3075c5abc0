package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import io.trefoil.control.ControlCommand;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Promises;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.node.Frames;
import io.trefoil.simulation.Mutant;
import io.trefoil.simulation.Schedule;
import io.trefoil.simulation.SimulationFailure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** What the parts of a simulated cluster share. */
final class ClusterWorld {
  static final int FIRST_PEER_PORT = 1_000;

  /** What the world asks of the one who directs it. */
  interface Director {
    /** A process died, or was killed. */
    void died(SimulatedProcess process);

    void killBetweenEffects(SimulatedProcess process);

    void failed(SimulatedProcess process, String what, Throwable cause);

    void count(String what);

    /** Clients saw something that may not happen everywhere. */
    void seen(Anomaly anomaly);
  }

  final Schedule schedule = new Schedule();
  final ClusterNetwork network;
  final ClusterChance chance;
  final List<SimulatedRegion> regions = new ArrayList<>();
  final List<Machine> machines = new ArrayList<>();
  final List<Invocation> history = new ArrayList<>();
  final List<Invocation> followerReads = new ArrayList<>();

  /** What sessions counted and read, by whoever answered. */
  final List<Invocation> sessionCalls = new ArrayList<>();

  final List<Invocation> boundedReads = new ArrayList<>();

  /** What time may do to keys that expire. */
  final List<Invocation> expiries = new ArrayList<>();

  /** What may be seen under the rules that stood so far. */
  private final Set<Anomaly> mayBeSeen = EnumSet.noneOf(Anomaly.class);

  /** What was seen of effects and their causes in other regions. */
  final List<CauseClient.Seen> effects = new ArrayList<>();

  /** How many pairs of them each region has begun to write. */
  private final int[] pairs;

  private boolean changed;
  private boolean moved;
  private boolean damageCopied;
  final Mutant mutant;
  private final ClusterShape shape;
  private final SplittableRandom drawn;
  private final Deque<Line> trace = new ArrayDeque<>();
  private final int traceLines;
  private final Director director;
  private final RegionLies lies;
  private final ScrubLies scrubLies;
  private final RegionTalk between;
  private final Set<Integer> messagesMet = new HashSet<>();
  private int underWay;
  private long lastWrittenNanos;

  ClusterWorld(
      ClusterShape shape,
      Mutant mutant,
      SplittableRandom random,
      int traceLines,
      Director director) {
    this.shape = shape;
    this.mutant = mutant;
    this.network = new ClusterNetwork(schedule, random.split());
    this.chance = new ClusterChance(shape, random.split());
    this.drawn = random.split();
    this.traceLines = traceLines;
    this.director = director;
    this.lies = new RegionLies(mutant);
    this.scrubLies = new ScrubLies(mutant);
    this.between = new RegionTalk(this);
    this.pairs = new int[shape.regionNames().size()];
    for (String name : shape.regionNames()) {
      regions.add(new SimulatedRegion(regions.size(), name, this));
    }
    if (shape.isRegional()) {
      network.between(shape.regions().latencyMillis() * Schedule.MILLIS);
    }
    if (!shape.isLeaderless()) {
      mayBeSeen.addAll(Promises.mayBeSeen(shape.settings()));
    }
  }

  /** Somebody asks for other settings: from now on they may stand. */
  void mayStand(DatabaseSettings settings) {
    changed = true;
    mayBeSeen.addAll(Promises.mayBeSeen(settings));
  }

  /** Copies move: while both configurations stand, a write needs copies in each. */
  void mayMove() {
    changed = true;
    moved = true;
    mayBeSeen.add(Anomaly.WRITE_REFUSED);
  }

  Set<Anomaly> mayBeSeen() {
    return mayBeSeen;
  }

  /** Whether copies may have come and gone. */
  boolean isMoved() {
    return moved;
  }

  /**
   * Whether a replica that was damaged silently may have been copied to others: from then on
   * nothing tells which are right.
   */
  boolean isDamageCopied() {
    return damageCopied;
  }

  /** Whether other settings than those of the shape may have stood. */
  boolean isChanged() {
    return changed;
  }

  ClusterShape shape() {
    return shape;
  }

  void sees(CauseClient.Seen seen) {
    if (between.keepsOrder()) {
      effects.add(seen);
    }
  }

  void wrotePair(SimulatedRegion region, int number) {
    pairs[region.number] = number;
  }

  int pairsWritten(SimulatedRegion region) {
    return pairs[region.number];
  }

  long draw() {
    return drawn.nextLong();
  }

  Machine machineOfPort(int port) {
    return machines.get(port - FIRST_PEER_PORT - 1);
  }

  /** One of its own kind is there where all is one cluster. */
  SimulatedRegion anyRegion(SplittableRandom random) {
    return regions.size() == 1 ? regions.get(0) : regions.get(random.nextInt(regions.size()));
  }

  /** The next machine of a region. */
  Machine add(SimulatedRegion region, int rate, long diskId) {
    Machine machine = new Machine(machines.size() + 1, region, rate, diskId);
    if (shape.isRegional()) {
      machine.skewMillis = shape.regions().skewMillis().get(region.number);
    }
    machines.add(machine);
    region.machines.add(machine);
    return machine;
  }

  Machine anyMachine(SplittableRandom random) {
    return machines.get(random.nextInt(machines.size()));
  }

  /** A value of the size that values have here. */
  String padded(String value) {
    return value + ".".repeat(Math.max(0, shape.valueBytes() - value.length()));
  }

  /** One line of the trace; text is made of it when somebody reads it. */
  private record Line(long atMicros, Object who, Object what) {
    @Override
    public String toString() {
      return String.format("%11.3f ms  %-8s %s", atMicros / 1000.0, who, what);
    }
  }

  /**
   * @param what never changes
   */
  void note(Object who, Object what) {
    if (traceLines == 0) {
      return;
    }
    if (trace.size() == traceLines) {
      trace.pollFirst();
    }
    trace.addLast(new Line(schedule.nowMicros(), who, what));
  }

  /** A message between nodes has arrived; as it is to be read. */
  byte[] message(Machine from, Machine to, byte[] frame) {
    if (messagesMet.add(FrameText.kindNumber(frame))) {
      count("message " + FrameText.kind(frame));
    }
    if (traceLines == Integer.MAX_VALUE) {
      note(from, new Told(to, frame));
    }
    if (FrameText.isOfSnapshot(frame) && chance.breaksSnapshot()) {
      // A small partition takes milliseconds; what breaks at any time hardly ever meets them.
      count("snapshot cut off");
      note(from, "connections to " + to + " break amid a snapshot");
      network.breakConnections(from, to);
    }
    if (frame[0] == Frames.SNAPSHOT && !damageCopied && from.cells.isSilentlyDamaged()) {
      damageCopied = true;
      count("silent damage copied");
      note(from, "copies what may be damaged to " + to);
    }
    if (frame[0] == Frames.VERIFY) {
      return scrubLies.read(from, frame);
    }
    if (FrameText.isBetweenRegions(frame)) {
      between.met(from, to, frame);
      return lies.read(from, to, frame);
    }
    return FrameLies.read(mutant, frame);
  }

  private record Told(Machine to, byte[] frame) {
    @Override
    public String toString() {
      return "tells " + to + ": " + FrameText.of(frame);
    }
  }

  List<String> trace() {
    return trace.stream().map(Line::toString).toList();
  }

  void started() {
    underWay++;
  }

  /**
   * @param byFollower whether a follower may have answered
   */
  void ended(Invocation invocation, boolean byFollower) {
    (byFollower ? followerReads : history).add(invocation);
    if (invocation.isAcknowledged() && !invocation.call().isRead()) {
      lastWrittenNanos = Math.max(lastWrittenNanos, invocation.startNanos());
    }
    note(invocation.client(), invocation);
  }

  /** When the latest of the writes that were acknowledged was asked for. */
  long lastWrittenNanos() {
    return lastWrittenNanos;
  }

  void answered() {
    underWay--;
  }

  /**
   * A key is set to expire, at the earliest after its life as the clocks here may count it: each
   * may be wrong by a twentieth, and a new leader's may be ahead by as much. Where clocks jump
   * nothing is known.
   */
  void expires(String key, String value, int lifeMillis) {
    long now = schedule.nowMicros();
    long life = lifeMillis * Schedule.MILLIS;
    long early = shape.rate(FaultRate.CLOCK_FAULTS) > 0 ? life : Math.min(life, (now + life) / 9);
    expiries.add(
        Invocation.uncertain("time", key, Call.expire(value), (now + life - early) * 1_000));
  }

  boolean allAnswered() {
    return underWay == 0;
  }

  void committed(ControlCommand command) {
    note("control", command);
  }

  void died(SimulatedProcess process) {
    director.died(process);
  }

  void killBetweenEffects(SimulatedProcess process) {
    director.killBetweenEffects(process);
  }

  void failed(SimulatedProcess process, String what, Throwable cause) {
    director.failed(process, what, cause);
  }

  void seen(Anomaly anomaly) {
    director.seen(anomaly);
  }

  void count(String what) {
    director.count(what);
  }

  static void require(boolean holds, String message) {
    if (!holds) {
      throw new SimulationFailure(message);
    }
  }
}
