package io.trefoil.replication.multileader;

import io.trefoil.base.Invariants;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.RegionMessage.Batch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Takes in what a partition's neighbours in other regions have, for as long as this region's leader
 * leads. See {@code docs/protocols/multi-leader.md}.
 *
 * <p><b>What it promises.</b> Each entry of an origin is appended once, after those of the origin
 * before it, and after all that the region which wrote it had before it. Nothing is acknowledged
 * that is not committed here. While one neighbour is live, what that one has comes in, whatever the
 * others do.
 *
 * <p><b>What it leaves to the shell.</b> Appending and committing; connections to the neighbours'
 * leaders; a snapshot when one is needed. It makes a new receiver for each leadership, and drops
 * the old one with it.
 *
 * <p><b>Why it can't be blocked for ever.</b> A neighbour's word says that the neighbour has those
 * entries in its log. So when no other way brings them, that neighbour is asked for them.
 */
public final class RegionReceiver {
  /** An entry on its way to being committed. */
  private record Appended(long sequence, int region, Position upTo) {}

  private final int self;
  private final RegionSettings settings;
  private final RegionVector vector;
  private final SortedMap<Integer, NeighbourLink> links = new TreeMap<>();
  private final Holders holders;
  private final ArrayDeque<Appended> uncommitted = new ArrayDeque<>();
  private final long startMillis;

  private long lastPull;
  private long lastSequence;
  private long nowMillis;
  private long wallMillis;

  /**
   * What the log holds that a leadership begins with. All of it is committed: the leader's first
   * entry is, and all before it with it. Else what is in the log and not yet in the state would be
   * appended again.
   *
   * @param vector of all other origins; of each earlier epoch of the own region at least up to its
   *     last index in the log; of the own epoch up to {@link Long#MAX_VALUE}
   * @param positions neighbour → up to where everything in that neighbour's log is in this one;
   *     {@link Position#ZERO} of those it does not name
   * @param firstPull pulls have numbers from here on, which no earlier leadership used
   */
  public record Recovered(
      RegionVector vector,
      SortedMap<Integer, Position> positions,
      long firstPull,
      long nowMillis,
      long wallMillis) {
    public Recovered {
      vector = vector.copy();
      positions = Collections.unmodifiableSortedMap(new TreeMap<>(positions));
      Invariants.check(firstPull > 0, "pulls have positive numbers", firstPull, 0);
    }
  }

  public RegionReceiver(int self, RegionWays ways, RegionSettings settings, Recovered recovered) {
    this.self = self;
    this.settings = settings;
    this.vector = recovered.vector().copy();
    this.holders = new Holders(ways, settings);
    this.startMillis = recovered.nowMillis();
    this.nowMillis = recovered.nowMillis();
    this.wallMillis = recovered.wallMillis();
    this.lastPull = recovered.firstPull() - 1;
    for (int region : ways.neighbours()) {
      Position upTo = recovered.positions().getOrDefault(region, Position.ZERO);
      NeighbourLink link = new NeighbourLink(region, upTo, nowMillis, wallMillis);
      link.assign(holders.heldBy(region));
      links.put(region, link);
    }
  }

  /** Takes one event and hands its effects to {@code out}, to be carried out in their order. */
  public void step(ReceiverEvent event, ReceiverEffects out) {
    if (event instanceof ReceiverEvent.Received received) {
      onMessage(received.region(), received.message(), out);
    } else if (event instanceof ReceiverEvent.Committed committed) {
      onCommitted(committed.sequence(), out);
    } else if (event instanceof ReceiverEvent.Tick tick) {
      onTick(tick, out);
    } else if (event instanceof ReceiverEvent.LinkUp it) {
      link(it.region()).up();
    } else if (event instanceof ReceiverEvent.LinkDown it) {
      link(it.region()).down();
      reconsider();
    }
    links.values().forEach(link -> maybePull(link, out));
  }

  private NeighbourLink link(int region) {
    NeighbourLink link = links.get(region);
    Invariants.check(link != null, "only neighbours are linked", region, self);
    return link;
  }

  private void onMessage(int region, RegionMessage message, ReceiverEffects out) {
    NeighbourLink link = link(region);
    if (message instanceof Batch batch) {
      onBatch(link, batch, out);
    } else if (message instanceof RegionMessage.TooOld old && link.isOf(old.id())) {
      needSnapshot(link, out);
    }
  }

  private void needSnapshot(NeighbourLink link, ReceiverEffects out) {
    link.tooOld();
    reconsider();
    out.add(new ReceiverEffect.NeedSnapshot(link.region()));
  }

  private void onBatch(NeighbourLink link, Batch batch, ReceiverEffects out) {
    if (link.heard(nowMillis)) {
      reconsider();
    }
    if (!link.isOf(batch.id())) {
      return; // asked for before something else was wanted
    }
    if (link.accept(batch, 2 * settings.windowBytes(), nowMillis)) {
      drain(out);
    } else {
      link.pullAnew();
    }
  }

  /** What one neighbour brought may be what another's queue waits for. */
  private void drain(ReceiverEffects out) {
    boolean moved = true;
    while (moved) {
      moved = false;
      for (NeighbourLink link : links.values()) {
        moved |= run(link, out);
      }
    }
    links.values().forEach(this::maybeFetchBack);
  }

