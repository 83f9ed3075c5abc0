package io.trefoil.simulation;

import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.leaderless.LeaderlessEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Replicas of a leaderless partition that do what they are told, line by line, and say what each
 * did. Messages and disk writes take a millisecond, and each line twenty.
 *
 * <pre>
 *   cluster replicas=3 r=2 w=2
 *   write n1 k1 a        remove n1 k1      read n1 k1     what a client asks of a coordinator
 *   slow n3              fast n3                          its disk takes 200 ms, or one
 *   cut n1 | n2 n3       mend                             nothing passes between the groups
 *   cut n1 > n2                                           nothing passes in that direction
 *   pass 100             pass 100 n1                      so many milliseconds, and who looks at a clock
 *   wait 200                                              so many milliseconds, and nobody does
 *   kill n1              start n1                         the process
 *   lose n1 2                                             of one that is down: its last two records
 *   let-go n1                                             its journal keeps no hints
 *   compare n1                                            a round of anti-entropy with each other
 *   configure 2 of n1 n2 n3 at n1                         a version, and who hears of it
 *   status                                                a line per replica
 *   quietly write n1 k1 a                                 any of them, without a word of it
 * </pre>
 */
final class LeaderlessDialogue {
  private static final long MESSAGE_MILLIS = 1;
  private static final long LINE_MILLIS = 20;
  private static final long TICK_MILLIS = 100;

  private final Schedule schedule = new Schedule();
  private final SortedMap<NodeId, LeaderlessNode> nodes = new TreeMap<>();
  private final List<List<NodeId>> cuts = new ArrayList<>();
  private final List<String> lines = new ArrayList<>();
  private Membership membership;
  private long version;
  private int reads;
  private int writes;
  private int origins;
  private long questions;

  /** Does what a line says and returns what came of it. */
  List<String> tell(String line) {
    boolean quietly = line.startsWith("quietly ");
    String[] words = line.replace("quietly ", "").trim().split("\\s+");
    act(words);
    run(LINE_MILLIS);
    nodes.values().stream().filter(LeaderlessNode::isUp).forEach(LeaderlessNode::compareNoMore);
    List<String> told = List.copyOf(lines);
    lines.clear();
    return quietly || words[0].equals("cluster") ? List.of() : told;
  }

  private void act(String[] words) {
    switch (words[0]) {
      case "cluster" -> begin(words);
      case "write" -> node(words[1]).write(words[2], words[3]);
      case "remove" -> node(words[1]).write(words[2], null);
      case "read" -> node(words[1]).read(words[2], ++questions);
      case "slow" -> node(words[1]).beSlow(true);
      case "fast" -> node(words[1]).beSlow(false);
      case "cut" -> cut(words);
      case "mend" -> cuts.clear();
      case "pass" -> pass(Long.parseLong(words[1]), words);
      case "wait" -> run(Long.parseLong(words[1]));
      case "kill" -> kill(node(words[1]));
      case "start" -> start(node(words[1]));
      case "lose" -> node(words[1]).lose(Integer.parseInt(words[2]), ++origins);
      case "let-go" -> node(words[1]).letGo();
      case "compare" -> compare(node(words[1]));
      case "configure" -> configure(words);
      case "status" -> nodes.values().forEach(it -> note(it.id().toString(), it.status()));
      default -> throw new IllegalArgumentException("no such command: " + words[0]);
    }
  }

  private void begin(String[] words) {
    int replicas = option(words, "replicas");
    reads = option(words, "r");
    writes = option(words, "w");
    origins = replicas;
    version = 1;
    List<NodeId> ids = IntStream.rangeClosed(1, replicas).mapToObj(NodeId::new).toList();
    membership = Membership.of(ids, writes);
    ids.forEach(id -> nodes.put(id, new LeaderlessNode(this, id)));
    nodes.values().forEach(LeaderlessNode::start);
    nodes.values().forEach(LeaderlessNode::configure);
  }

