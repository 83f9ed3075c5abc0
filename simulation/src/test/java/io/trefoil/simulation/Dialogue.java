package io.trefoil.simulation;

import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Configuration;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.kernel.Message;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A cluster that does what it is told, line by line, and says what each replica did. Messages and
 * disk writes take a fixed time and finish before the next line, unless they are cut off.
 *
 * <pre>
 *   cluster replicas=3 copies=2 durability=os     also nodes=4 memory=8 checkpoint=20
 *   open                                          the next epoch, without a leader
 *   fence n1 n2                                   asks for the promise and the last position
 *   appoint n1                                    who leads the open epoch
 *   lead n1                                       the three steps in one, with every node that is up
 *   write n1 SET k1      read n1 k1               what a client asks of a node
 *   cut n1 | n2 n3       mend                     nothing passes between the groups
 *   cut n1 > n2                                   nothing passes in that direction
 *   keep n1 n2           again n1 n2              the last entries on that way, to come once more
 *   pass 100                                      so many milliseconds; every node sees its clock
 *   kill n1   crash n1   start n1                 the process, or the machine and what was not synced
 *   change 2 of n1 n2 n4                          a second configuration stands beside the first
 *   drop old                                      only the second still stands
 *   status                                        a line per node
 *   quietly lead n1                               any of them, without a word of what came of it
 * </pre>
 */
final class Dialogue {
  private final Mutant mutant;
  private World world;
  private Membership membership;
  private long membershipVersion = 1;
  private long epoch;
  private NodeId leader;
  private int leaderIncarnation;
  private int operations;
  private final List<Trace.Line> all = new ArrayList<>();
  private Message kept;

  Dialogue(Mutant mutant) {
    this.mutant = mutant;
  }

