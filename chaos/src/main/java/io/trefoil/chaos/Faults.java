package io.trefoil.chaos;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Does what a plan says to the processes and the network, and mends it. In one thread. */
final class Faults {
  private static final long TICK_MILLIS = 100;
  private static final int LAST_LINES = 15;
  private static final long STOPS_MILLIS = 3_000;

  /**
   * A fault as it came.
   *
   * @param node index of the node that it met; -1 when it met several
   * @param untilMillis when it was mended
   */
  record Happened(FaultKind kind, int node, long fromMillis, long untilMillis, int amount) {}

  private interface Mending {
    void mend() throws IOException;
  }

  private record Pending(long atMillis, Mending mending) {}

  private final List<NodeProcess> nodes;
  private final Links links;
  private final FaultyNetwork network;
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

  Faults(
      List<NodeProcess> nodes,
      Links links,
      FaultyNetwork network,
      Observer observer,
      Consumer<String> say) {
    this.nodes = nodes;
    this.links = links;
    this.network = network;
    this.observer = observer;
    this.say = say;
  }

  /** What went wrong, in the order in which it came. */
  List<Happened> happened() {
    return List.copyOf(happened);
  }

  /** Nodes that ended though nothing was done to them, with their last words. */
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
    startDead();
  }

  /** Notices nodes that end, and starts them again; to be called while waiting for anything. */
  void lookAfterNodes() throws IOException {
    for (NodeProcess node : nodes) {
      if (node.state() == NodeProcess.State.DEAD && !mayBeDead.contains(node)) {
        if (!mayStop.remove(node)) {
          unexpectedEnds.add(
              node.name()
                  + " ended at "
                  + observer.millis() / 1_000.0
                  + " s, "
                  + node.endedWith()
                  + "\n    "
                  + String.join("\n    ", node.lastLines(LAST_LINES)));
          say.accept(node.name() + " ended by itself, " + node.endedWith());
        }
        node.start();
      }
    }
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
      case KILL_ALL -> {
        nodes.forEach(this::kill);
        note(
            fault,
            -1,
            () -> {
              for (NodeProcess each : nodes) {
                startAgain(each);
              }
            });
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
        note(fault, -1, () -> {});
      }
      default -> {
        Runnable mending = links.begin(fault, met);
        note(fault, met, mending::run);
      }
    }
  }

  private void kill(NodeProcess node) {
    mayBeDead.add(node);
    node.kill();
    try {
      node.awaitEnd(5_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void startAgain(NodeProcess node) throws IOException {
    mayBeDead.remove(node);
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
    happened.add(new Happened(fault.kind(), node, from, until, fault.amount()));
    pending.add(new Pending(until, mending));
    String who = node < 0 ? "" : nodes.get(node).name() + " ";
    say.accept(who + fault.kind().label() + (fault.amount() > 0 ? ", " + fault.amount() : ""));
  }

  /** The node that leads the first partition, as far as anybody knows. */
  private int leader(int otherwise) {
    ClusterStatus.Database latest = observer.latest();
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
