package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.control.Regions;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.multileader.CommonHorizon;
import io.trefoil.replication.multileader.NeighbourView;
import io.trefoil.replication.multileader.Piece;
import io.trefoil.replication.multileader.ReceiverEffect;
import io.trefoil.replication.multileader.ReceiverEvent;
import io.trefoil.replication.multileader.RegionLog;
import io.trefoil.replication.multileader.RegionMessage;
import io.trefoil.replication.multileader.RegionOrigin;
import io.trefoil.replication.multileader.RegionReceiver;
import io.trefoil.replication.multileader.RegionSender;
import io.trefoil.replication.multileader.RegionSettings;
import io.trefoil.replication.multileader.RegionVector;
import io.trefoil.replication.multileader.RegionWays;
import io.trefoil.replication.multileader.SenderEffect;
import io.trefoil.replication.multileader.SenderEvent;
import io.trefoil.replication.multileader.SenderView;
import io.trefoil.replication.multileader.Stretch;
import io.trefoil.transport.PeerConnection;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the leader of a partition exchanges with its leaders in other regions, for as long as it
 * leads: pulls what they have, takes it into the log, and sends what they pull.
 *
 * <p>Begins when all is committed that the leader found in its log: so what its copy knows of other
 * regions is all that the log says of them.
 *
 * <p>Belongs to the data loop's thread.
 */
final class RegionExchange implements RegionLog {
  private static final Logger LOG = LoggerFactory.getLogger(RegionExchange.class);

  /** How long a region that pulled may say nothing. */
  private static final long SILENT_NANOS = 5_000_000_000L;

  private static final long SAY_AGAIN_NANOS = 1_000_000_000L;
  private static final long TELL_NANOS = 5_000_000_000L;

  /**
   * What commits within so long after something was sent goes together, with the next tick: to a
   * region that is far it makes no difference, and there an entry for each turn of here costs as
   * much as the clients' own writes.
   */
  private static final long GATHER_NANOS = 10_000_000L;

  /** Of no pull. */
  private static final RegionMessage.Acked NOTHING = new RegionMessage.Acked(0, Position.ZERO);

  private final PartitionReplica replica;
  private final RegionLinks links;
  private final Regions regions;
  private final long definition;
  private final RegionWays ways;
  private RegionReceiver receiver;
  private final SortedMap<Integer, Outgoing> senders = new TreeMap<>();
  private final SortedMap<Integer, Incoming> neighbours = new TreeMap<>();
  private final ByteSink changes = new ByteSink();
  private final ArrayDeque<Appended> appended = new ArrayDeque<>();
  private final ArrayDeque<Runnable> later = new ArrayDeque<>();
  private boolean carryingOut;
  private long toldNanos;
  private long sentNanos;

  /** Index of the last entry that tells. */
  private long tellsAt;

  /** Pieces of snapshots that wait for a second copy of what is in them. */
  private final ArrayDeque<Waiting> whenTwice = new ArrayDeque<>();

  /** Index of the entry that ends a snapshot; 0 for none. */
  private long beginsAnewAt;

  /** An entry that took something in. */
  private record Appended(long index, long sequence) {}

  private record Waiting(long index, long bytes, Runnable then) {}

  /** What another region pulls from here. */
  private static final class Outgoing {
    final RegionSender sender;
    PeerConnection connection;

    /** What was pulled before it could be sent; else null. */
    RegionMessage.Pull early;

    /** What is to be sent when the rate allows; of one pull, so not more than its window. */
    final ArrayDeque<RegionMessage.Batch> waiting = new ArrayDeque<>();

    long sentNanos;

    long heardNanos;

    Outgoing(RegionSender sender) {
      this.sender = sender;
    }
  }

  /** What is pulled from another region. */
  private static final class Incoming {
    /** The node that is asked; null for none. */
    RegionLinks.Remote from;

