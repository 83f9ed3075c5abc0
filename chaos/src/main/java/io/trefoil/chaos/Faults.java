package io.trefoil.chaos;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Does what a plan says to the processes and the network, and mends it; has changes asked for. In
 * one thread.
 */
final class Faults {
  private static final long TICK_MILLIS = 100;
  private static final int LAST_LINES = 15;
  private static final long STOPS_MILLIS = 3_000;

  /** A node that was asked to end has, also one that stood still meanwhile. */
  private static final long ENDS_MILLIS = 30_000;

  /**
   * A fault as it came.
   *
   * @param untilMillis when it was mended
   */
  record Happened(FaultKind kind, Met met, long fromMillis, long untilMillis, int amount) {
    /** Index of the node that it met; -1 when it met several. */
    int node() {
      return met.node();
    }

    /** Whether nothing was done to any other node, or between others. */
    boolean meetsOne() {
      return node() >= 0 && kind.meetsOne();
    }

    Happened until(long millis) {
      return new Happened(kind, met, fromMillis, millis, amount);
    }
  }

  private interface Mending {
    void mend() throws IOException;
  }

  private record Pending(long atMillis, Mending mending) {}

  private final List<NodeProcess> nodes;
  private final Links links;
  private final FaultyNetwork network;
  private final Layout layout;
  private final List<Administrator> administrators;
  private final Observer observer;
  private final Consumer<String> say;
  private final List<Happened> happened = new ArrayList<>();
  private final List<String> unexpectedEnds = new ArrayList<>();
  private final PriorityQueue<Pending> pending =
      new PriorityQueue<>(Comparator.comparingLong(Pending::atMillis));

  /** Nodes that are dead because they were made to be. */
  private final Set<NodeProcess> mayBeDead = new HashSet<>();

  /** Nodes whose disk is or was full: they stop rather than go on without a journal. */
  private final Set<NodeProcess> mayStop = new HashSet<>();

  /** Nodes that were asked to end, and by when they must have. */
  private final Map<NodeProcess, Long> stopping = new HashMap<>();

  /**
   * @param administrators one of each region
   */
  Faults(
      List<NodeProcess> nodes,
      Links links,
      FaultyNetwork network,
      Layout layout,
      List<Administrator> administrators,
      Observer observer,
      Consumer<String> say) {
    this.nodes = nodes;
    this.links = links;
    this.network = network;
    this.layout = layout;
    this.administrators = administrators;
    this.observer = observer;
    this.say = say;
  }

  /** What went wrong, in the order in which it came. */
  List<Happened> happened() {
    return List.copyOf(happened);
  }

  /**
   * Nodes that ended though nothing was done to them, with their last words, or that did not end
   * when asked to.
   */
  List<String> unexpectedEnds() {
    return List.copyOf(unexpectedEnds);
  }

  /**
   * Goes through the plan, and mends all at the end.
   *
   * @param millis how long this takes
   */
  void run(List<PlannedFault> plan, long millis) throws IOException, InterruptedException {
    int next = 0;
    while (observer.millis() < millis) {
      while (next < plan.size() && plan.get(next).atMillis() <= observer.millis()) {
        begin(plan.get(next++));
      }
      mendUntil(observer.millis());
      lookAfterNodes();
      TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
    }
    mendUntil(Long.MAX_VALUE);
    while (!stopping.isEmpty()) {
      lookAfterNodes();
      TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
    }
    startDead();
  }

  /** Notices nodes that end, and starts them again; to be called while waiting for anything. */
  void lookAfterNodes() throws IOException {
    for (NodeProcess node : nodes) {
      boolean isDead = node.state() == NodeProcess.State.DEAD;
      if (isDead && stopping.remove(node) != null) {
        noteEnd(node);
      } else if (isDead && !mayBeDead.contains(node) && !mayStop.remove(node)) {
        unexpected(node, "ended by itself, " + node.endedWith());
      } else if (!isDead && stopping.getOrDefault(node, Long.MAX_VALUE) < observer.millis()) {
        unexpected(node, "did not end in " + ENDS_MILLIS / 1_000 + " s when asked to");
        boolean isWanted = mayBeDead.add(node);
        kill(node);
        if (isWanted) {
          mayBeDead.remove(node);
        }
      }
      if (node.state() == NodeProcess.State.DEAD && !mayBeDead.contains(node)) {
        node.start();
      }
    }
  }

  private void noteEnd(NodeProcess node) {
    if (!node.wasStopped() && !mayStop.remove(node)) {
      unexpected(node, "was asked to end and ended with " + node.endedWith());
    }
  }

