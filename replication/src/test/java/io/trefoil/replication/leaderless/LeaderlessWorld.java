package io.trefoil.replication.leaderless;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Configuration;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.leaderless.LeaderlessReplica.Recovered;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Three to five replicas with disks, and a network between them, under a seed. Every entry has a
 * text of its own. What a replica must never do is checked as it does it; what must be so in the
 * end, after {@link #heal}.
 */
final class LeaderlessWorld {
  /** What may become of the logs. */
  enum Faults {
    /** Nothing is let go of, nothing that is stable is lost. */
    KEEPING,
    /** A coordinator lets go of what everybody has confirmed. */
    TRIMMING,
    /** It lets go of hints, too. */
    DROPPING_HINTS,
    /** Power failures take what was stable; the copy begins anew with another origin. */
    FORGETTING
  }

  private static final LeaderlessSettings SETTINGS = new LeaderlessSettings(50, 300, 200, 100, 40);

  /** So many of the last indexes are in memory. */
  private static final int IN_MEMORY = 12;

  /** One entry of a coordinator's log. */
  record Id(int origin, long index) implements Comparable<Id> {
    @Override
    public int compareTo(Id other) {
      return origin != other.origin
          ? Integer.compare(origin, other.origin)
          : Long.compare(index, other.index);
    }
  }

  /**
   * What is written at once.
   *
   * @param upTo of the origin; 0 of what anti-entropy brought
   */
  private record Record(
      long first, long last, int origin, long upTo, boolean gap, EntryBatch batch) {}

  /** A question that is open. */
  private record Question(
      int copies, SortedSet<String> acknowledgedBefore, SortedSet<NodeId> heard) {}

  private final class Node implements OwnLog {
    private final NodeId id;
    private final List<Record> disk = new ArrayList<>();
    private final SortedSet<String> texts = new TreeSet<>();
    private final SortedMap<Long, Question> questions = new TreeMap<>();
    private final ArrayDeque<LeaderlessEvent> soon = new ArrayDeque<>();
    private int origin;
    private long stable;
    private long firstHeld = 1;
    private long acknowledged;
    private boolean counts = true;
    private LeaderlessReplica replica;

    /** What is answered before anything else happens; null when nothing was asked. */
    private LeaderlessEvent examined;

    private Node(NodeId id) {
      this.id = id;
      this.origin = ++origins;
      start();
    }

    private void start() {
      texts.clear();
      questions.clear();
      soon.clear();
      TreeMap<Integer, Long> seen = new TreeMap<>();
      TreeSet<Integer> gaps = new TreeSet<>();
      for (Record record : disk) {
        texts.addAll(textsOf(record.batch()));
        if (record.upTo() > 0 && record.origin() != origin) {
          seen.merge(record.origin(), record.upTo(), Math::max);
          if (record.gap()) {
            gaps.add(record.origin());
          }
        }
      }
      stable = last();
      replica =
          new LeaderlessReplica(
              id, origin, this, SETTINGS, new Recovered(last(), seen, gaps, counts));
      step(new LeaderlessEvent.Tick(now));
    }

    private long last() {
      return disk.isEmpty() ? 0 : disk.get(disk.size() - 1).last();
    }

    /** Loses some of what comes after {@code index}. */
    private void lose(long index) {
      long kept = index + random.nextInt((int) (last() - index) + 1);
      disk.removeIf(record -> record.last() > kept && record.last() > index);
    }

    private void step(LeaderlessEvent event) {
      replica.step(event, this::carryOut);
      acknowledge();
    }

    private void carryOut(LeaderlessEffect effect) {
      if (effect instanceof LeaderlessEffect.Send send) {
        LeaderlessWorld.this.send(id, send.to(), send.message());
      } else if (effect instanceof LeaderlessEffect.AppendOwn own) {
        EntryBatch batch = own.batch();
        append(new Record(batch.firstIndex(), batch.lastIndex(), origin, 0, false, batch));
        noteWritten(batch);
      } else if (effect instanceof LeaderlessEffect.AppendKept kept) {
        EntryBatch batch = kept.batch();
        append(new Record(batch.firstIndex(), batch.lastIndex(), 0, 0, false, batch));
      } else if (effect instanceof LeaderlessEffect.AppendForeign foreign) {
        appendForeign(foreign);
      } else if (effect instanceof LeaderlessEffect.Examine examine) {
        Bytes cells = texts.isEmpty() ? null : Bytes.utf8(String.join(" ", texts));
        examined = new LeaderlessEvent.Examined(examine.from(), examine.id(), cells);
      } else if (effect instanceof LeaderlessEffect.ReadLog read) {
        soon.add(logRead(read));
      } else if (effect instanceof LeaderlessEffect.Informed informed) {
        checkInformed(informed);
      }
    }

    private void append(Record record) {
      assertThat(record.first()).isEqualTo(last() + 1);
      disk.add(record);
      texts.addAll(textsOf(record.batch()));
    }

    /** No index is given to two entries of which anybody has the first. */
    private void noteWritten(EntryBatch batch) {
      List<String> added = textsOf(batch);
      for (int i = 0; i < added.size(); i++) {
        String before = written.put(new Id(origin, batch.firstIndex() + i), added.get(i));
        if (before != null) {
          assertThat(nodes.values()).noneMatch(node -> node.texts.contains(before));
        }
      }
    }

    /** In order, each once, and as it was written. */
    private void appendForeign(LeaderlessEffect.AppendForeign foreign) {
      EntryBatch batch = foreign.batch();
      long before = 0;
      for (Record record : disk) {
        if (record.origin() == foreign.origin()) {
          before = Math.max(before, record.batch().lastIndex());
        }
      }
      assertThat(batch.firstIndex()).isGreaterThan(before);
      List<String> added = textsOf(batch);
      for (int i = 0; i < added.size(); i++) {
        assertThat(added.get(i))
            .isEqualTo(written.get(new Id(foreign.origin(), batch.firstIndex() + i)));
      }
      append(
          new Record(
              foreign.index(),
              foreign.index(),
              foreign.origin(),
              foreign.upToIndex(),
              foreign.gap(),
              batch));
    }

    private LeaderlessEvent logRead(LeaderlessEffect.ReadLog read) {
      long from = read.fromIndex();
      return new LeaderlessEvent.LogRead(
          read.peer(), from, from < firstHeld ? null : read(from), firstHeld);
    }

    @Override
    public Stretch recent(long fromIndex) {
      return fromIndex < Math.max(firstHeld, last() - IN_MEMORY) ? null : read(fromIndex);
    }

    private Stretch read(long from) {
      for (Record record : disk) {
        boolean own = record.origin() == origin && record.upTo() == 0;
        if (own && record.last() >= from) {
          long first = Math.max(from, record.first());
          return new Stretch(from, record.last(), record.batch().from(first));
        }
      }
      return new Stretch(from, last(), null);
    }

    /** Answers the clients whose entries have their copies by now, which must be there. */
    private void acknowledge() {
      long copied = replica.copied(w);
      for (Record record : disk) {
        boolean own = record.origin() == origin && record.upTo() == 0;
        for (long index = record.first(); own && index <= record.last(); index++) {
          if (index > acknowledged && index <= copied) {
            String text = written.get(new Id(origin, index));
            checkCopies(text);
            acknowledgedTexts.add(text);
          }
        }
      }
      acknowledged = Math.max(acknowledged, copied);
    }

    private void checkCopies(String text) {
      if (faults == Faults.FORGETTING || replica.version() == 0) {
        return;
      }
      for (Configuration configuration : memberships.get(replica.version()).standing()) {
        long copies =
            configuration.replicas().stream().filter(it -> nodes.get(it).isStable(text)).count();
        assertThat(copies)
            .as("%s on %s", text, configuration)
            .isGreaterThanOrEqualTo(Math.min(w, configuration.replicas().size()));
      }
    }

    private boolean isStable(String text) {
      return disk.stream()
          .anyMatch(it -> it.last() <= stable && textsOf(it.batch()).contains(text));
    }

    private void ask() {
      long question = ++questionIds;
      int copies = 1 + random.nextInt(nodes.size());
      questions.put(
          question, new Question(copies, new TreeSet<>(acknowledgedTexts), new TreeSet<>()));
      asked++;
      step(new LeaderlessEvent.Asked(question, copies, Bytes.EMPTY));
    }

    /** Enough were heard, and with W of N written what was acknowledged before was heard of. */
    private void checkInformed(LeaderlessEffect.Informed informed) {
      Question question = questions.remove(informed.id());
      informedOf++;
      int smallest = nodes.size();
      for (Configuration configuration : memberships.get(replica.version()).standing()) {
        List<NodeId> replicas = configuration.replicas();
        smallest = Math.min(smallest, replicas.size());
        long heard =
            replicas.stream()
                .filter(it -> it.equals(id) ? replica.counts() : question.heard().contains(it))
                .count();
        assertThat(heard).isGreaterThanOrEqualTo(Math.min(question.copies(), replicas.size()));
      }
      boolean overlaps = question.copies() + w > nodes.size() && smallest == nodes.size();
      if (faults != Faults.FORGETTING && !reconfiguring && overlaps) {
        SortedSet<String> known = new TreeSet<>(texts);
        informed.differing().forEach(it -> known.addAll(List.of(it.cells().toString().split(" "))));
        assertThat(known).containsAll(question.acknowledgedBefore());
        overlapping++;
      }
    }

    private void sync() {
      if (stable < last()) {
        List<Record> unstable = disk.stream().filter(it -> it.last() > stable).toList();
        stable = unstable.get(random.nextInt(unstable.size())).last();
        step(new LeaderlessEvent.Stable(stable));
      }
    }

    private void trim() {
      if (faults == Faults.TRIMMING) {
        firstHeld = Math.max(firstHeld, replica.everywhereIndex() + 1);
      } else if (faults == Faults.DROPPING_HINTS && random.nextInt(10) == 0) {
        firstHeld = Math.max(firstHeld, stable - random.nextInt(5) + 1);
        acknowledged = Math.max(acknowledged, firstHeld - 1); // whoever waits was told long ago
      }
    }

    private void restart() {
      if (faults == Faults.FORGETTING && random.nextInt(3) == 0) {
        stable = disk.isEmpty() ? 0 : disk.get(random.nextInt(disk.size())).last();
        origin = ++origins;
        acknowledged = 0;
        counts = false;
      }
      lose(stable);
      start();
    }
  }

  private final Random random;
  private final Faults faults;
  private final boolean reconfiguring;
  private final int w;
  private final TreeMap<NodeId, Node> nodes = new TreeMap<>();
  private final TreeMap<List<NodeId>, ArrayDeque<LeaderlessMessage>> lanes;
  private final List<List<NodeId>> cuts = new ArrayList<>();
  private final SortedMap<Long, Membership> memberships = new TreeMap<>();
  private final SortedMap<Id, String> written = new TreeMap<>();
  private final SortedSet<String> acknowledgedTexts = new TreeSet<>();
  private int origins;
  private long now = 1;
  private long questionIds;
  private int asked;
  private int informedOf;
  private int overlapping;
  private int textsWritten;
  private boolean healed;

  LeaderlessWorld(long seed, Faults faults) {
    this.random = new Random(seed);
    this.faults = faults;
    this.reconfiguring = random.nextInt(3) == 0;
    this.lanes =
        new TreeMap<>(
            (one, other) -> {
              int first = one.get(0).compareTo(other.get(0));
              return first != 0 ? first : one.get(1).compareTo(other.get(1));
            });
    int count = 3 + random.nextInt(3);
    this.w = 1 + random.nextInt(count);
    for (int number = 1; number <= count; number++) {
      NodeId id = new NodeId(number);
      nodes.put(id, new Node(id));
    }
    for (NodeId from : nodes.keySet()) {
      for (NodeId to : nodes.keySet()) {
        lanes.put(List.of(from, to), new ArrayDeque<>());
      }
    }
    memberships.put(1L, all());
  }

  private Membership all() {
    return Membership.of(List.copyOf(nodes.keySet()), 1);
  }

  /** One or two configurations of some of the nodes; the others learn. */
  private Membership some() {
    List<Configuration> standing = new ArrayList<>();
    SortedSet<NodeId> learners = new TreeSet<>(nodes.keySet());
    for (int i = 1 + random.nextInt(2); i > 0; i--) {
      List<NodeId> ids = new ArrayList<>(nodes.keySet());
      Collections.shuffle(ids, random);
      List<NodeId> replicas = ids.subList(0, 2 + random.nextInt(ids.size() - 1));
      standing.add(new Configuration(replicas, 1));
      learners.removeAll(replicas);
    }
    return new Membership(standing, learners, false);
  }

  private void send(NodeId from, NodeId to, LeaderlessMessage message) {
    boolean lost = !healed && random.nextInt(50) == 0;
    if (!lost && !cuts.contains(List.of(from, to))) {
      lanes.get(List.of(from, to)).add(message);
    }
  }

  void run(int steps) {
    for (int i = 0; i < steps; i++) {
      step();
    }
  }

  private void step() {
    Node node = any();
    int what = random.nextInt(100);
    if (what < 40) {
      deliver();
    } else if (what < 55) {
      node.sync();
    } else if (what < 65) {
      write(node, 1 + random.nextInt(3));
    } else if (what < 72) {
      node.ask();
    } else if (what < 85) {
      tick();
    } else if (what < 90) {
      later(node);
    } else if (what < 92) {
      connectionBreaks(node.id, any().id);
    } else if (what < 94) {
      cutOrMend(node.id, any().id);
    } else if (what < 95) {
      crash(node);
    } else if (what < 97) {
      node.trim();
    } else {
      configure(node);
    }
  }

  private Node any() {
    return nodes.get(new NodeId(1 + random.nextInt(nodes.size())));
  }

  private void write(Node node, int count) {
    ByteSink sink = new ByteSink();
    for (int i = 0; i < count; i++) {
      sink.putText(node.id + ":" + ++textsWritten);
    }
    node.step(new LeaderlessEvent.Proposed(count, Bytes.wrap(sink.toArray()), 0, 1));
  }

  private static List<String> textsOf(EntryBatch batch) {
    List<String> texts = new ArrayList<>();
    ByteSource source = new ByteSource(batch.body().array());
    for (int i = 0; i < batch.count(); i++) {
      texts.add(source.getText());
    }
    return texts;
  }

  private void deliver() {
    List<List<NodeId>> busy =
        lanes.keySet().stream().filter(it -> !lanes.get(it).isEmpty()).toList();
    if (!busy.isEmpty()) {
      List<NodeId> lane = busy.get(random.nextInt(busy.size()));
      receive(nodes.get(lane.get(1)), lane.get(0), lanes.get(lane).poll());
    }
  }

  private void receive(Node node, NodeId from, LeaderlessMessage message) {
    if (message instanceof LeaderlessMessage.Told told
        && told.counts()
        && node.questions.containsKey(told.id())) {
      node.questions.get(told.id()).heard().add(from);
    }
    node.step(new LeaderlessEvent.Received(from, message));
    if (node.examined != null) {
      node.step(node.examined);
      node.examined = null;
    }
  }

  private LeaderlessEvent tickOf() {
    return new LeaderlessEvent.Tick(now);
  }

  private void tick() {
    now += 1 + random.nextInt(30);
    nodes.values().forEach(node -> node.step(tickOf()));
  }

  private void later(Node node) {
    if (!node.soon.isEmpty()) {
      node.step(node.soon.poll());
    }
  }

  private void connectionBreaks(NodeId one, NodeId other) {
    if (!one.equals(other)) {
      lanes.get(List.of(one, other)).clear();
      lanes.get(List.of(other, one)).clear();
      nodes.get(one).step(new LeaderlessEvent.PeerLost(other));
      nodes.get(other).step(new LeaderlessEvent.PeerLost(one));
    }
  }

  private void cutOrMend(NodeId from, NodeId to) {
    if (!cuts.remove(List.of(from, to)) && cuts.size() < nodes.size()) {
      cuts.add(List.of(from, to));
    }
  }

  private void crash(Node node) {
    lanes.forEach(
        (lane, messages) -> {
          if (lane.contains(node.id)) {
            messages.clear();
          }
        });
    node.restart();
    for (Node other : nodes.values()) {
      if (other != node && random.nextInt(4) > 0) {
        other.step(new LeaderlessEvent.PeerLost(node.id));
      }
    }
  }

  private void configure(Node node) {
    if (reconfiguring && random.nextInt(5) == 0) {
      memberships.put(memberships.lastKey() + 1, some());
    }
    tell(node);
  }

  private void tell(Node node) {
    long version = memberships.lastKey();
    node.step(new LeaderlessEvent.Configured(version, memberships.get(version)));
  }

  /** No more faults; everybody knows one configuration, of all; and time passes. */
  void heal() {
    healed = true;
    cuts.clear();
    if (reconfiguring) {
      memberships.put(memberships.lastKey() + 1, all());
    }
    nodes.values().forEach(this::tell);
    settle();
    if (faults == Faults.FORGETTING || faults == Faults.DROPPING_HINTS) {
      checkGaps();
      antiEntropy();
      settle();
    }
  }

  private void settle() {
    for (int round = 0; round < 60; round++) {
      tick();
      for (Node node : nodes.values()) {
        while (!node.soon.isEmpty()) {
          later(node);
        }
        node.stable = node.last();
        node.step(new LeaderlessEvent.Stable(node.stable));
      }
      int delivered = 0;
      while (lanes.values().stream().anyMatch(lane -> !lane.isEmpty())) {
        deliver();
        assertThat(++delivered).as("they come to rest").isLessThan(10_000);
      }
    }
  }

  /** What a coordinator's log still holds is everywhere; what it let go of, or there is a gap. */
  private void checkGaps() {
    written.forEach(
        (id, text) -> {
          for (Node coordinator : nodes.values()) {
            if (coordinator.origin == id.origin() && coordinator.texts.contains(text)) {
              nodes
                  .values()
                  .forEach(
                      node ->
                          assertThat(
                                  node.texts.contains(text)
                                      || id.index() < coordinator.firstHeld
                                          && node.replica.gaps().contains(id.origin()))
                              .as("%s on %s", text, node.id)
                              .isTrue());
            }
          }
        });
  }

  private void antiEntropy() {
    SortedSet<String> all = new TreeSet<>();
    nodes.values().forEach(node -> all.addAll(node.texts));
    for (Node node : nodes.values()) {
      SortedSet<String> lacking = new TreeSet<>(all);
      lacking.removeAll(node.texts);
      if (!lacking.isEmpty()) {
        ByteSink sink = new ByteSink();
        lacking.forEach(sink::putText);
        node.step(new LeaderlessEvent.Kept(lacking.size(), Bytes.wrap(sink.toArray()), 0, 1));
      }
      node.counts = true;
      node.step(new LeaderlessEvent.Whole());
    }
  }

  void checkConverged() {
    SortedSet<String> all = new TreeSet<>();
    nodes.values().forEach(node -> all.addAll(node.texts));
    for (Node node : nodes.values()) {
      SortedSet<String> lacking = new TreeSet<>(all);
      lacking.removeAll(node.texts);
      assertThat(lacking).as("lacks %s", node.id).isEmpty();
      assertThat(node.replica.copied(nodes.size())).isEqualTo(node.last());
      assertThat(node.replica.everywhereIndex()).isEqualTo(node.last());
      assertThat(node.replica.canRead(nodes.size())).isTrue();
      assertThat(node.questions).as("open questions").isEmpty();
      if (faults == Faults.KEEPING) {
        assertThat(node.replica.gaps()).isEmpty();
      }
    }
    if (faults != Faults.FORGETTING) {
      assertThat(all).containsAll(acknowledgedTexts);
    }
  }

  /** What happened, so that a test can tell that it happened at all. */
  int acknowledged() {
    return acknowledgedTexts.size();
  }

  int informed() {
    return informedOf;
  }

  int overlapping() {
    return overlapping;
  }

  boolean hasGaps() {
    return nodes.values().stream().anyMatch(node -> node.disk.stream().anyMatch(Record::gap));
  }
}
