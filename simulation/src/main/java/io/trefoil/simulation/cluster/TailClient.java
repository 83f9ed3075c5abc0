package io.trefoil.simulation.cluster;

import io.trefoil.base.Position;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.simulation.Mutant;
import io.trefoil.simulation.Schedule;
import io.trefoil.simulation.SimulationFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client that tails the database, from whoever it is connected to, and sometimes goes back as one
 * that was killed before it noted its position. It keeps what it was given of each partition: never
 * may another entry have the same place, unless it was told that histories parted. In the end that
 * must be what is given to who reads all anew.
 */
final class TailClient extends SimulatedClient {
  private static final Pattern PLACE = Pattern.compile("\"position\":\"(\\d+:\\d+)\"");
  private static final Pattern KEY = Pattern.compile("\"key\":\"(unique-[^\"]*)\"");
  private static final long AGAIN_MICROS = 100 * Schedule.MILLIS;

  /** What there is to be read when all that was ever written is there: the first entry is empty. */
  private static final long FIRST_INDEX = 2;

  private final List<Log> logs = new ArrayList<>();

  /** What was given of one entry. */
  private record Entry(Position position, List<String> lines) {}

  /** What was given of one partition. */
  private static final class Log {
    final int partition;
    final TreeMap<Long, Entry> entries = new TreeMap<>();

    /** The last position of each epoch. */
    final TreeMap<Long, Position> read = new TreeMap<>();

    String start = "START";
    boolean atEnd;

    Log(int partition) {
      this.partition = partition;
    }

    String from() {
      return read.isEmpty() ? start : read.lastEntry().getValue().toString();
    }

    void startAnew() {
      entries.clear();
      read.clear();
    }
  }

  TailClient(ClusterWorld world, Machine own, String name, SplittableRandom random) {
    super(world, own, name, random, Work.READS);
    newLogs(world).forEach(logs::add);
  }

  private static List<Log> newLogs(ClusterWorld world) {
    List<Log> logs = new ArrayList<>();
    for (int partition = 0; partition < world.shape().partitions(); partition++) {
      logs.add(new Log(partition));
    }
    return logs;
  }

  @Override
  void next() {
    int kind = random.nextInt(40);
    if (kind == 0) {
      disconnect(); // and asks another node from now on
    }
    Log log = logs.get(random.nextInt(logs.size()));
    if (kind < 4 && !log.entries.isEmpty()) {
      goBack(log);
    }
    pull(log, 1 + random.nextInt(50), this::work);
  }

  /** As one that handled lines, and was killed before it noted that. */
  private void goBack(Log log) {
    long first = log.entries.firstKey();
    long index = first + random.nextLong(log.entries.lastKey() - first + 1);
    Position position = log.entries.floorEntry(index).getValue().position();
    log.read.tailMap(position.epoch(), true).clear();
    log.read.put(position.epoch(), position);
    world.count("tail goes back");
  }

  private void pull(Log log, int count, Runnable then) {
    world.started();
    Consumer<String> took =
        reply -> {
          world.answered();
          take(log, reply);
          then.run();
        };
    String partition = Integer.toString(log.partition);
    ask(
        took,
        "TAIL",
        "data",
        "PARTITION",
        partition,
        "FROM",
        log.from(),
        "COUNT",
        Integer.toString(count));
  }

  private void take(Log log, String reply) {
    boolean later =
        reply == null
            || reply.startsWith("-CLUSTERDOWN")
            || reply.startsWith("-TRYAGAIN")
            || reply.startsWith("-ERR there is no database"); // as yet
    if (later) {
      return;
    }
    if (reply.startsWith("-GONE")) {
      world.count("tail told of what is gone");
      log.startAnew();
    } else if (reply.startsWith("-DIVERGED")) {
      diverged(log, reply);
    } else if (reply.startsWith("*")) {
      page(log, RespText.results(reply, 3));
    } else {
      throw new SimulationFailure(name + " from " + log.from() + ": " + reply);
    }
  }