    /** What it was told last, to be said again: by that it knows that somebody is here. */
    RegionMessage.Acked acked = NOTHING;

    long saidNanos;

    /** A snapshot that is coming; else null. */
    RegionFill fill;
  }

  RegionExchange(PartitionReplica replica, RegionLinks links, long firstPull) {
    this.replica = replica;
    this.links = links;
    this.regions = replica.terms().database().settings().regions();
    this.definition = replica.terms().database().definition();
    this.ways = ways();
    this.receiver = receiver(firstPull);
    this.toldNanos = replica.loop().nowNanos();
    ways.neighbours().forEach(region -> neighbours.put(region, new Incoming()));
  }

  /** Takes in what is not committed here. */
  private RegionReceiver receiver(long firstPull) {
    SortedMap<Integer, Position> positions = new TreeMap<>(replica.origins().reached());
    positions.keySet().retainAll(ways.neighbours());
    return new RegionReceiver(
        self(),
        ways,
        RegionSettings.DEFAULT,
        new RegionReceiver.Recovered(
            vector(),
            positions,
            firstPull,
            replica.loop().nowNanos() / 1_000_000,
            replica.loop().wallMillis()));
  }

  private int self() {
    return regions.numberHere();
  }

  private RegionWays ways() {
    List<Integer> all = new ArrayList<>();
    if (!regions.hasHere()) {
      return RegionWays.allToAll(self(), List.of(self())); // others may take what they lack
    }
    all.addAll(regions.numbers());
    return switch (regions.topology().kind()) {
      case ALL_TO_ALL -> RegionWays.allToAll(self(), all);
      case RING -> RegionWays.ring(self(), all);
      case STAR -> RegionWays.star(self(), regions.number(regions.topology().hub()), all);
    };
  }

  /** What is here of each origin: of this region, its log says how far each epoch went. */
  private RegionVector vector() {
    RegionVector vector = new RegionVector();
    replica.origins().heard().forEach(vector::advance);
    log().forEach(vector::advance);
    vector.advance(RegionOrigin.number(self(), replica.epoch()), Long.MAX_VALUE);
    return vector;
  }

  /** Where each epoch of this region ends in its log. */
  private SortedMap<Integer, Long> log() {
    SortedMap<Integer, Long> log = new TreeMap<>();
    EpochTable epochs = replica.machine().epochs();
    long end = replica.lastIndex();
    for (long epoch = epochs.epochAt(end); epoch > 0; epoch = epochs.epochAt(end)) {
      log.put(RegionOrigin.number(self(), epoch), end);
      end = epochs.lastIndexUpTo(epoch - 1, end);
    }
    return log;
  }

  PartitionId id() {
    return replica.id();
  }

  /** Between these it is. */
  Regions regions() {
    return regions;
  }

  PartitionReplica replica() {
    return replica;
  }

  // What happens.

  /** The leader has committed up to an index. */
  void committed(long index) {
    long sequence = 0;
    while (!appended.isEmpty() && appended.peek().index() <= index) {
      sequence = appended.poll().sequence();
    }
    if (sequence > 0) {
      step(new ReceiverEvent.Committed(sequence));
    }
    if (beginsAnewAt > 0 && index >= beginsAnewAt) {
      beginAnew();
    }
    if (replica.loop().nowNanos() - sentNanos >= GATHER_NANOS) {
      maySend();
    }
  }

  private void maySend() {
    sentNanos = replica.loop().nowNanos();
    long index = replica.machine().committedTwiceIndex();
    senders.forEach((region, out) -> step(region, out, new SenderEvent.MaySend(index)));
    sendFilled();
  }

