package io.trefoil.simulation;

import io.trefoil.base.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Does one small pipeline of operations after another, at the node that it takes for the leader.
 */
final class Client {
  private static final long GIVE_UP_MICROS = 2_500 * Schedule.MILLIS;

  private final World world;
  private final NodeId id;
  private final SplittableRandom random;
  private final List<NodeId> nodes;
  private final int keys;
  private final boolean conditional;
  private final List<Operation> all;
  private NodeId target;
  private boolean stopped;
  private int waitingFor;
  private int round;

  /**
   * @param conditional whether some writes are done only where nothing is
   * @param all every operation of the run; its number is its place here, from 1
   */
  Client(
      World world,
      NodeId id,
      SplittableRandom random,
      int keys,
      boolean conditional,
      List<Operation> all) {
    this.world = world;
    this.id = id;
    this.random = random;
    this.nodes = List.copyOf(world.nodes.keySet());
    this.keys = keys;
    this.conditional = conditional;
    this.all = all;
    this.target = nodes.get(0);
  }

  void stop() {
    stopped = true;
  }

  void start() {
    world.schedule.after((5 + random.nextInt(40)) * Schedule.MILLIS, this::ask);
  }

  private void ask() {
    if (stopped) {
      return;
    }
    List<Operation> operations = new ArrayList<>();
    int count = random.nextInt(4) == 0 ? 2 + random.nextInt(3) : 1;
    for (int i = 0; i < count; i++) {
      operations.add(next());
    }
    waitingFor = count;
    int asked = ++round;
    SimulatedNode node = world.nodes.get(target);
    SimulatedNode.Replies replies =
        (operation, outcome, register, leader) ->
            world.network.send(
                node.id(), id, () -> answered(asked, operation, outcome, register, leader));
    world.trace.note(id, "asks " + target + " for " + contentsOf(operations));
    int there = node.incarnation();
    world.network.send(
        id, target, () -> node.deliverOver(there, () -> executeOnce(node, operations, replies)));
    world.schedule.after(GIVE_UP_MICROS, () -> giveUp(asked, operations));
  }

  private static List<Operation.Content> contentsOf(List<Operation> operations) {
    return operations.stream().map(Operation::content).toList();
  }

  /** A client's bytes come once, however often the network repeats a message. */
  private void executeOnce(
      SimulatedNode node, List<Operation> operations, SimulatedNode.Replies replies) {
    if (operations.get(0).arrive()) {
      node.execute(operations, replies);
    }
  }

  private Operation next() {
    Operation.Kind kind = Operation.Kind.values()[random.nextInt(4)];
    int key = 1 + random.nextInt(keys);
    if (conditional && kind == Operation.Kind.SET) {
      kind = Operation.Kind.SET_IF_ABSENT;
    }
    Operation operation =
        new Operation(new Operation.Content(all.size() + 1, kind, key), world.schedule.nowMicros());
    all.add(operation);
    return operation;
  }

  private void answered(
      int asked, Operation operation, Operation.Outcome outcome, Register register, NodeId leader) {
    if (operation.outcome() != Operation.Outcome.PENDING) {
      return;
    }
    operation.finish(outcome, register, world.schedule.nowMicros());
    world.trace.note(id, "hears " + operation);
    world.coverage.answered(outcome.name());
    if (outcome != Operation.Outcome.OK) {
      target = leader != null ? leader : nodes.get(random.nextInt(nodes.size()));
    }
    if (asked == round && --waitingFor == 0) {
      start();
    }
  }

  private void giveUp(int asked, List<Operation> operations) {
    for (Operation operation : operations) {
      if (operation.outcome() == Operation.Outcome.PENDING) {
        answered(asked, operation, Operation.Outcome.UNCERTAIN, null, null);
      }
    }
  }
}