  /** Goes on from where the leader says if it knows, else from the last epoch before. */
  private void diverged(Log log, String reply) {
    world.count("tail told that histories parted");
    world.note(name, log.partition + ": " + reply);
    ClusterWorld.require(
        world.mayBeSeen().contains(Anomaly.ACKNOWLEDGED_WRITE_LOST),
        "told by a rule that loses nothing: " + reply);
    Position parted = Position.parse(reply.split(" ")[1]);
    Position last = log.read.pollLastEntry().getValue();
    if (parted.epoch() == last.epoch()) {
      log.read.put(parted.epoch(), parted);
    }
    if (world.mutant == Mutant.TAIL_GOES_ON_AT_THE_END) {
      log.entries.tailMap(parted.index(), false).clear();
      log.read.clear();
      log.start = "END";
    } else if (log.read.isEmpty()) {
      log.startAnew();
    } else {
      log.entries.tailMap(log.read.lastEntry().getValue().index(), false).clear();
    }
  }

  private void page(Log log, List<String> parts) {
    Position next = Position.parse(parts.get(0));
    Position committed = Position.parse(parts.get(1));
    Position from = log.read.isEmpty() ? Position.ZERO : log.read.lastEntry().getValue();
    TreeMap<Long, Entry> given = new TreeMap<>();
    for (String line : RespText.results("*" + parts.get(2), 0)) {
      Matcher place = PLACE.matcher(line);
      ClusterWorld.require(place.find(), "a line without its position: " + line);
      Position position = Position.parse(place.group(1));
      given
          .computeIfAbsent(position.index(), it -> new Entry(position, new ArrayList<>()))
          .lines()
          .add(line);
    }
    boolean within =
        given.isEmpty() || given.firstKey() > from.index() && given.lastKey() <= next.index();
    ClusterWorld.require(
        within && next.index() <= Math.max(from.index(), committed.index()),
        name
            + " from "
            + from
            + " was given "
            + given.keySet()
            + " to "
            + next
            + " of "
            + committed);
    keep(log, from, next, given);
    log.read.put(next.epoch(), next);
    log.atEnd = next.index() >= committed.index();
    world.count(given.isEmpty() ? "tail found nothing new" : "tail read");
  }

  private void keep(Log log, Position from, Position next, TreeMap<Long, Entry> given) {
    long known = log.entries.isEmpty() ? 0 : Math.min(next.index(), log.entries.lastKey());
    if (known > from.index()) {
      Map<Long, Entry> before = log.entries.subMap(from.index(), false, known, true);
      if (!given.headMap(known, true).equals(before)) {
        // The place it went back to is in both histories: nobody can tell what it had read.
        boolean mayPart = world.mayBeSeen().contains(Anomaly.ACKNOWLEDGED_WRITE_LOST);
        ClusterWorld.require(mayPart, name + " was given " + before + ", and then " + given);
        world.count("tail finds that histories parted");
        log.entries.tailMap(from.index(), false).clear();
      }
    }
    log.entries.putAll(given);
  }

  // The end.

  /** Reads on to the end, and then all anew; both must be the same. */
  void finish(Consumer<Set<String>> then) {
    List<Log> anew = newLogs(world);
    readOn(
        0,
        logs,
        () ->
            readOn(
                0,
                anew,
                () -> {
                  compare(anew);
                  then.accept(isWhole(anew) ? keys(anew) : null);
                }));
  }

  private void readOn(int number, List<Log> which, Runnable then) {
    if (number == which.size()) {
      then.run();
      return;
    }
    Log log = which.get(number);
    log.atEnd = false;
    Runnable look = () -> readOn(log.atEnd ? number + 1 : number, which, then);
    pull(log, 1_000, () -> world.schedule.after(log.atEnd ? 0 : AGAIN_MICROS, look));
  }

  private void compare(List<Log> anew) {
    for (Log log : logs) {
      TreeMap<Long, Entry> all = anew.get(log.partition).entries;
      long first =
          all.isEmpty() || log.entries.isEmpty()
              ? 0
              : Math.max(all.firstKey(), log.entries.firstKey());
      boolean same = all.tailMap(first).equals(log.entries.tailMap(first));
      ClusterWorld.require(
          same, "of partition " + log.partition + " other entries were read than are there");
    }
    world.count("tail is what is there");
  }

  private static boolean isWhole(List<Log> anew) {
    return anew.stream()
        .allMatch(log -> log.entries.isEmpty() || log.entries.firstKey() <= FIRST_INDEX);
  }

  /** The keys that one client alone writes. */
  private static Set<String> keys(List<Log> anew) {
    Set<String> keys = new TreeSet<>();
    for (Log log : anew) {
      for (Entry entry : log.entries.values()) {
        for (String line : entry.lines()) {
          Matcher key = KEY.matcher(line);
          if (key.find()) {
            keys.add(key.group(1));
          }
        }
      }
    }
    return keys;
  }
}