  void tick() {
    long now = replica.loop().nowNanos();
    long millis = now / 1_000_000;
    long wall = replica.loop().wallMillis();
    maySend();
    senders.forEach(this::serveEarly);
    senders.forEach(
        (region, out) -> {
          if (out.connection != null && now - out.heardNanos > SILENT_NANOS) {
            out.connection = null;
            step(region, out, new SenderEvent.Lost());
          }
          sendWaiting(out, now);
          step(region, out, new SenderEvent.Tick(millis, wall));
        });
    neighbours.forEach(
        (region, in) -> {
          if (in.from == null) {
            connect(region, in);
          } else if (in.fill != null && now - in.saidNanos > SILENT_NANOS) {
            askToFill(in); // the answer was lost
          } else if (now - in.saidNanos > SAY_AGAIN_NANOS) {
            send(region, in.acked);
          }
        });
    step(new ReceiverEvent.Tick(millis, wall));
    replica.machine().keepAfter(neededIndex());
    maybeTell(now);
  }

  /**
   * All regions tell what they have, as long as somebody has something that might be forgotten: by
   * that all know what all have. See {@link CommonHorizon}.
   */
  private void maybeTell(long now) {
    Origins origins = replica.origins();
    long lastChange = Math.max(origins.lastChange(), origins.horizon().lastChange());
    boolean due =
        !hasTold()
            || !hasToldEpoch()
            || now - toldNanos >= TELL_NANOS && origins.horizon().purgeable() < lastChange;
    if (due
        && !tells()
        && regions.hasHere()
        && replica.isAdopted()
        && replica.takesCommands()
        && replica.refuseWrite() == null) {
      toldNanos = now;
      SortedMap<Integer, Long> vector = new TreeMap<>(receiver.vector());
      vector.put(RegionOrigin.number(self(), replica.epoch()), replica.lastIndex());
      replica.tell(
          self(),
          new CommonHorizon.Told(
              regions.version(),
              regions.numbers(),
              complete(),
              origins.lastChange(),
              vector,
              log()));
      tellsAt = replica.lastIndex();
    }
  }

  /** By what a leader tells at its start, others know where the epoch before it ended. */
  private boolean hasToldEpoch() {
    int own = RegionOrigin.number(self(), replica.epoch());
    return replica.origins().horizon().toldLog(self()).containsKey(own);
  }

  /** Whether an entry that tells is not committed yet. */
  private boolean tells() {
    return tellsAt > replica.machine().commitIndex();
  }

  /**
   * Whether it is in the log that this region has these others. Before, none of them is sent
   * anything: it might lack what is forgotten here without it.
   */
  private boolean hasTold() {
    boolean told = replica.origins().horizon().version() >= regions.version();
    return !regions.hasHere() || told && replica.isAdopted();
  }

  /** The stamp up to which every entry of every other region is here. */
  private long complete() {
    Origins origins = replica.origins();
    long complete = replica.nextStamp();
    for (String other : regions.others()) {
      int number = regions.number(other);
      long last = 0;
      for (int origin : origins.heard().keySet()) {
        if (RegionOrigin.regionOf(origin) == number) {
          last = Math.max(last, origins.lastStamp(origin));
        }
      }
      complete = Math.min(complete, last);
    }
    return complete;
  }

  /** Up to where no other region needs the log any more; one that never pulled needs all of it. */
  private long neededIndex() {
    long needed = Long.MAX_VALUE;
    for (int region : neighbours.keySet()) {
      Outgoing out = senders.get(region);
      needed = Math.min(needed, out == null ? 0 : out.sender.ackedIndex());
    }
    return needed;
  }

  private void connect(int region, Incoming in) {
    in.from = links.leader(regions.name(region), definition, id().number());
    if (in.from != null) {
      step(new ReceiverEvent.LinkUp(region));
    }
  }

  /** A node of another region is not in reach any more, or does not lead there. */
  void lost(RegionLinks.Remote remote) {
    neighbours.forEach(
        (region, in) -> {
          if (in.from == remote) {
            in.from = null;
            in.fill = null;
            step(new ReceiverEvent.LinkDown(region));
          }
        });
  }

