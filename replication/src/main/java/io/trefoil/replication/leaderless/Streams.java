package io.trefoil.replication.leaderless;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.EntryBatch;
import java.util.SortedMap;
import java.util.TreeMap;

/** A coordinator's log on its way to the others, and what they have confirmed of it. */
final class Streams {
  private final LeaderlessReplica replica;
  private final int origin;
  private final OwnLog log;
  private final LeaderlessSettings settings;
  private final SortedMap<NodeId, PeerStream> peers = new TreeMap<>();

  /**
   * For each number of copies, what {@link #copied} and {@link #copiedOrHinted} were when they were
   * looked at last.
   */
  private long[] copiedBefore = new long[0];

  private boolean reachChanged;

  Streams(LeaderlessReplica replica, int origin, OwnLog log, LeaderlessSettings settings) {
    this.replica = replica;
    this.origin = origin;
    this.log = log;
    this.settings = settings;
  }

  SortedMap<NodeId, PeerStream> peers() {
    return peers;
  }

  /** The stream to a node, or null when it has no part in the configuration. */
  PeerStream peer(NodeId id) {
    return peers.get(id);
  }

  /** The others may know the new configuration by now: they are asked where they are. */
  void onConfigured(LeaderlessEffects out) {
    peers.keySet().retainAll(replica.standing().everyone());
    for (NodeId id : replica.standing().everyone()) {
      if (!id.equals(replica.self())) {
        PeerStream peer = peers.computeIfAbsent(id, it -> newStream());
        if (peer.state() == PeerStream.State.PROBING) {
          heartbeat(id, peer, out);
        }
      }
    }
    noteCopied(out);
  }

  private PeerStream newStream() {
    return new PeerStream(replica.stableIndex() + 1, replica.nowMillis());
  }

  void onStable(LeaderlessEffects out) {
    peers.forEach((id, peer) -> ship(id, peer, out));
    noteCopied(out);
  }

  void onShared(NodeId from, LeaderlessMessage.Shared shared, LeaderlessEffects out) {
    PeerStream peer = peers.get(from);
    if (peer == null || shared.origin() != origin) {
      return; // no part in the configuration any more, or said to an earlier origin
    }
    Invariants.check(
        shared.index() <= replica.stableIndex(),
        "nobody has more of a log than was sent of it",
        shared.index(),
        replica.stableIndex());
    peer.agrees();
    peer.acknowledged(shared.index(), shared.counts());
    noteCopied(out);
    ship(from, peer, out);
  }

  /**
   * It lost what was sent, or started anew and knows less of how far it was: it does not journal
   * that a stretch held nothing for it. What it acknowledged before and the clients were told is
   * done; what waits, waits until it has confirmed again.
   */
  void onLacking(NodeId from, LeaderlessMessage.Lacking lacking, LeaderlessEffects out) {
    PeerStream peer = peers.get(from);
    if (peer == null || lacking.origin() != origin) {
      return;
    }
    peer.agrees();
    if (lacking.rejectedFrom() > peer.next()
        || peer.state() == PeerStream.State.PROBING && lacking.rejectedFrom() != peer.next()) {
      return; // the answer to something sent before it is looked for
    }
    peer.lacks(lacking.index());
    heartbeat(from, peer, out);
    noteCopied(out);
  }

  void onRefused(NodeId from) {
    PeerStream peer = peers.get(from);
    if (peer != null) {
      peer.refused();
    }
  }

  void onPeerLost(NodeId lost, LeaderlessEffects out) {
    PeerStream peer = peers.get(lost);
    if (peer != null) {
      peer.connectionLost();
      noteCopied(out);
    }
  }

  void onLogRead(LeaderlessEvent.LogRead read, LeaderlessEffects out) {
    PeerStream peer = peers.get(read.peer());
    if (peer == null || !peer.readingLog()) {
      return; // asked for before the replica was lost or said where it is
    }
    peer.readingLog(false);
    if (peer.next() == read.fromIndex()) { // else it has confirmed more meanwhile
      if (read.stretch() == null) {
        skip(read.peer(), peer, read.firstHeld(), out);
      } else {
        send(read.peer(), peer, read.stretch(), out);
      }
    }
    ship(read.peer(), peer, out);
  }

  /**
   * The log begins only later. One that had all of it before, and only forgot how far it was, lacks
   * nothing: it is told that there is nothing for it.
   */
  private void skip(NodeId id, PeerStream peer, long firstHeld, LeaderlessEffects out) {
    long from = peer.next();
    Invariants.check(
        firstHeld > from && firstHeld <= replica.stableIndex() + 1,
        "a log lets go of stable entries, in order",
        firstHeld,
        replica.stableIndex());
    boolean has = peer.counts() && peer.confirmed() >= firstHeld - 1;
    if (!has) {
      peer.skipTo(firstHeld);
    }
    share(id, peer, has ? from : firstHeld, firstHeld - 1, null, !has, out);
  }