  /** Does what a line says and returns what came of it. */
  List<String> tell(String line) {
    boolean quietly = line.startsWith("quietly ");
    String[] words = line.replace("quietly ", "").trim().split("\\s+");
    if (words[0].equals("cluster")) {
      begin(words);
    } else {
      act(words);
    }
    settle();
    List<Trace.Line> lines = world.trace.take();
    all.addAll(lines);
    if (quietly || words[0].equals("cluster")) {
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    lines.forEach(
        it -> texts.add(String.format("%-7s%s", it.who(), Trace.describe(it.what())).trim()));
    return texts;
  }

  private void act(String[] words) {
    switch (words[0]) {
      case "open" -> open();
      case "fence" -> nodes(words, 1).forEach(this::fence);
      case "appoint" -> appoint(node(words[1]));
      case "lead" -> lead(node(words[1]));
      case "write" -> execute(node(words[1]), words[2], words[3]);
      case "read" -> execute(node(words[1]), "GET", words[2]);
      case "cut" -> cut(words);
      case "let" ->
          world.network.cutAfter(
              node(words[2]).id(), node(words[4]).id(), Integer.parseInt(words[1]));
      case "mend" -> world.network.mendAll();
      case "keep" -> keep(node(words[1]).id(), node(words[2]).id());
      case "again" -> again(node(words[1]).id(), node(words[2]));
      case "pass" -> pass(Long.parseLong(words[1]));
      case "kill" -> node(words[1]).killProcess();
      case "crash" -> node(words[1]).crashMachine(node(words[1]).unsynced());
      case "start" -> node(words[1]).start();
      case "change" -> change(words);
      case "drop" -> drop();
      case "status" -> world.nodes.values().forEach(it -> world.trace.note(it.id(), status(it)));
      default -> throw new IllegalArgumentException("no such command: " + words[0]);
    }
  }

  private static String status(SimulatedNode node) {
    return node.isUp() ? node.replica() + " state=" + node.applied() : "is down";
  }

  private void begin(String[] words) {
    int replicas = option(words, "replicas", 3);
    boolean fsync = Arrays.asList(words).contains("durability=fsync");
    world =
        new World(
            10_000,
            (schedule, coverage) -> new Network(schedule, new SplittableRandom(1), coverage, 0),
            coverage -> new DiskChance(),
            mutant,
            fsync);
    world.control = new Nobody();
    IntStream.rangeClosed(1, option(words, "nodes", replicas))
        .mapToObj(NodeId::new)
        .forEach(id -> world.nodes.put(id, newNode(id, words)));
    List<NodeId> ids = List.copyOf(world.nodes.keySet()).subList(0, replicas);
    membership = Membership.of(ids, option(words, "copies", replicas / 2 + 1));
    world.nodes.values().forEach(SimulatedNode::start);
  }

  private SimulatedNode newNode(NodeId id, String[] words) {
    int memory = option(words, "memory", 100);
    return new SimulatedNode(world, id, 1_000, memory, option(words, "checkpoint", 1_000));
  }

  private static int option(String[] words, String name, int otherwise) {
    for (String word : words) {
      if (word.startsWith(name + "=")) {
        return Integer.parseInt(word.substring(name.length() + 1));
      }
    }
    return otherwise;
  }

  /** Under {@code os} the journal is synced every 50 ms. */
  private final class DiskChance extends Chance {
    @Override
    long syncMicros(boolean hurried) {
      return (hurried ? 1 : 50) * Schedule.MILLIS;
    }
  }

  /** The person who writes the lines is the control plane. */
  private static final class Nobody implements Control {
    @Override
    public void answeredFence(SimulatedNode node, Effect.AnswerFence answer) {}

    @Override
    public void askedForLease(SimulatedNode node, long sentMicros) {}

    @Override
    public void copiedUnderBoth(SimulatedNode node, long epoch, long membershipVersion) {}
  }

  private SimulatedNode node(String name) {
    return world.nodes.get(new NodeId(Integer.parseInt(name.substring(1))));
  }

  private List<SimulatedNode> nodes(String[] words, int from) {
    return Arrays.stream(words).skip(from).map(this::node).toList();
  }

  private void settle() {
    long limit = world.schedule.nowMicros() + 20 * Schedule.MILLIS;
    while (world.schedule.nextMicros() < limit) {
      world.schedule.runNext();
    }
  }

  private void open() {
    epoch++;
    leader = null;
  }

  private void fence(SimulatedNode node) {
    long fenced = epoch;
    node.deliver(() -> node.fence(fenced));
  }

  private void appoint(SimulatedNode chosen) {
    leader = chosen.id();
    leaderIncarnation = chosen.incarnation();
    world.checks.appointed(epoch, /* mayLose= */ mayLose(), world.schedule.nowMicros());
    announce(chosen);
  }

  /** With one copy a fence of fewer than all may lose. */
  private boolean mayLose() {
    return membership.standing().stream().allMatch(it -> it.copies() == 1);
  }

  private void announce(SimulatedNode node) {
    long of = epoch;
    NodeId who = leader;
    int incarnation = leaderIncarnation;
    node.deliver(() -> node.appointed(of, who, incarnation, membership, membershipVersion));
  }

  private void lead(SimulatedNode chosen) {
    open();
    membership.replicas().forEach(id -> fence(world.nodes.get(id)));
    settle();
    appoint(chosen);
    settle();
  }

  private void execute(SimulatedNode node, String kind, String key) {
    node.leaseGranted(node.localMicros(), 0);
    Operation.Content content =
        new Operation.Content(
            ++operations,
            Operation.Kind.valueOf(kind.toUpperCase(Locale.ROOT)),
            Integer.parseInt(key.substring(1)));
    Operation operation = new Operation(content, world.schedule.nowMicros());
    node.execute(
        List.of(operation),
        (it, outcome, register, hint) -> {
          it.finish(outcome, register, world.schedule.nowMicros());
          world.trace.note("client", "hears " + it);
        });
  }

  private void cut(String[] words) {
    boolean oneWay = Arrays.asList(words).contains(">");
    int middle = Arrays.asList(words).indexOf(oneWay ? ">" : "|");
    for (int i = 1; i < middle; i++) {
      for (int j = middle + 1; j < words.length; j++) {
        world.network.cut(node(words[i]).id(), node(words[j]).id());
        if (!oneWay) {
          world.network.cut(node(words[j]).id(), node(words[i]).id());
        }
      }
    }
  }

  private void keep(NodeId from, NodeId to) {
    for (Trace.Line line : all) {
      boolean entries =
          line.who().equals(from)
              && line.what() instanceof Effect.Send send
              && send.to().equals(to)
              && send.message() instanceof Message.Append append
              && append.batch() != null;
      kept = entries ? ((Effect.Send) line.what()).message() : kept;
    }
  }

  private void again(NodeId from, SimulatedNode to) {
    Message late = kept;
    to.deliver(() -> to.step(new Event.Received(from, late)));
  }

  private void pass(long millis) {
    world.schedule.after(millis * Schedule.MILLIS, () -> {});
    long until = world.schedule.nowMicros() + millis * Schedule.MILLIS;
    while (world.schedule.nextMicros() <= until) {
      world.schedule.runNext();
    }
    for (SimulatedNode node : world.nodes.values()) {
      node.deliver(() -> node.step(new Event.Tick(node.localMicros() / Schedule.MILLIS)));
    }
  }

  private void change(String[] words) {
    List<NodeId> replicas = nodes(words, 3).stream().map(SimulatedNode::id).toList();
    Configuration wanted = new Configuration(replicas, Integer.parseInt(words[1]));
    membership = new Membership(List.of(membership.standing().get(0), wanted));
    membershipVersion++;
    announceAll();
  }

  private void drop() {
    membership = new Membership(List.of(membership.standing().get(1)));
    membershipVersion++;
    announceAll();
  }

  private void announceAll() {
    membership.replicas().forEach(id -> announce(world.nodes.get(id)));
  }
}