  /** A leader that is pulled from says something. */
  void onReply(RegionLinks.Remote remote, RegionMessage message) {
    int region = regions.number(remote.region());
    Incoming in = neighbours.get(region);
    // A leader that hands over takes nothing more; what is left out is pulled again.
    if (in != null && in.from == remote && replica.takesCommands()) {
      step(new ReceiverEvent.Received(region, message));
    }
  }

  // Snapshots.

  private void fill(Incoming in) {
    in.fill = new RegionFill();
    askToFill(in);
  }

  private void askToFill(Incoming in) {
    ByteSink frame = links.begin(Frames.REGION_FILL, definition, id().number());
    in.fill.ask(frame);
    in.saidNanos = replica.loop().nowNanos();
    links.send(in.from, frame);
  }

  /**
   * Another region's leader asks for a piece of all that is here. It is sent when nothing in it
   * hangs on one copy.
   */
  void onAskedToFill(PeerConnection from, ByteSource asked) {
    long committed = replica.machine().committedTwiceIndex();
    SortedMap<Integer, Long> vector = new TreeMap<>(vector().view());
    vector.put(RegionOrigin.number(self(), replica.epoch()), committed);
    ByteSink frame = links.begin(Frames.REGION_FILLED, definition, id().number());
    RegionFill.answer(asked, replica.mergedCells(), position(committed), vector, frame);
    byte[] answer = frame.toArray();
    whenTwice.add(
        new Waiting(
            replica.lastIndex(), answer.length, () -> from.reply(answer, 0, answer.length)));
    sendFilled();
  }

  private void sendFilled() {
    long twice = replica.machine().committedTwiceIndex();
    while (!whenTwice.isEmpty()
        && whenTwice.peek().index() <= twice
        && links.maySend(whenTwice.peek().bytes())) {
      whenTwice.poll().then().run();
    }
  }

  /** A piece of all that another region's leader has. */
  void onFilled(RegionLinks.Remote remote, ByteSource piece) {
    int region = regions.number(remote.region());
    Incoming in = neighbours.get(region);
    if (in == null || in.from != remote || in.fill == null || !replica.takesCommands()) {
      return;
    }
    changes.clear();
    if (!in.fill.take(piece, replica.nextStamp(), changes)) {
      return;
    }
    if (changes.size() > 0) {
      replica.takeIn(changes); // or the connection breaks, and it is asked for anew
    }
    if (!in.fill.isWhole()) {
      askToFill(in);
      return;
    }
    changes.clear();
    in.fill.end(region, changes);
    in.fill = null;
    beginsAnewAt = replica.takeIn(changes);
  }

  /** What came by a snapshot is committed: from there on it is pulled. */
  private void beginAnew() {
    beginsAnewAt = 0;
    appended.clear();
    receiver = receiver(receiver.lastPull() + 1);
    neighbours.replaceAll((region, in) -> new Incoming());
  }

  /** A leader of another region pulls, or says how far it is. */
  void onFrame(String from, PeerConnection connection, RegionMessage message) {
    if (!regions.others().contains(from)) {
      return; // removed and does not know it yet, or added and this region does not know it yet
    }
    int region = regions.number(from);
    Outgoing out =
        senders.computeIfAbsent(
            region, it -> new Outgoing(new RegionSender(this, RegionSettings.DEFAULT)));
    out.heardNanos = replica.loop().nowNanos();
    if (message instanceof RegionMessage.Pull pull) {
      out.connection = connection;
      out.early = pull;
      serveEarly(region, out);
    } else if (message instanceof RegionMessage.Acked acked) {
      step(region, out, new SenderEvent.Acked(acked.id(), indexHere(acked.upTo())));
    } else {
      throw new MalformedBytesException("a puller says " + message);
    }
  }