  void onTick(LeaderlessEffects out) {
    reachChanged = false;
    peers.forEach(
        (id, peer) -> {
          ship(id, peer, out);
          reachChanged |= peer.noteReach(isReachable(peer));
          if (replica.nowMillis() - peer.sentMillis() >= settings.heartbeatMillis()) {
            peer.forgiveSlowness();
            heartbeat(id, peer, out);
          }
        });
    if (reachChanged) {
      noteCopied(out);
    }
  }

  /** Sends what the replica lacks, as far as memory holds it and the bound on bytes allows. */
  private void ship(NodeId id, PeerStream peer, LeaderlessEffects out) {
    while (peer.state() == PeerStream.State.STREAMING
        && !peer.readingLog()
        && peer.next() <= lastToShip()
        && peer.inFlightBytes() < settings.maxInFlightBytes()) {
      Stretch stretch = log.recent(peer.next());
      if (stretch == null) {
        peer.readingLog(true);
        out.add(new LeaderlessEffect.ReadLog(id, peer.next(), settings.maxReadBytes()));
        return;
      }
      send(id, peer, stretch, out);
    }
  }

  /**
   * The end of what is worth a message: the last own entry that is stable. What is not stable here
   * is sent to nobody: a power failure could take it, the indexes would be given to other entries,
   * and whoever has the first ones would take the others for known.
   */
  private long lastToShip() {
    return Math.min(replica.lastOwnIndex(), replica.stableIndex());
  }

  private void send(NodeId id, PeerStream peer, Stretch found, LeaderlessEffects out) {
    Invariants.check(found.from() == peer.next(), "sends what is next", found.from(), peer.next());
    Stretch stretch = found.upTo(replica.stableIndex());
    share(id, peer, stretch.from(), stretch.upTo(), stretch.batch(), false, out);
  }

  /**
   * Behind everything sent, so that a replica that missed something says so. That the log's end
   * holds nothing for others is said only here: it would cost a message for each one received.
   */
  private void heartbeat(NodeId id, PeerStream peer, LeaderlessEffects out) {
    boolean restIsForeign =
        peer.state() == PeerStream.State.STREAMING && peer.next() > replica.lastOwnIndex();
    long upTo = restIsForeign ? replica.stableIndex() : peer.next() - 1;
    share(id, peer, peer.next(), Math.max(upTo, peer.next() - 1), null, false, out);
  }

  private void share(
      NodeId id,
      PeerStream peer,
      long from,
      long upTo,
      EntryBatch batch,
      boolean skipped,
      LeaderlessEffects out) {
    peer.sent(upTo, batch == null ? 0 : batch.body().length(), replica.nowMillis());
    out.add(
        new LeaderlessEffect.Send(
            id,
            new LeaderlessMessage.Share(
                origin, replica.standing().version(), from, upTo, batch, skipped)));
  }

  private void noteCopied(LeaderlessEffects out) {
    long[] copiedNow = new long[2 * replica.standing().size()];
    boolean grew = false;
    for (int i = 0; i < copiedNow.length; i++) {
      int copies = i / 2 + 1;
      copiedNow[i] = i % 2 == 0 ? copied(copies) : copiedOrHinted(copies);
      grew |= copiedNow[i] > (i < copiedBefore.length ? copiedBefore[i] : 0);
    }
    copiedBefore = copiedNow;
    if (grew) {
      out.add(new LeaderlessEffect.Copied());
    }
  }

  long copied(int copies) {
    return replica.standing().reached(copies, this::stableAt);
  }

  long copiedOrHinted(int copies) {
    return replica
        .standing()
        .reachedOrHinted(copies, this::isReachable, this::stableAt, replica.stableIndex());
  }

  int copiesOf(long index) {
    return replica.standing().fewest(id -> stableAt(id) >= index);
  }

  private long stableAt(NodeId id) {
    return id.equals(replica.self()) ? replica.stableIndex() : peers.get(id).counted();
  }

  boolean canReach(int copies) {
    return replica.standing().enough(copies, this::isReachable);
  }

  boolean canRead(int copies) {
    return replica.standing().enough(copies, id -> isReachable(id) && counts(id));
  }

  private boolean isReachable(NodeId id) {
    return id.equals(replica.self()) || isReachable(peers.get(id));
  }

  boolean isReachable(PeerStream peer) {
    return !peer.lost() && replica.nowMillis() - peer.heardMillis() <= settings.awayMillis();
  }

  private boolean counts(NodeId id) {
    return id.equals(replica.self()) ? replica.counts() : peers.get(id).counts();
  }

  long everywhereIndex() {
    if (replica.standing().configurations().isEmpty()) {
      return 0; // nobody is known, so nobody is known to have it
    }
    long everywhere = replica.stableIndex();
    for (PeerStream peer : peers.values()) {
      everywhere = Math.min(everywhere, peer.match());
    }
    return everywhere;
  }

  SortedMap<NodeId, PeerView> views() {
    SortedMap<NodeId, PeerView> views = new TreeMap<>();
    peers.forEach((id, peer) -> views.put(id, view(peer)));
    return views;
  }

  private PeerView view(PeerStream peer) {
    return new PeerView(
        peer.match(),
        Math.max(0, replica.lastOwnIndex() - peer.match()),
        isReachable(peer),
        peer.heardMillis(),
        peer.counts(),
        peer.gap());
  }
}
