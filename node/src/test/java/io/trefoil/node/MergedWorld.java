package io.trefoil.node;

import io.trefoil.cell.CellsRefused;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.resp.Reply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Three replicas of which two or three write, for as long as a case takes: keys of its own, clocks
 * that differ, and changes that come from each replica in its order, those of several in any, and
 * some more than once.
 */
final class MergedWorld {
  private static final int AHEAD_MILLIS = 1_000;

  final Random random;
  private final List<MergedReplica> replicas;
  private final List<Told> told = new ArrayList<>();
  private final int writers;
  private final String prefix;

  /** What one replica wrote, and how much of that each replica has heard. */
  private static final class Told {
    final List<EntryBatch> entries = new ArrayList<>();
    final int[] heard;

    Told(int replicas) {
      heard = new int[replicas];
    }
  }

  /**
   * Begins a case.
   *
   * @param replicas all of them have heard of each other's writes
   * @param prefix of all its keys, and of nobody else's
   */
  MergedWorld(List<MergedReplica> replicas, long seed, String prefix) {
    this.replicas = replicas;
    this.random = new Random(seed);
    this.prefix = prefix;
    this.writers = 2 + random.nextInt(replicas.size() - 1);
    replicas.forEach(each -> told.add(new Told(replicas.size())));
    replicas.forEach(each -> each.keepsSiblings = false);
    evenClocks(AHEAD_MILLIS);
  }

  /** How many replicas write; the others hear. */
  int writers() {
    return writers;
  }

  int replicas() {
    return replicas.size();
  }

  MergedReplica replica(int at) {
    return replicas.get(at);
  }

  String key(String name) {
    return prefix + name;
  }

  /** A replica that writes. */
  int anyWriter() {
    return random.nextInt(writers);
  }

  int anyOtherThan(int writer) {
    return (writer + 1 + random.nextInt(writers - 1)) % writers;
  }

  void keepSiblings() {
    replicas.forEach(each -> each.keepsSiblings = true);
  }

  /** Runs a command at a replica; what it writes is told to nobody yet. */
  Reply reply(int at, String... words) {
    MergedReplica replica = replicas.get(at);
    Reply reply;
    try {
      reply = replica.run(words);
    } catch (CellsRefused refused) {
      return new Reply.Failure(refused.getMessage());
    }
    if (replica.taken != null) {
      told.get(at).entries.add(replica.taken);
    }
    return reply;
  }

  /** The reply's text; of a set or a map its elements in their order. */
  String run(int at, String... words) {
    Reply reply = reply(at, words);
    return reply instanceof Reply.Whole whole
        ? Long.toString(whole.value())
        : MergedCellsTest.text(reply);
  }

  /** A number that a replica answers. */
  long number(int at, String... words) {
    return ((Reply.Whole) reply(at, words)).value();
  }

  /** Runs a command that all know of afterwards. */
  void known(String... words) {
    run(anyWriter(), words);
    exchange();
  }

  /** Lets no two writers have the same time; all of it is after what was written. */
  void spreadClocks() {
    evenClocks(AHEAD_MILLIS);
    List<Integer> order = new ArrayList<>(IntStream.range(0, writers).boxed().toList());
    Collections.shuffle(order, random);
    for (int at = 0; at < writers; at++) {
      replicas.get(at).now += 10L * (1 + order.get(at));
    }
  }

  /** Whether what one writes since the clocks were spread is later than what another does. */
  boolean isLater(int at, int other) {
    return replicas.get(at).now > replicas.get(other).now;
  }

  int later(int at, int other) {
    return isLater(at, other) ? at : other;
  }

  /** The one of some writers whose writes are the latest. */
  int latest(Collection<Integer> some) {
    return some.stream().reduce(this::later).orElseThrow();
  }

  int latestWriter() {
    return latest(IntStream.range(0, writers).boxed().toList());
  }

  /** Gives all clocks the time of the one that is ahead, and some more. */
  void evenClocks(long aheadMillis) {
    long latest = replicas.stream().mapToLong(each -> each.now).max().orElseThrow();
    replicas.forEach(each -> each.now = latest + aheadMillis);
  }

  /** How many entries a replica has written. */
  int entries(int at) {
    return told.get(at).entries.size();
  }

  /** Tells all replicas of everything. */
  void exchange() {
    while (hearOne()) {
      // until all have heard all
    }
  }

  /** Tells some replica of the next thing that it has not heard; false when there is none. */
  boolean hearOne() {
    List<int[]> possible = new ArrayList<>();
    for (int from = 0; from < replicas.size(); from++) {
      for (int at = 0; at < replicas.size(); at++) {
        Told stream = told.get(from);
        if (at != from && stream.heard[at] < stream.entries.size()) {
          possible.add(new int[] {from, at});
        }
      }
    }
    if (possible.isEmpty()) {
      return false;
    }
    int[] chosen = possible.get(random.nextInt(possible.size()));
    hear(chosen[0], chosen[1]);
    return true;
  }

  private void hear(int from, int at) {
    Told stream = told.get(from);
    MergedReplica replica = replicas.get(at);
    int origin = replicas.get(from).origin;
    replica.hear(origin, stream.entries.get(stream.heard[at]++));
    if (random.nextInt(4) == 0) {
      replica.hear(origin, stream.entries.get(random.nextInt(stream.heard[at])));
    }
  }
}
