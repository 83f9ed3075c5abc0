package io.trefoil.replication.leaderless;

import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.EntryBatch;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One replica of a leaderless partition. See {@code docs/protocols/leaderless.md}.
 *
 * <p><b>What it promises.</b> An index that {@link #copied} has reached for W copies: every entry
 * this coordinator wrote up to it was stable on W replicas of each standing configuration. What is
 * told of a read was said by R replicas whose copies count, this one among them if it counts. Each
 * entry of a coordinator gets to every replica, in order and once, unless the coordinator's log let
 * go of it first; then both know that there is a gap.
 *
 * <p><b>What it leaves to the shell.</b> Executing and merging; writing, and sending in the order
 * of the effects; answering clients; whether a copy counts, and making that durable; new origins.
 *
 * <p><b>The local log</b> holds what this coordinator wrote and, between that, what it merged of
 * others: foreign entries. Only its own are streamed. A hint for a replica is an entry of this log
 * that the replica has not confirmed.
 *
 * <p><b>An origin</b> is a stream of one log. It must be a new one when the end of the log may have
 * been lost: its indexes would else be given twice. Larger origins of a node replace smaller ones.
 *
 * <p><b>A copy counts</b> in reads while it has forgotten nothing that it acknowledged. A copy that
 * does not count still counts for a write: what it confirms from then on it has, and will have when
 * it counts again.
 */
public final class LeaderlessReplica {
  /** There are no leaderships here, so each batch is of the same epoch. */
  static final long EPOCH = 1;

  private final NodeId self;
  private final int origin;
  private final Streams streams;
  private final Arrivals arrivals;
  private final Reads reads;

  private Standing standing = Standing.NONE;
  private long nowMillis;
  private long lastIndex;
  private long stableIndex;
  private long lastOwnIndex;
  private boolean counts;

  /**
   * What recovery found. What it found is stable: recovery syncs it.
   *
   * @param lastIndex of the local log
   * @param seen origin → index of that origin's log up to which everything of its own is here
   * @param gaps origins of which something was skipped
   * @param counts whether the copy has forgotten nothing that it acknowledged
   */
  public record Recovered(
      long lastIndex, SortedMap<Integer, Long> seen, SortedSet<Integer> gaps, boolean counts) {
    public Recovered {
      seen = Collections.unmodifiableSortedMap(new TreeMap<>(seen));
      gaps = Collections.unmodifiableSortedSet(new TreeSet<>(gaps));
    }

    /** A replica that never had anything. */
    public static Recovered empty() {
      return new Recovered(0, new TreeMap<>(), new TreeSet<>(), true);
    }
  }

  /**
   * @param origin number under which this copy's stream began; unique in the cluster, for ever
   * @param log the local one, as far as it is in memory
   * @param recovered what is on disk
   */
  public LeaderlessReplica(
      NodeId self, int origin, OwnLog log, LeaderlessSettings settings, Recovered recovered) {
    this.self = self;
    this.origin = origin;
    this.lastIndex = recovered.lastIndex();
    this.stableIndex = recovered.lastIndex();
    this.lastOwnIndex = recovered.lastIndex(); // which of the entries are own is not known here
    this.counts = recovered.counts();
    this.streams = new Streams(this, origin, log, settings);
    this.arrivals = new Arrivals(this, recovered);
    this.reads = new Reads(this, streams, settings);
  }

  /**
   * Takes one event and hands its effects to {@code out} in the order in which they must be carried
   * out.
   *
   * @throws io.trefoil.base.InvariantViolation when the event shows a state that can't be; the
   *     shell then stops the replica
   */
  public void step(LeaderlessEvent event, LeaderlessEffects out) {
    if (event instanceof LeaderlessEvent.Received received) {
      onMessage(received.from(), received.message(), out);
    } else if (event instanceof LeaderlessEvent.Stable stable) {
      onStable(stable.index(), out);
    } else if (event instanceof LeaderlessEvent.Proposed it) {
      onProposed(it, out);
    } else if (event instanceof LeaderlessEvent.Asked asked) {
      reads.onAsked(asked, out);
    } else if (event instanceof LeaderlessEvent.Examined examined) {
      send(
          examined.from(),
          new LeaderlessMessage.Told(examined.id(), counts, examined.differing()),
          out);
    } else if (event instanceof LeaderlessEvent.Tick tick) {
      nowMillis = tick.nowMillis();
      streams.onTick(out);
      reads.onTick(out);
    } else {
      onRareEvent(event, out);
    }
  }

  private void onRareEvent(LeaderlessEvent event, LeaderlessEffects out) {
    if (event instanceof LeaderlessEvent.Kept kept) {
      onKept(kept, out);
    } else if (event instanceof LeaderlessEvent.LogRead read) {
      streams.onLogRead(read, out);
    } else if (event instanceof LeaderlessEvent.Withdrawn withdrawn) {
      reads.onWithdrawn(withdrawn.id());
    } else if (event instanceof LeaderlessEvent.PeerLost lost) {
      streams.onPeerLost(lost.peer(), out);
      reads.onUncertain(lost.peer(), out);
    } else if (event instanceof LeaderlessEvent.Configured configured) {
      onConfigured(configured, out);
    } else if (event instanceof LeaderlessEvent.Whole) {
      counts = true;
      arrivals.onWhole();
      reads.reconsider(out);
    }
  }

  private void onMessage(NodeId from, LeaderlessMessage message, LeaderlessEffects out) {
    PeerStream peer = streams.peer(from);
    if (peer != null) {
      peer.heard(nowMillis);
    }
    if (message instanceof LeaderlessMessage.Share share) {
      if (agrees(from, share.version(), out)) {
        arrivals.onShare(from, share, out);
      }
    } else if (message instanceof LeaderlessMessage.Shared shared) {
      streams.onShared(from, shared, out);
    } else if (message instanceof LeaderlessMessage.Ask ask) {
      if (agrees(from, ask.version(), out)) {
        out.add(new LeaderlessEffect.Examine(from, ask.id(), ask.question()));
      }
    } else if (message instanceof LeaderlessMessage.Told told) {
      reads.onTold(from, told, out);
    } else if (message instanceof LeaderlessMessage.Lacking lacking) {
      streams.onLacking(from, lacking, out);
    } else if (message instanceof LeaderlessMessage.Refused) {
      streams.onRefused(from);
      reads.onUncertain(from, out);
    }
  }

  /** Two quorums have a replica in common only if both are of the same configuration. */
  private boolean agrees(NodeId from, long version, LeaderlessEffects out) {
    if (version == standing.version()) {
      return true;
    }
    send(from, new LeaderlessMessage.Refused(standing.version()), out);
    return false;
  }

  private static void send(NodeId to, LeaderlessMessage message, LeaderlessEffects out) {
    out.add(new LeaderlessEffect.Send(to, message));
  }

  private void onConfigured(LeaderlessEvent.Configured configured, LeaderlessEffects out) {
    if (configured.version() > standing.version()) {
      standing = Standing.of(configured.version(), configured.membership());
      streams.onConfigured(out);
      reads.reconsider(out);
    }
  }

  private void onProposed(LeaderlessEvent.Proposed it, LeaderlessEffects out) {
    EntryBatch batch = nextBatch(it.count(), it.logTimeMillis(), it.issuer(), it.body());
    lastOwnIndex = lastIndex;
    out.add(new LeaderlessEffect.AppendOwn(batch));
  }

  private void onKept(LeaderlessEvent.Kept kept, LeaderlessEffects out) {
    EntryBatch batch = nextBatch(kept.count(), kept.logTimeMillis(), kept.issuer(), kept.body());
    out.add(new LeaderlessEffect.AppendKept(batch));
  }

  private EntryBatch nextBatch(int count, long logTimeMillis, int issuer, Bytes body) {
    EntryBatch batch = new EntryBatch(EPOCH, lastIndex + 1, count, logTimeMillis, issuer, body);
    lastIndex = batch.lastIndex();
    return batch;
  }

  private void onStable(long index, LeaderlessEffects out) {
    Invariants.check(index <= lastIndex, "what is stable was appended", index, lastIndex);
    if (index > stableIndex) {
      stableIndex = index;
      // Own writes go before the word that they stand in the way of others' writes. Who hears of
      // that writes again, above what it knows: not knowing them, it would be in their way, too.
      streams.onStable(out);
      arrivals.onStable(out);
    }
  }

  /** Takes the next index of the local log, for a foreign batch. */
  long nextIndex() {
    return ++lastIndex;
  }

  NodeId self() {
    return self;
  }

  Standing standing() {
    return standing;
  }

  long nowMillis() {
    return nowMillis;
  }

  /** The last entry that is this coordinator's own; until it writes one, the log's end at start. */
  long lastOwnIndex() {
    return lastOwnIndex;
  }

  public int origin() {
    return origin;
  }

  /** Of the local log. */
  public long lastIndex() {
    return lastIndex;
  }

  public long stableIndex() {
    return stableIndex;
  }

  /** Number of the configuration that is known here; 0 before the first. */
  public long version() {
    return standing.version();
  }

  /**
   * The largest index such that every own entry up to it has so many stable copies in each standing
   * configuration. A number beyond a configuration's size asks for all of its replicas; learners
   * are none. Entries that a replica has a gap for are taken for copied there: the shell must not
   * let go of what somebody waits for.
   *
   * <p>May go back: when a connection breaks, behind which a replica may start anew and have
   * forgotten what it confirmed; when one that started anew says that it knows less than it had
   * confirmed, or when a configuration begins to stand. Then it says what is known <em>now</em>,
   * which is what a reply that still waits must go by. A reply that went out on what was known
   * before is right all the same: the copies were there. The replica either has the entries still
   * (it only forgot how far it was, as it does not journal stretches that hold nothing for it), or
   * its copy does not count until it is whole, and is sent again what this log still holds.
   */
  public long copied(int copies) {
    return streams.copied(copies);
  }

  /**
   * As {@link #copied}, for a sloppy quorum: where fewer replicas than that are in reach, those
   * that are must all have stable copies, and what is stable in this coordinator's log stands in
   * for the rest: a hint, which such a replica gets when it is back. At least one copy is real,
   * this coordinator's. May go back, also when a replica comes in reach again. No read counts
   * hints, so that no number of replicas asked is sure to see what was answered by this.
   */
  public long copiedOrHinted(int copies) {
    return streams.copiedOrHinted(copies);
  }

  /** How many replicas, of the standing configuration with the fewest, have an entry stable. */
  public int copiesOf(long index) {
    return streams.copiesOf(index);
  }

  /**
   * Whether in each standing configuration so many replicas are in reach, this one included. False
   * means that a write should be refused before it is appended.
   */
  public boolean canReach(int copies) {
    return streams.canReach(copies);
  }

  /** As {@link #canReach}, of replicas whose copy counts; this one only if its own does. */
  public boolean canRead(int copies) {
    return streams.canRead(copies);
  }

  /** Whether another replica or learner was heard of lately. */
  public boolean isReachable(NodeId other) {
    PeerStream peer = streams.peer(other);
    return peer != null && streams.isReachable(peer);
  }

  /** Whether this copy alone is so many of each standing configuration, and counts. */
  public boolean isEnough(int copies) {
    return counts && standing.enough(copies, self::equals);
  }

  public boolean counts() {
    return counts;
  }

  /**
   * Up to which every other replica and learner, and the own disk, has this coordinator's own
   * entries: before it the log holds no hint. 0 before anything is known; may go back, as {@link
   * #copied} does, and when a learner is added.
   */
  public long everywhereIndex() {
    return streams.everywhereIndex();
  }

  /** A copy: origin → index up to which everything of its own is here, stable or not. */
  public SortedMap<Integer, Long> seen() {
    return arrivals.seen();
  }

  /** Origins of which something was skipped, so that only anti-entropy can bring it. Read-only. */
  public SortedSet<Integer> gaps() {
    return arrivals.gaps();
  }

  /** How many questions wait for answers; it is the shell that bounds them. */
  public int openReads() {
    return reads.open();
  }

  /** What is known of each other replica and learner. For status; a copy. */
  public SortedMap<NodeId, PeerView> peers() {
    return streams.views();
  }

  /** For traces and people. */
  @Override
  public String toString() {
    return "origin="
        + origin
        + " version="
        + standing.version()
        + " last="
        + lastIndex
        + " stable="
        + stableIndex
        + " seen="
        + seen()
        + (gaps().isEmpty() ? "" : " gaps=" + gaps())
        + (counts ? "" : " does not count");
  }
}