  private void unexpected(NodeProcess node, String what) {
    unexpectedEnds.add(
        String.format(
            "%s at %.1f s: %s%n    %s",
            node.name(),
            observer.millis() / 1_000.0,
            what,
            String.join("\n    ", node.lastLines(LAST_LINES))));
    say.accept(node.name() + " " + what);
  }

  private void mendUntil(long millis) throws IOException {
    while (!pending.isEmpty() && pending.peek().atMillis() <= millis) {
      pending.remove().mending().mend();
    }
  }

  private void startDead() throws IOException {
    mayBeDead.clear();
    mayStop.addAll(nodes.stream().filter(node -> node.state() == NodeProcess.State.DEAD).toList());
    lookAfterNodes();
    mayStop.clear();
  }

  private void begin(PlannedFault fault) throws IOException {
    if (fault.kind().isChange()) {
      Administrator administrator = administrators.get(layout.regionOf(fault.node()));
      administrator.begin(fault);
      pending.add(new Pending(fault.endsMillis(), () -> administrator.end(fault)));
      return;
    }
    int met = fault.ofLeader() ? leader(fault.node()) : fault.node();
    NodeProcess node = nodes.get(met);
    boolean isDead = node.state() == NodeProcess.State.DEAD;
    switch (fault.kind()) {
      case KILL -> {
        if (!isDead) {
          kill(node);
          note(fault, met, () -> startAgain(node));
        }
      }
      case KILL_ALL -> killAll(fault, met, nodes);
      case REGION_KILL -> killAll(fault, met, layout.of(layout.regionOf(met), nodes));
      case STOP -> {
        if (!isDead) {
          mayBeDead.add(node);
          stopping.put(node, observer.millis() + ENDS_MILLIS);
          node.askToStop();
          note(fault, met, () -> startAgain(node));
        }
      }
      case PAUSE -> {
        if (node.state() == NodeProcess.State.RUNNING) {
          node.pause();
          note(fault, met, node::resume);
        }
      }
      case DISK_FULL -> {
        if (!isDead) {
          mayStop.add(node);
          FileSizeLimit.set(node.pid(), 0);
          note(fault, met, () -> makeRoom(node));
        }
      }
      case RESET -> {
        network.reset();
        note(fault, met, () -> {});
      }
      default -> {
        Runnable mending = links.begin(fault, met);
        note(fault, met, mending::run);
      }
    }
  }

  private void killAll(PlannedFault fault, int met, List<NodeProcess> all) {
    all.forEach(this::kill);
    note(
        fault,
        met,
        () -> {
          for (NodeProcess each : all) {
            startAgain(each);
          }
        });
  }

  private void kill(NodeProcess node) {
    mayBeDead.add(node);
    stopping.remove(node);
    node.kill();
    try {
      node.awaitEnd(5_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void startAgain(NodeProcess node) throws IOException {
    mayBeDead.remove(node);
    if (stopping.containsKey(node)) {
      lookAfterNodes(); // it may still run: it starts once it has ended
      return;
    }
    mayStop.remove(node);
    if (node.state() == NodeProcess.State.DEAD) {
      node.start();
    }
  }

  private void makeRoom(NodeProcess node) throws IOException {
    if (node.state() != NodeProcess.State.DEAD) {
      FileSizeLimit.lift(node.pid());
      // A write that failed just before is heard of a moment later.
      pending.add(new Pending(observer.millis() + STOPS_MILLIS, () -> mayStop.remove(node)));
    }
  }

  private void note(PlannedFault fault, int node, Mending mending) {
    long from = observer.millis();
    long until = from + fault.lastsMillis();
    Met met = Met.of(fault, node, layout);
    happened.add(new Happened(fault.kind(), met, from, until, fault.amount()));
    pending.add(new Pending(until, mending));
    String who = met.who().isEmpty() ? "" : met.who() + " ";
    say.accept(who + fault.kind().label() + (fault.amount() > 0 ? ", " + fault.amount() : ""));
  }

  /** The node that leads the first partition of its region, as far as anybody knows. */
  private int leader(int otherwise) {
    ClusterStatus.Database latest = observer.latest(layout.regionOf(otherwise));
    if (latest != null && !latest.partitionStates().isEmpty()) {
      String leader = latest.partitionStates().get(0).leader();
      for (int i = 0; i < nodes.size(); i++) {
        if (nodes.get(i).name().equals(leader)) {
          return i;
        }
      }
    }
    return otherwise;
  }
}