  private void serveEarly(int region, Outgoing out) {
    RegionMessage.Pull pull = out.early;
    if (pull != null && hasTold()) {
      out.early = null;
      long after = indexHere(pull.after());
      LOG.info("partition={} region={} pulls after {}", id(), regions.name(region), after);
      step(region, out, new SenderEvent.Pulled(pull.id(), after, pull.wants()));
      step(region, out, new SenderEvent.MaySend(replica.machine().committedTwiceIndex()));
    }
  }

  /**
   * How many entries written here no other region has, as far as is known; 0 only when some other
   * has all.
   */
  long untaken() {
    long end = replica.lastIndex();
    long least = Long.MAX_VALUE;
    for (Outgoing out : senders.values()) {
      least = Math.min(least, ownAfter(out.sender.ackedIndex(), end));
    }
    return least;
  }

  /** How many entries after an index this region wrote; all of them where that is not in memory. */
  private long ownAfter(long index, long end) {
    SortedSet<Integer> own = new TreeSet<>(List.of(self()));
    long count = 0;
    long next = index + 1;
    while (next <= end) {
      Stretch stretch = recent(next, end, own, RegionSettings.DEFAULT.batchBytes());
      if (stretch == null) {
        return count + end - next + 1;
      }
      count += stretch.pieces().stream().mapToLong(Piece::count).sum();
      next = stretch.upToIndex() + 1;
    }
    return count;
  }

  /**
   * The last index up to which this log is surely the one that a position was said of: where the
   * same epoch wrote, all before it is the same. Nothing is sure when all of that epoch was lost:
   * then everything is sent anew, and what is there already counts for nothing.
   */
  private long indexHere(Position position) {
    EpochTable epochs = replica.machine().epochs();
    long end = Math.min(position.index(), replica.machine().commitIndex());
    long index = epochs.lastIndexUpTo(position.epoch(), end);
    return epochs.epochAt(index) == position.epoch() ? index : 0;
  }

  // The machines.

  private void step(ReceiverEvent event) {
    receiver.step(event, effect -> later.add(() -> carryOut(effect)));
    carryOutAll();
  }

  private void step(int region, Outgoing out, SenderEvent event) {
    out.sender.step(event, effect -> later.add(() -> carryOut(region, out, effect)));
    carryOutAll();
  }

  /** What may feed the machines again is carried out when the step is over. */
  private void carryOutAll() {
    if (carryingOut) {
      return;
    }
    carryingOut = true;
    for (Runnable next = later.poll(); next != null; next = later.poll()) {
      next.run();
    }
    carryingOut = false;
  }

  private void carryOut(ReceiverEffect effect) {
    if (effect instanceof ReceiverEffect.Append append) {
      append(append);
    } else if (effect instanceof ReceiverEffect.Send send) {
      send(send.region(), send.message());
    } else if (effect instanceof ReceiverEffect.NeedSnapshot need) {
      LOG.info(
          "partition={} region={} let its log go before it came here: all that it has is merged",
          id(),
          regions.name(need.region()));
      fill(neighbours.get(need.region()));
    } else {
      throw new IllegalStateException("no way to carry out " + effect);
    }
  }

  private void append(ReceiverEffect.Append append) {
    changes.clear();
    RegionStretches.write(
        changes, append.region(), append.upTo().epoch(), append.upTo().index(), append.pieces());
    try {
      appended.add(new Appended(replica.takeIn(changes), append.sequence()));
    } catch (MalformedBytesException e) {
      LOG.error(
          "partition={} region={} sent entries that are none, and is pulled anew: {}",
          id(),
          regions.name(append.region()),
          e.getMessage());
      end();
    }
  }

  /** What comes after this would be without what was not taken in. */
  private void end() {
    later.clear();
    replica.exchange(null);
  }

  private void send(int region, RegionMessage message) {
    Incoming in = neighbours.get(region);
    if (in.from == null) {
      return;
    }
    in.acked = message instanceof RegionMessage.Acked acked ? acked : NOTHING;
    in.saidNanos = replica.loop().nowNanos();
    links.send(in.from, definition, id().number(), message);
  }