  private static int option(String[] words, String name) {
    return Arrays.stream(words)
        .filter(word -> word.startsWith(name + "="))
        .mapToInt(word -> Integer.parseInt(word.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("cluster needs " + name + "="));
  }

  private LeaderlessNode node(String name) {
    return nodes.get(new NodeId(Integer.parseInt(name.substring(1))));
  }

  private List<LeaderlessNode> nodes(String[] words, int from, int to) {
    return Arrays.stream(words, from, to).map(this::node).toList();
  }

  private void cut(String[] words) {
    boolean oneWay = Arrays.asList(words).contains(">");
    int middle = Arrays.asList(words).indexOf(oneWay ? ">" : "|");
    for (LeaderlessNode one : nodes(words, 1, middle)) {
      for (LeaderlessNode other : nodes(words, middle + 1, words.length)) {
        cuts.add(List.of(one.id(), other.id()));
        if (!oneWay) {
          cuts.add(List.of(other.id(), one.id()));
        }
      }
    }
  }

  private void pass(long millis, String[] words) {
    List<LeaderlessNode> who =
        words.length > 2 ? nodes(words, 2, words.length) : List.copyOf(nodes.values());
    for (long left = millis; left > 0; left -= TICK_MILLIS) {
      run(Math.min(left, TICK_MILLIS));
      who.stream().filter(LeaderlessNode::isUp).forEach(LeaderlessNode::tick);
    }
  }

  private void kill(LeaderlessNode node) {
    node.kill();
    note(node.id().toString(), "KILLED");
    nodes.values().stream()
        .filter(LeaderlessNode::isUp)
        .forEach(it -> it.step(new LeaderlessEvent.PeerLost(node.id())));
  }

  private void start(LeaderlessNode node) {
    node.start();
    note(node.id().toString(), "starts: " + node.status());
    node.configure();
  }

  /** Who is asked tells a clock that is not older than the question. */
  private void compare(LeaderlessNode node) {
    nodes.values().stream().filter(LeaderlessNode::isUp).forEach(LeaderlessNode::tick);
    run(LINE_MILLIS);
    node.compare();
  }

  private void configure(String[] words) {
    int at = Arrays.asList(words).indexOf("at");
    version = Long.parseLong(words[1]);
    List<NodeId> replicas =
        nodes(words, 3, at < 0 ? words.length : at).stream().map(LeaderlessNode::id).toList();
    membership = Membership.of(replicas, writes);
    List<LeaderlessNode> who =
        at < 0 ? List.copyOf(nodes.values()) : nodes(words, at + 1, words.length);
    who.forEach(LeaderlessNode::configure);
  }

  // For the nodes.

  int reads() {
    return reads;
  }

  int writes() {
    return writes;
  }

  long version() {
    return version;
  }

  Membership membership() {
    return membership;
  }

  long nowMillis() {
    return schedule.nowMicros() / Schedule.MILLIS;
  }

  void after(long millis, Runnable action) {
    schedule.after(millis * Schedule.MILLIS, action);
  }

  void note(String who, String what) {
    lines.add(String.format("%-7s%s", who, what));
  }

  /** Not from or to an earlier start, as the real shell has it. */
  void send(LeaderlessNode from, NodeId to, Consumer<LeaderlessNode> delivery) {
    LeaderlessNode receiver = nodes.get(to);
    int fromStart = from.incarnation();
    int toStart = receiver.incarnation();
    if (cuts.contains(List.of(from.id(), to)) || !receiver.isUp()) {
      return;
    }
    after(
        MESSAGE_MILLIS,
        () -> {
          boolean current = from.incarnation() == fromStart && receiver.incarnation() == toStart;
          if (current && receiver.isUp()) {
            delivery.accept(receiver);
          }
        });
  }

  /** Lets so much time pass. */
  private void run(long millis) {
    after(millis, () -> {});
    long until = schedule.nowMicros() + millis * Schedule.MILLIS;
    while (schedule.nextMicros() <= until) {
      schedule.runNext();
    }
  }
}