  /** Appends what can be appended of a queue; returns whether there was any. */
  private boolean run(NeighbourLink link, ReceiverEffects out) {
    List<Piece> run = new ArrayList<>();
    boolean moved = false;
    long bytes = 0;
    for (Piece next = link.take(vector); next != null; next = link.take(vector)) {
      if (bytes >= settings.batchBytes()) {
        append(link, run, out);
        run = new ArrayList<>();
        bytes = 0;
      }
      vector.advance(next.origin(), next.index());
      noteBrought(link, next.region());
      moved = true;
      run.add(next);
      bytes += next.bytes();
    }
    if (!run.isEmpty()) {
      append(link, run, out);
    }
    return moved;
  }

  /** The holder of a region works: whoever stepped in for it need not go on. */
  private void noteBrought(NeighbourLink link, int region) {
    if (link.isAssigned(region)) {
      links.values().forEach(other -> other.broughtElsewhere(region));
    }
  }

  private void append(NeighbourLink link, List<Piece> pieces, ReceiverEffects out) {
    Position upTo = link.note(nowMillis);
    lastSequence++;
    uncommitted.addLast(new Appended(lastSequence, link.region(), upTo));
    out.add(new ReceiverEffect.Append(lastSequence, link.region(), upTo, pieces));
  }

  /** Only a former leader here can have sent it on: this region lost it. */
  private void maybeFetchBack(NeighbourLink link) {
    Piece word = link.waitsFor();
    if (word != null && word.region() == self && !link.wants(self)) {
      link.fetchBack(word);
    }
  }

  /** One acknowledgement to each neighbour is enough for all that became committed at once. */
  private void onCommitted(long sequence, ReceiverEffects out) {
    SortedMap<Integer, NeighbourLink> advanced = new TreeMap<>();
    while (!uncommitted.isEmpty() && uncommitted.peekFirst().sequence() <= sequence) {
      Appended entry = uncommitted.pollFirst();
      NeighbourLink link = links.get(entry.region());
      if (link.committed(entry.upTo())) {
        advanced.put(entry.region(), link);
      }
    }
    advanced.values().forEach(link -> maybeAck(link, out));
  }

  private static void maybeAck(NeighbourLink link, ReceiverEffects out) {
    RegionMessage.Acked ack = link.ack();
    if (ack != null) {
      out.add(new ReceiverEffect.Send(link.region(), ack));
    }
  }

  private void onTick(ReceiverEvent.Tick tick, ReceiverEffects out) {
    nowMillis = tick.nowMillis();
    wallMillis = tick.wallMillis();
    links.values().forEach(link -> link.noteSilence(nowMillis, settings.silentMillis()));
    reconsider();
    for (NeighbourLink link : links.values()) {
      if (link.isToBeNoted(nowMillis, settings)) {
        append(link, List.of(), out);
      }
      if (isToBePulledAnew(link)) {
        link.pullAnew();
      }
      maybeAskForWhatItHas(link, out);
    }
  }

  private boolean isToBePulledAnew(NeighbourLink link) {
    boolean settled = nowMillis - link.pulledMillis() >= settings.settleMillis();
    return link.isUnserved(nowMillis, settings.silentMillis())
        || settled && link.bringsTooMuch(vector);
  }

  /**
   * The holder of a region may be live and not reach it, as in a ring that is cut further on; or
   * the region itself may have lost what others have.
   */
  private void maybeAskForWhatItHas(NeighbourLink link, ReceiverEffects out) {
    if (link.waitsInVain(vector, nowMillis, settings.silentMillis())) {
      Piece word = link.waitsFor();
      if (!link.wants(word.region())) {
        link.askFor(word);
      } else {
        needSnapshot(link, out); // it came there by a snapshot, and is not in that log
      }
    }
  }

  /** A leader that just began gives everybody the time to be heard from. */
  private void reconsider() {
    if (nowMillis - startMillis >= settings.silentMillis()) {
      holders.reconsider(links, nowMillis);
      links.values().forEach(link -> link.assign(holders.heldBy(link.region())));
    }
  }

  private void maybePull(NeighbourLink link, ReceiverEffects out) {
    if (link.needsPull()) {
      RegionMessage.Pull pull = link.pull(++lastPull, vector, nowMillis);
      out.add(new ReceiverEffect.Send(link.region(), pull));
      maybeAck(link, out); // the sender may be a new one
    }
  }

  /** How far each origin is in the local log; a view. */
  public SortedMap<Integer, Long> vector() {
    return vector.view();
  }

  /** Number of the last pull. */
  public long lastPull() {
    return lastPull;
  }

  /** Of each neighbour; a copy. */
  public SortedMap<Integer, NeighbourView> neighbours() {
    SortedMap<Integer, NeighbourView> views = new TreeMap<>();
    links.forEach((region, link) -> views.put(region, link.view(wallMillis)));
    return views;
  }

  /** For traces and people. */
  @Override
  public String toString() {
    return "region " + self + " has " + vector + "; neighbours " + links.values();
  }
}