  private void carryOut(int region, Outgoing out, SenderEffect effect) {
    if (effect instanceof SenderEffect.Send send) {
      send(out, send.message());
    } else if (effect instanceof SenderEffect.ReadLog read) {
      links.readLog(
          replica, read.fromIndex(), read.maxBytes(), batches -> onRead(region, read, batches));
    } else {
      throw new IllegalStateException("no way to carry out " + effect);
    }
  }

  private void send(Outgoing out, RegionMessage message) {
    if (out.connection == null) {
      return;
    }
    if (message instanceof RegionMessage.Batch batch) {
      out.waiting.removeIf(each -> each.id() != batch.id());
      if (!batch.isHeartbeat()) {
        out.waiting.add(batch);
        sendWaiting(out, replica.loop().nowNanos());
      } else if (out.waiting.isEmpty()) {
        reply(out, batch);
      }
    } else {
      reply(out, message);
    }
  }

  /** Sends what the rate allows. What waits does not make the region take this one for silent. */
  private void sendWaiting(Outgoing out, long now) {
    if (out.connection == null) {
      out.waiting.clear();
      return;
    }
    while (!out.waiting.isEmpty() && links.maySend(out.waiting.peek().bytes())) {
      reply(out, out.waiting.poll());
      out.sentNanos = now;
    }
    RegionMessage.Batch next = out.waiting.peek();
    if (next != null && now - out.sentNanos > SAY_AGAIN_NANOS) {
      out.sentNanos = now;
      reply(out, next.nothingYet(replica.loop().wallMillis()));
    }
  }

  private void reply(Outgoing out, RegionMessage message) {
    links.reply(out.connection, definition, id().number(), message);
  }

  private void onRead(int region, SenderEffect.ReadLog read, List<EntryBatch> batches) {
    Outgoing out = senders.get(region);
    if (replica.exchange() == this) {
      boolean gone =
          batches.isEmpty()
              || batches.get(0).firstIndex() > read.fromIndex()
              || isBeforeRegions(read.fromIndex());
      Stretch stretch =
          gone
              ? null
              : RegionStretches.of(
                  batches, read.upToIndex(), self(), read.wants(), read.maxBytes());
      step(region, out, new SenderEvent.LogRead(read.id(), read.fromIndex(), stretch));
    }
  }

  // The log.

  @Override
  public Stretch recent(long fromIndex, long upToIndex, SortedSet<Integer> wants, int maxBytes) {
    List<EntryBatch> batches = new ArrayList<>();
    long bytes = 0;
    long next = isBeforeRegions(fromIndex) ? Long.MAX_VALUE : fromIndex;
    while (next <= upToIndex && bytes < maxBytes) {
      EntryBatch batch = replica.recent().recent(next);
      if (batch == null) {
        break;
      }
      batches.add(batch);
      bytes += batch.body().length();
      next = batch.lastIndex() + 1;
    }
    return RegionStretches.of(batches, upToIndex, self(), wants, maxBytes);
  }

  /** What the log has from there is not for other regions. */
  private boolean isBeforeRegions(long index) {
    return index <= replica.origins().adoptedAt();
  }

  @Override
  public Position position(long index) {
    return new Position(replica.machine().epochAt(index), index);
  }

  // For people.

  /** How far what the neighbours write is here, by their names. */
  Map<String, NeighbourView> neighbours() {
    Map<String, NeighbourView> views = new TreeMap<>();
    receiver.neighbours().forEach((region, view) -> views.put(regions.name(region), view));
    return views;
  }

  /** How far what is written here is with those who pull it, by their names. */
  Map<String, SenderView> senders() {
    Map<String, SenderView> views = new TreeMap<>();
    senders.forEach((region, out) -> views.put(regions.name(region), out.sender.view()));
    return views;
  }
}
