package io.trefoil.simulation;

import io.trefoil.replication.multileader.RegionMessage;
import io.trefoil.replication.multileader.RegionWays;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Leaders of one partition in several regions that do what they are told, line by line, and say
 * what each did. A message is shown when it is sent, and takes a millisecond; each line takes
 * twenty. Heartbeats are shown only as the answer to a pull.
 *
 * <pre>
 *   regions eu us asia topology=all-to-all     or ring, or star of which the first is the hub
 *   write eu a                                 a client writes there
 *   break eu us          link eu us            the connection between the two
 *   slow eu us           fast eu us            what is sent between the two takes 60 ms, or one
 *   hold eu              release eu            nothing commits there
 *   fail eu              lose eu 1             another leader, with all that is committed, or not with the last
 *   trim eu                                    its log keeps nothing of what is committed
 *   pass 1000                                  so many milliseconds
 *   status                                     a line per region
 *   quietly write eu a                         any of them, without a word of it
 * </pre>
 */
final class RegionDialogue {
  private static final long MESSAGE_MILLIS = 1;
  private static final long SLOW_MILLIS = 60;
  private static final long LINE_MILLIS = 20;
  private static final long TICK_MILLIS = 100;

  private final Schedule schedule = new Schedule();
  private final List<RegionLeader> regions = new ArrayList<>();
  private final List<String> told = new ArrayList<>();

  /** Of two regions: how many connections there were. Odd while there is one. */
  private final Map<Set<Integer>, Integer> connections = new HashMap<>();

  private final Set<Set<Integer>> slow = new HashSet<>();

  /** Of one region to another: when its last message arrives. Messages keep their order. */
  private final Map<List<Integer>, Long> lastDue = new HashMap<>();

  /** Who answered whose pull, so that the first batch of each is shown. */
  private final Set<List<Long>> answered = new HashSet<>();

  private List<String> names = List.of();
  private RegionLines lines = new RegionLines(names);

  /** Does what a line says and returns what came of it. */
  List<String> tell(String line) {
    boolean quietly = line.startsWith("quietly ");
    String[] words = line.replace("quietly ", "").trim().split("\\s+");
    act(words);
    run(LINE_MILLIS);
    List<String> all = List.copyOf(told);
    told.clear();
    return quietly ? List.of() : all;
  }

  private void act(String[] words) {
    switch (words[0]) {
      case "regions" -> begin(words);
      case "write" -> region(words[1]).write(words[2]);
      case "break" -> disconnect(region(words[1]), region(words[2]));
      case "link" -> connect(region(words[1]), region(words[2]));
      case "slow" -> slow.add(pair(region(words[1]).id(), region(words[2]).id()));
      case "fast" -> slow.remove(pair(region(words[1]).id(), region(words[2]).id()));
      case "hold" -> region(words[1]).commits(false);
      case "release" -> region(words[1]).commits(true);
      case "fail" -> fail(region(words[1]), 0);
      case "lose" -> fail(region(words[1]), Integer.parseInt(words[2]));
      case "trim" -> region(words[1]).trim();
      case "pass" -> pass(Long.parseLong(words[1]));
      case "status" -> regions.forEach(it -> note(lines.name(it.id()), it.status()));
      default -> throw new IllegalArgumentException("no such command: " + words[0]);
    }
  }

  private void begin(String[] words) {
    String topology = words[words.length - 1];
    names = List.of(words).subList(1, words.length - 1);
    lines = new RegionLines(names);
    List<Integer> ids = IntStream.rangeClosed(1, names.size()).boxed().toList();
    ids.forEach(id -> regions.add(new RegionLeader(this, lines, id, ways(topology, id, ids))));
    regions.forEach(region -> region.lead(0));
    regions.forEach(this::connect);
  }

  private static RegionWays ways(String topology, int id, List<Integer> ids) {
    return switch (topology) {
      case "topology=all-to-all" -> RegionWays.allToAll(id, ids);
      case "topology=ring" -> RegionWays.ring(id, ids);
      case "topology=star" -> RegionWays.star(id, 1, ids);
      default -> throw new IllegalArgumentException("no such " + topology);
    };
  }

  private RegionLeader region(String name) {
    return regions.get(names.indexOf(name));
  }

  private static Set<Integer> pair(int one, int other) {
    return Set.of(one, other);
  }

  // Connections.

  private boolean isConnected(int one, int other) {
    return connections.getOrDefault(pair(one, other), 0) % 2 == 1;
  }

  private void connect(RegionLeader region) {
    for (int neighbour : region.ways().neighbours()) {
      if (!isConnected(region.id(), neighbour)) {
        connect(region, regions.get(neighbour - 1));
      }
    }
  }

  private void connect(RegionLeader one, RegionLeader other) {
    connections.merge(pair(one.id(), other.id()), 1, Integer::sum);
    one.linkUp(other.id());
    other.linkUp(one.id());
  }

  private void disconnect(RegionLeader one, RegionLeader other) {
    connections.merge(pair(one.id(), other.id()), 1, Integer::sum);
    one.linkDown(other.id());
    other.linkDown(one.id());
  }

  /** Connections end with the leader; its successor makes others. */
  private void fail(RegionLeader region, int lost) {
    List<RegionLeader> linked =
        regions.stream().filter(it -> it != region && isConnected(it.id(), region.id())).toList();
    for (RegionLeader neighbour : linked) {
      connections.merge(pair(neighbour.id(), region.id()), 1, Integer::sum);
      neighbour.linkDown(region.id());
    }
    region.fail(lost);
    linked.forEach(neighbour -> connect(region, neighbour));
  }

  private void pass(long millis) {
    for (long left = millis; left > 0; left -= TICK_MILLIS) {
      run(Math.min(left, TICK_MILLIS));
      regions.forEach(RegionLeader::tick);
    }
  }

  // For the regions.

  long nowMillis() {
    return schedule.nowMicros() / Schedule.MILLIS;
  }

  void soon(Runnable action) {
    schedule.after(MESSAGE_MILLIS * Schedule.MILLIS, action);
  }

  void note(String who, String what) {
    told.add(String.format("%-7s%s", who, what));
  }

  /** Lost when its connection breaks before it is there. */
  void send(int from, int to, RegionMessage message) {
    int connection = connections.getOrDefault(pair(from, to), 0);
    if (!isConnected(from, to)) {
      return;
    }
    if (isShown(from, to, message)) {
      note(lines.name(from), "▶ " + lines.name(to) + "  " + lines.of(message));
    }
    long delay = slow.contains(pair(from, to)) ? SLOW_MILLIS : MESSAGE_MILLIS;
    long due = Math.max(nowMillis() + delay, lastDue.getOrDefault(List.of(from, to), 0L));
    lastDue.put(List.of(from, to), due);
    schedule.after(
        due * Schedule.MILLIS - schedule.nowMicros(),
        () -> {
          if (connections.get(pair(from, to)) == connection) {
            regions.get(to - 1).receive(from, message);
          }
        });
  }

  private boolean isShown(int from, int to, RegionMessage message) {
    return !(message instanceof RegionMessage.Batch batch)
        || answered.add(List.of((long) from, (long) to, batch.id()))
        || !batch.after().equals(batch.upTo());
  }

  private void run(long millis) {
    schedule.after(millis * Schedule.MILLIS, () -> {});
    long until = schedule.nowMicros() + millis * Schedule.MILLIS;
    while (schedule.nextMicros() <= until) {
      schedule.runNext();
    }
  }
}
