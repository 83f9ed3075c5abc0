package io.trefoil.replication.multileader;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.RegionReceiver.Recovered;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * Two to four regions, each with a log whose leader changes, and connections between them, under a
 * seed. Every entry has a number of its own and knows what its region had when it was written. What
 * must never be is checked as it happens; what must be so in the end, after {@link #heal}.
 */
final class RegionWorld {
  /** What may become of the logs. */
  enum Faults {
    /** A new leader has everything that was committed. */
    KEEPING,
    /** The same, and a log lets go of what all neighbours have acknowledged. */
    TRIMMING,
    /** With the leader goes what was committed and sent, as happens with one copy. */
    LOSING
  }

  private static final RegionSettings SETTINGS =
      new RegionSettings(3_000, 300, 50, 300, 150, 100, 1_000);

  /** So many of the last indexes are in memory. */
  private static final int IN_MEMORY = 10;

  /** Rounds in which healed regions must become equal; 30 ms each. */
  private static final int ROUNDS = 150;

  /**
   * An entry of a region's log.
   *
   * @param number of an own write; 0 of others
   * @param neighbour whose log {@code upTo} is of; 0 when it merges nothing
   */
  private record Entry(long epoch, int number, int neighbour, Position upTo, List<Piece> pieces) {}

  /** A connection: what is on its way from the one side, and from the other. */
  private static final class Connection {
    private final SortedMap<Integer, ArrayDeque<RegionMessage>> lanes = new TreeMap<>();
    private final int one;
    private final int other;

    private Connection(int one, int other) {
      this.one = one;
      this.other = other;
      lanes.put(one, new ArrayDeque<>());
      lanes.put(other, new ArrayDeque<>());
    }

    private boolean joins(int a, int b) {
      return a == one && b == other || a == other && b == one;
    }

    private boolean touches(int region) {
      return region == one || region == other;
    }

    private int peerOf(int region) {
      return region == one ? other : one;
    }
  }

  private final class Region implements RegionLog {
    private final int id;
    private final RegionWays ways;
    private final List<Entry> log = new ArrayList<>();
    private final SortedMap<Integer, RegionSender> senders = new TreeMap<>();
    private final List<Runnable> reads = new ArrayList<>();
    private final SortedMap<Long, Integer> sequences = new TreeMap<>();
    private BitSet here = new BitSet();
    private SortedMap<Integer, Long> upTo = new TreeMap<>();
    private RegionReceiver receiver;
    private long epoch;
    private int committed;
    private int firstHeld = 1;

    private Region(int id, RegionWays ways) {
      this.id = id;
      this.ways = ways;
    }

    /** A leadership begins; its first entry is committed before anything else happens. */
    private void lead(int kept) {
      log.subList(kept, log.size()).clear();
      epoch++;
      log.add(new Entry(epoch, 0, 0, Position.ZERO, List.of()));
      committed = log.size();
      sequences.clear();
      reads.clear();
      senders.clear();
      for (int neighbour : ways.neighbours()) {
        RegionSender sender = new RegionSender(this, SETTINGS);
        senders.put(neighbour, sender);
        toSender(neighbour, new SenderEvent.Tick(now, now));
        toSender(neighbour, new SenderEvent.MaySend(committed));
      }
      receiver = new RegionReceiver(id, ways, SETTINGS, recovered());
    }

    private Recovered recovered() {
      here = new BitSet();
      upTo = new TreeMap<>();
      SortedMap<Integer, Position> positions = new TreeMap<>();
      RegionVector vector = new RegionVector();
      for (int index = 1; index <= log.size(); index++) {
        Entry entry = log.get(index - 1);
        vector.advance(RegionOrigin.number(id, entry.epoch()), index);
        if (entry.number() > 0) {
          here.set(entry.number());
          upTo.put(RegionOrigin.number(id, entry.epoch()), (long) index);
        }
        if (entry.neighbour() > 0) {
          positions.put(entry.neighbour(), entry.upTo());
        }
        for (Piece piece : entry.pieces()) {
          vector.advance(piece.origin(), piece.index());
          upTo.merge(piece.origin(), piece.index(), Math::max);
          numbersOf(piece).forEach(here::set);
        }
      }
      vector.advance(RegionOrigin.number(id, epoch), Long.MAX_VALUE);
      pulls += 1_000_000;
      return new Recovered(vector, positions, pulls, now, now);
    }

    private void write(int count) {
      for (int i = 0; i < count; i++) {
        int number = seen.size();
        seen.add((BitSet) here.clone());
        int origin = RegionOrigin.number(id, epoch);
        log.add(new Entry(epoch, number, 0, Position.ZERO, List.of()));
        here.set(number);
        upTo.put(origin, (long) log.size());
        written.computeIfAbsent(origin, it -> new TreeMap<>()).put((long) log.size(), number);
      }
    }

    private void commit(int index) {
      committed = Math.max(committed, index);
      long sequence = 0;
      for (var append : sequences.entrySet()) {
        if (append.getValue() <= committed) {
          sequence = append.getKey();
        }
      }
      toReceiver(new ReceiverEvent.Committed(sequence));
      sequences.headMap(sequence + 1).clear();
      senders.keySet().forEach(it -> toSender(it, new SenderEvent.MaySend(committed)));
    }

    private void tick() {
      toReceiver(new ReceiverEvent.Tick(now, now));
      senders.keySet().forEach(it -> toSender(it, new SenderEvent.Tick(now, now)));
    }

    private void toReceiver(ReceiverEvent event) {
      receiver.step(event, this::carryOut);
    }

    private void toSender(int neighbour, SenderEvent event) {
      senders.get(neighbour).step(event, effect -> carryOut(neighbour, effect));
    }

    private void carryOut(int neighbour, SenderEffect effect) {
      if (effect instanceof SenderEffect.Send send) {
        if (send.message() instanceof RegionMessage.Batch batch) {
          assertThat(indexOf(batch.upTo())).isLessThanOrEqualTo(committed);
        }
        RegionWorld.this.send(id, neighbour, send.message());
      } else if (effect instanceof SenderEffect.ReadLog read) {
        RegionSender asked = senders.get(neighbour);
        reads.add(
            () -> {
              boolean isHeld = read.fromIndex() >= firstHeld;
              Stretch stretch = isHeld ? read(read.fromIndex(), read.upToIndex(), read) : null;
              if (asked == senders.get(neighbour)) {
                toSender(neighbour, new SenderEvent.LogRead(read.id(), read.fromIndex(), stretch));
              }
            });
      }
    }

    private void carryOut(ReceiverEffect effect) {
      if (effect instanceof ReceiverEffect.Send send) {
        if (send.message() instanceof RegionMessage.Acked acked) {
          checkCommitted(send.region(), acked.upTo());
        }
        RegionWorld.this.send(id, send.region(), send.message());
      } else if (effect instanceof ReceiverEffect.Append append) {
        append.pieces().forEach(this::checkAndTake);
        log.add(new Entry(epoch, 0, append.region(), append.upTo(), append.pieces()));
        sequences.put(append.sequence(), log.size());
        notes += append.pieces().isEmpty() ? 1 : 0;
      } else if (effect instanceof ReceiverEffect.NeedSnapshot need) {
        throw new AssertionError(id + " needs a snapshot of " + need.region());
      }
    }

    /** The log up to what is committed says so. */
    private void checkCommitted(int neighbour, Position acked) {
      Position said = Position.ZERO;
      for (Entry entry : log.subList(0, committed)) {
        if (entry.neighbour() == neighbour) {
          assertThat(entry.upTo()).as("what is said never goes back").isGreaterThanOrEqualTo(said);
          said = entry.upTo();
        }
      }
      assertThat(acked).as("%s acknowledges %s", id, neighbour).isLessThanOrEqualTo(said);
      acks++;
    }

    /** Each entry of an origin once, after the one before it, and after all it had seen. */
    private void checkAndTake(Piece piece) {
      int origin = piece.origin();
      assertThat(piece.isWord()).isFalse();
      List<Integer> numbers = numbersOf(piece);
      long first = piece.index() - piece.count() + 1;
      Long expected = written.get(origin).higherKey(upTo.getOrDefault(origin, 0L));
      assertThat(first).as("%s takes %s", id, piece).isEqualTo(expected);
      for (int i = 0; i < numbers.size(); i++) {
        int number = numbers.get(i);
        assertThat(number).isEqualTo(written.get(origin).get(first + i));
        BitSet lacking = (BitSet) seen.get(number).clone();
        lacking.andNot(here);
        assertThat(lacking).as("%s takes %s without what it had seen", id, piece).isEqualTo(NONE);
        here.set(number);
      }
      upTo.put(origin, piece.index());
      fetchedBack += piece.region() == id ? 1 : 0;
    }

    @Override
    public Stretch recent(long from, long to, SortedSet<Integer> wants, int maxBytes) {
      boolean inMemory = from >= Math.max(firstHeld, log.size() - IN_MEMORY);
      return inMemory ? stretch(from, to, wants, maxBytes) : null;
    }

    private Stretch read(long from, long to, SenderEffect.ReadLog read) {
      return stretch(from, Math.min(to, committed), read.wants(), read.maxBytes());
    }

    private Stretch stretch(long from, long to, SortedSet<Integer> wants, int maxBytes) {
      List<Piece> pieces = new ArrayList<>();
      long bytes = 0;
      long index = from - 1;
      while (index < to && bytes < maxBytes) {
        index++;
        Entry entry = log.get((int) index - 1);
        List<Piece> of = new ArrayList<>(entry.pieces());
        if (entry.number() > 0) {
          ByteSink sink = new ByteSink();
          sink.putText("" + entry.number());
          int origin = RegionOrigin.number(id, entry.epoch());
          of.add(new Piece(origin, index, 1, Bytes.wrap(sink.toArray())));
        }
        for (Piece piece : of) {
          add(pieces, wants.contains(piece.region()) ? piece : wordOf(piece));
          bytes += piece.bytes();
        }
      }
      return new Stretch(index, pieces);
    }

    private static Piece wordOf(Piece piece) {
      return Piece.word(piece.origin(), piece.index());
    }

    /** Joins what follows the last piece without a gap. */
    private static void add(List<Piece> pieces, Piece piece) {
      Piece last = pieces.isEmpty() ? null : pieces.get(pieces.size() - 1);
      boolean same = last != null && last.origin() == piece.origin();
      if (same && last.isWord() && piece.isWord()) {
        pieces.set(pieces.size() - 1, piece);
      } else if (same && !last.isWord() && last.index() + piece.count() == piece.index()) {
        ByteSink sink = new ByteSink();
        sink.putBytes(last.body().array(), 0, last.body().length());
        sink.putBytes(piece.body().array(), 0, piece.body().length());
        int count = last.count() + piece.count();
        pieces.set(
            pieces.size() - 1,
            new Piece(piece.origin(), piece.index(), count, Bytes.wrap(sink.toArray())));
      } else {
        pieces.add(piece);
      }
    }

    @Override
    public Position position(long index) {
      return index == 0 ? Position.ZERO : new Position(log.get((int) index - 1).epoch(), index);
    }

    /** The last index at which this log is what the position's was. */
    private long indexOf(Position position) {
      long index = Math.min(position.index(), log.size());
      while (index > 0 && log.get((int) index - 1).epoch() > position.epoch()) {
        index--;
      }
      return index;
    }

    /** To the sender or to the receiver, as a shell does. */
    private void receive(int from, RegionMessage message) {
      if (message instanceof RegionMessage.Pull pull) {
        long after = indexOf(pull.after());
        toSender(from, new SenderEvent.Pulled(pull.id(), after, pull.wants()));
      } else if (message instanceof RegionMessage.Acked acked) {
        toSender(from, new SenderEvent.Acked(acked.id(), indexOf(acked.upTo())));
      } else {
        toReceiver(new ReceiverEvent.Received(from, message));
      }
    }

    private void trim() {
      long acked = senders.values().stream().mapToLong(RegionSender::ackedIndex).min().orElse(0);
      firstHeld = Math.max(firstHeld, (int) acked + 1);
    }

    /** Everybody has acknowledged all that holds something for others. */
    private boolean isAcked() {
      int last = log.size();
      while (last > 0 && log.get(last - 1).number() == 0 && log.get(last - 1).pieces().isEmpty()) {
        last--;
      }
      int lastWithContent = last;
      return senders.values().stream().allMatch(it -> it.ackedIndex() >= lastWithContent);
    }
  }

  private static final BitSet NONE = new BitSet();

  private final Random random;
  private final Faults faults;

  /** Whether all regions reach each other with any one connection cut. */
  private final boolean hasWaysAround;

  private final SortedMap<Integer, Region> regions = new TreeMap<>();
  private final List<Connection> connections = new ArrayList<>();

  /** Connections that were replaced, from which something may still come. */
  private final List<Connection> stale = new ArrayList<>();

  private final List<List<Integer>> cuts = new ArrayList<>();

  /** Origin → index → number of the entry, of all that were ever written. */
  private final SortedMap<Integer, TreeMap<Long, Integer>> written = new TreeMap<>();

  /** By number: what the region had when the entry was written. */
  private final List<BitSet> seen = new ArrayList<>(List.of(NONE));

  private long now = 1_000;
  private long pulls = 1;
  private int acks;
  private int notes;
  private int fetchedBack;
  private int leaders;

  RegionWorld(long seed, Faults faults) {
    this.random = new Random(seed);
    this.faults = faults;
    List<Integer> ids = IntStream.rangeClosed(1, 2 + random.nextInt(3)).boxed().toList();
    int topology = random.nextInt(3);
    this.hasWaysAround = ids.size() > 2 && topology < 2;
    int hub = ids.get(random.nextInt(ids.size()));
    for (int id : ids) {
      RegionWays ways =
          switch (topology) {
            case 0 -> RegionWays.allToAll(id, ids);
            case 1 -> RegionWays.ring(id, ids);
            default -> RegionWays.star(id, hub, ids);
          };
      regions.put(id, new Region(id, ways));
    }
    regions.values().forEach(region -> region.lead(0));
  }

  private static List<Integer> numbersOf(Piece piece) {
    List<Integer> numbers = new ArrayList<>();
    ByteSource source = new ByteSource(piece.body().array());
    for (int i = 0; i < piece.count(); i++) {
      numbers.add(Integer.parseInt(source.getText()));
    }
    source.expectEnd();
    return numbers;
  }

  private void send(int from, int to, RegionMessage message) {
    connections.stream()
        .filter(it -> it.joins(from, to))
        .forEach(it -> it.lanes.get(from).add(message));
  }

  void run(int steps) {
    for (int i = 0; i < steps; i++) {
      step();
    }
  }

  private void step() {
    Region region = anyOf(new ArrayList<>(regions.values()));
    int peer = anyOf(new ArrayList<>(region.ways.neighbours()));
    int what = random.nextInt(100);
    if (what < 45) {
      deliver();
    } else if (what < 57) {
      region.write(1 + random.nextInt(3));
    } else if (what < 70) {
      int uncommitted = region.log.size() - region.committed;
      region.commit(region.committed + random.nextInt(uncommitted + 1));
    } else if (what < 82) {
      tick(40);
    } else if (what < 89) {
      read(region);
    } else if (what < 94) {
      connect(region.id, peer);
    } else if (what < 95) {
      disconnect(region.id, peer);
    } else if (what < 97) {
      cutOrMend(region.id, peer);
    } else if (what < 98) {
      changeLeader(region);
    } else if (faults == Faults.TRIMMING) {
      region.trim();
    }
  }

  private <T> T anyOf(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private boolean deliver() {
    List<ArrayDeque<RegionMessage>> lanes = new ArrayList<>();
    List<int[]> ends = new ArrayList<>();
    List<Connection> all = new ArrayList<>(connections);
    all.addAll(stale);
    for (Connection connection : all) {
      connection.lanes.forEach(
          (from, lane) -> {
            int to = connection.peerOf(from);
            if (!lane.isEmpty() && !cuts.contains(pair(from, to))) {
              lanes.add(lane);
              ends.add(new int[] {from, to});
            }
          });
    }
    if (lanes.isEmpty()) {
      return false;
    }
    int lane = random.nextInt(lanes.size());
    regions.get(ends.get(lane)[1]).receive(ends.get(lane)[0], lanes.get(lane).poll());
    return true;
  }

  private static List<Integer> pair(int one, int other) {
    return List.of(Math.min(one, other), Math.max(one, other));
  }

  private void tick(int upToMillis) {
    now += 1 + random.nextInt(upToMillis);
    regions.values().forEach(Region::tick);
  }

  private void read(Region region) {
    if (!region.reads.isEmpty()) {
      region.reads.remove(random.nextInt(region.reads.size())).run();
    }
  }

  /** A second connection replaces the first, and what is on its way there comes all the same. */
  private void connect(int one, int other) {
    boolean again = isConnected(one, other);
    if (cuts.contains(pair(one, other)) || again && random.nextInt(4) > 0) {
      return;
    }
    connections.removeIf(
        it -> {
          boolean replaced = it.joins(one, other);
          if (replaced) {
            stale.add(it);
          }
          return replaced;
        });
    connections.add(new Connection(one, other));
    regions.get(one).toReceiver(new ReceiverEvent.LinkUp(other));
    regions.get(other).toReceiver(new ReceiverEvent.LinkUp(one));
  }

  private boolean isConnected(int one, int other) {
    return connections.stream().anyMatch(it -> it.joins(one, other));
  }

  private void disconnect(int one, int other) {
    connections.removeIf(it -> it.joins(one, other));
    stale.removeIf(it -> it.joins(one, other));
    lost(one, other);
    lost(other, one);
  }

  private void lost(int region, int peer) {
    regions.get(region).toReceiver(new ReceiverEvent.LinkDown(peer));
    regions.get(region).toSender(peer, new SenderEvent.Lost());
  }

  /** Messages wait behind a cut, and no connection comes about. */
  private void cutOrMend(int one, int other) {
    if (!cuts.remove(pair(one, other)) && cuts.size() < regions.size() - 1) {
      cuts.add(pair(one, other));
    }
  }

  private void changeLeader(Region region) {
    connections.removeIf(it -> it.touches(region.id));
    stale.removeIf(it -> it.touches(region.id));
    region.ways.neighbours().forEach(it -> lost(it, region.id));
    int tail = region.log.size() - region.committed;
    int kept = region.committed + random.nextInt(tail + 1);
    if (faults == Faults.LOSING && random.nextInt(2) == 0) {
      kept -= random.nextInt(Math.min(kept, 8));
    }
    region.lead(kept);
    leaders++;
  }

  /**
   * No more faults, and time passes, until all are equal and everything is acknowledged. But where
   * there is a way around it, one cut stays at first: all must become equal all the same.
   */
  void heal() {
    cuts.clear();
    if (hasWaysAround) {
      Region region = anyOf(new ArrayList<>(regions.values()));
      cutOrMend(region.id, anyOf(new ArrayList<>(region.ways.neighbours())));
      settle(this::isEqual);
      checkEqual();
      cuts.clear();
    }
    settle(() -> isEqual() && isAcked());
  }

  private void settle(BooleanSupplier until) {
    for (int round = 0; round < ROUNDS && !until.getAsBoolean(); round++) {
      for (Region region : regions.values()) {
        region.ways.neighbours().stream()
            .filter(it -> !isConnected(region.id, it))
            .forEach(it -> connect(region.id, it));
      }
      tick(30);
      int delivered = 0;
      do {
        for (Region region : regions.values()) {
          region.commit(region.log.size());
          while (!region.reads.isEmpty()) {
            read(region);
          }
        }
        assertThat(++delivered).as("they come to rest").isLessThan(20_000);
      } while (deliver());
    }
  }

  private boolean isEqual() {
    return regions.values().stream().map(it -> it.here).distinct().count() == 1;
  }

  private boolean isAcked() {
    return regions.values().stream().allMatch(Region::isAcked);
  }

  void checkConverged() {
    checkEqual();
    for (Region region : regions.values()) {
      assertThat(region.isAcked()).as("acknowledged: %s", region.senders).isTrue();
    }
  }

  private void checkEqual() {
    BitSet all = new BitSet();
    regions.values().forEach(region -> all.or(region.here));
    for (Region region : regions.values()) {
      BitSet lacking = (BitSet) all.clone();
      lacking.andNot(region.here);
      assertThat(lacking).as("lacks %s", region.receiver).isEqualTo(NONE);
    }
  }

  /** What happened, so that a test can tell that it happened at all. */
  int entries() {
    return seen.size() - 1;
  }

  int acks() {
    return acks;
  }

  int notes() {
    return notes;
  }

  int fetchedBack() {
    return fetchedBack;
  }

  int leaders() {
    return leaders;
  }
}
