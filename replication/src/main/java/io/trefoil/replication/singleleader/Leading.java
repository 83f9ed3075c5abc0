package io.trefoil.replication.singleleader;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.Effects;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.LogView;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.kernel.Message;
import io.trefoil.replication.kernel.PeerProgress;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** The leader of one epoch: ships its log, counts stable copies, commits. */
final class Leading implements Role {
  /** After this index the log is needed by others than replicas. */
  private long keptAfter = Long.MAX_VALUE;

  private final SingleLeaderReplica replica;
  private final ReplicaLog log;
  private final LogView entries;
  private final ReplicationSettings settings;
  private final long epoch;

  /** The entry that opened the epoch. Nothing commits by counting below it. */
  private final long openingIndex;

  private Membership membership;
  private final SortedMap<NodeId, PeerProgress> peers = new TreeMap<>();

  Leading(SingleLeaderReplica replica, Event.Appointed appointed) {
    this.replica = replica;
    this.log = replica.log();
    this.entries = replica.entries();
    this.settings = replica.settings();
    this.epoch = appointed.epoch();
    this.openingIndex = log.lastIndex() + 1;
    setMembership(appointed.membership());
  }

  @Override
  public NodeId leader() {
    return replica.self();
  }

  long openingIndex() {
    return openingIndex;
  }

  SortedMap<NodeId, PeerProgress> peers() {
    return Collections.unmodifiableSortedMap(peers);
  }

  void reconfigure(Membership newMembership, Effects out) {
    setMembership(newMembership);
    advanceCommit(out); // the new rule may ask for less
  }

  private void setMembership(Membership newMembership) {
    membership = newMembership;
    Invariants.check(
        membership.replicas().contains(replica.self()), "a leader is one of the replicas");
    peers.keySet().retainAll(membership.everyone());
    for (NodeId peer : membership.everyone()) {
      if (!peer.equals(replica.self())) {
        peers.computeIfAbsent(
            peer, id -> new PeerProgress(log.lastIndex() + 1, replica.nowMillis()));
      }
    }
  }

  void open(Event.Appointed appointed, Effects out) {
    for (PeerProgress peer : peers.values()) {
      peer.probeFrom(openingIndex);
    }
    propose(
        new EntryBatch(
            epoch,
            openingIndex,
            1,
            Math.max(appointed.logTimeMillis(), log.timeMillis()),
            replica.incarnation(),
            appointed.opening()),
        out);
    peers.forEach((id, peer) -> probe(id, peer, out));
  }

  void onProposed(Event.Proposed proposed, Effects out) {
    propose(
        new EntryBatch(
            epoch,
            log.lastIndex() + 1,
            proposed.count(),
            Math.max(proposed.logTimeMillis(), log.timeMillis()),
            replica.incarnation(),
            proposed.body()),
        out);
  }

  private void propose(EntryBatch batch, Effects out) {
    log.append(batch, out);
    peers.forEach((id, peer) -> ship(id, peer, out));
  }

  @Override
  public void onStable(Effects out) {
    advanceCommit(out);
  }

  @Override
  public void onPromiseDurable(Effects out) {}

  void onAppended(NodeId from, Message.Appended appended, Effects out) {
    PeerProgress peer = peers.get(from);
    if (peer == null) {
      return; // no replica any more
    }
    Invariants.check(
        appended.index() <= log.lastIndex(),
        "a follower can't have more of this epoch than its leader",
        appended.index(),
        log.lastIndex());
    peer.heard(replica.nowMillis());
    if (peer.state() == PeerProgress.State.SNAPSHOT) {
      return; // said before the snapshot that is on its way
    }
    if (peer.acknowledged(
        appended.index(), appended.counts(), appended.synced(), log.lastIndex())) {
      out.add(new Effect.Send(from, new Message.Whole(epoch)));
    }
    advanceCommit(out);
    ship(from, peer, out);
  }

  void onMismatch(NodeId from, Message.Mismatch mismatch, Effects out) {
    PeerProgress peer = peers.get(from);
    if (peer == null) {
      return;
    }
    peer.heard(replica.nowMillis());
    long rejected = mismatch.rejected().index();
    boolean late = peer.state() == PeerProgress.State.SNAPSHOT || rejected >= peer.next();
    if (late) {
      return;
    }
    Position last = mismatch.last();
    if (rejected <= peer.match() || last.index() < peer.match()) {
      peer.forget(); // its disk is older than what it acknowledged
    }
    long agreed = log.epochs().lastIndexUpTo(last.epoch(), Math.min(last.index(), log.lastIndex()));
    peer.probeFrom(Math.min(agreed + 1, rejected));
    probe(from, peer, out);
  }

  void onNeedSnapshot(NodeId from, Effects out) {
    PeerProgress peer = peers.get(from);
    if (peer == null) {
      return;
    }
    peer.heard(replica.nowMillis());
    if (peer.state() != PeerProgress.State.SNAPSHOT) {
      peer.forget();
      sendSnapshot(from, peer, out);
    }
  }

  void onLogRead(Event.LogRead read, Effects out) {
    PeerProgress peer = peers.get(read.follower());
    if (peer == null || !peer.readingLog()) {
      return; // asked for in another state
    }
    peer.readingLog(false);
    // The follower may have acknowledged more meanwhile, and what was read under an earlier
    // leadership may be cut since. Then it is read again.
    if (peer.next() == read.fromIndex()) {
      if (read.batch() == null) {
        sendSnapshot(read.follower(), peer, out);
      } else if (isHistory(read.batch())) {
        sendEntries(read.follower(), peer, read.batch(), out);
      }
    }
    ship(read.follower(), peer, out);
  }

  private boolean isHistory(EntryBatch batch) {
    return log.contains(batch.last()) && log.epochs().epochAt(batch.firstIndex()) == batch.epoch();
  }

  void onSnapshotSent(Event.SnapshotSent sent, Effects out) {
    PeerProgress peer = peers.get(sent.follower());
    if (peer != null && peer.state() == PeerProgress.State.SNAPSHOT) {
      peer.probeFrom(log.lastIndex() + 1);
      probe(sent.follower(), peer, out);
    }
  }

  void onPeerLost(NodeId lost) {
    PeerProgress peer = peers.get(lost);
    if (peer != null) {
      peer.connectionLost(log.lastIndex() + 1);
    }
  }

  @Override
  public void onTick(Effects out) {
    peers.forEach(
        (id, peer) -> {
          boolean due = replica.nowMillis() - peer.sentMillis() >= settings.heartbeatMillis();
          switch (peer.state()) {
            case PROBING -> {
              if (due) {
                probe(id, peer, out);
              }
            }
            case REPLICATING -> {
              ship(id, peer, out);
              if (due || log.commitIndex() > peer.sentCommit()) {
                heartbeat(id, peer, out);
              }
            }
            case SNAPSHOT -> {}
          }
        });
  }

  /** Sends what the follower lacks, as far as memory holds it and the bound on bytes allows. */
  private void ship(NodeId id, PeerProgress peer, Effects out) {
    while (peer.state() == PeerProgress.State.REPLICATING
        && !peer.readingLog()
        && peer.next() <= log.lastIndex()
        && peer.inFlightBytes() < settings.maxInFlightBytes()) {
      EntryBatch batch = entries.recent(peer.next());
      if (batch == null) {
        peer.readingLog(true);
        out.add(new Effect.ReadLog(id, peer.next(), settings.maxReadBytes()));
        return;
      }
      sendEntries(id, peer, batch, out);
    }
  }

  private void sendEntries(NodeId id, PeerProgress peer, EntryBatch batch, Effects out) {
    Invariants.check(
        batch.firstIndex() == peer.next(),
        "sends the next entries",
        batch.firstIndex(),
        peer.next());
    Position previous = log.epochs().positionAt(batch.firstIndex() - 1);
    peer.sentEntries(batch);
    send(id, peer, previous, batch, out);
  }

  private void probe(NodeId id, PeerProgress peer, Effects out) {
    send(id, peer, log.epochs().positionAt(peer.next() - 1), null, out);
  }

  /** Behind everything sent, so that a follower that missed a batch says so. */
  private void heartbeat(NodeId id, PeerProgress peer, Effects out) {
    send(id, peer, log.epochs().positionAt(peer.next() - 1), null, out);
  }

  private void send(
      NodeId id, PeerProgress peer, Position previous, EntryBatch batch, Effects out) {
    peer.sent(log.commitIndex(), replica.nowMillis());
    out.add(
        new Effect.Send(
            id,
            new Message.Append(
                epoch, previous, batch, log.commitIndex(), everywhereIndex(), log.timeMillis())));
  }

  private void sendSnapshot(NodeId id, PeerProgress peer, Effects out) {
    peer.awaitSnapshot();
    out.add(new Effect.SendSnapshot(id));
  }

  private void advanceCommit(Effects out) {
    long copied = copiedIndex();
    // Entries of older epochs commit only together with one of this epoch (Raft, figure 8).
    if (copied >= openingIndex) {
      log.commit(copied, out);
    }
  }

  /** The largest index with the copies that every standing configuration asks for. */
  long copiedIndex() {
    return membership.copiedIndex(this::countedIndex);
  }

  /** The largest committed index that does not hang on one copy, where there could be another. */
  long committedTwiceIndex() {
    return Math.min(log.commitIndex(), membership.copiedTwiceIndex(this::countedIndex));
  }

  private long countedIndex(NodeId id) {
    if (id.equals(replica.self())) {
      return membership.synced() ? log.syncedIndex() : log.stableIndex();
    }
    PeerProgress peer = peers.get(id);
    if (!peer.counts()) {
      return 0;
    }
    return membership.synced() ? peer.synced() : peer.match();
  }

  void keepAfter(long index) {
    keptAfter = index;
  }

  /**
   * The largest index of which every replica, and every learner, has a stable copy, and which
   * nobody else needs.
   */
  long everywhereIndex() {
    long everywhere = Math.min(log.stableIndex(), keptAfter);
    for (PeerProgress peer : peers.values()) {
      everywhere = Math.min(everywhere, peer.match());
    }
    return everywhere;
  }

  /**
   * The first entry that a follower is not known to have: one that has acknowledged nothing in this
   * epoch may have what came before it.
   */
  long firstLacking(PeerProgress peer) {
    return peer.match() > 0 ? peer.match() + 1 : openingIndex;
  }

  /** How many replicas, this one included, have a counted stable copy of {@code index}. */
  int copiesOf(long index) {
    int copies = 0;
    for (NodeId id : membership.replicas()) {
      copies += countedIndex(id) >= index ? 1 : 0;
    }
    return copies;
  }

  boolean canCommit() {
    return membership.canCommit(id -> id.equals(replica.self()) || isReachable(peers.get(id)));
  }

  boolean isReachable(PeerProgress peer) {
    return !peer.lost() && replica.nowMillis() - peer.heardMillis() <= settings.awayMillis();
  }

  /** In sync: there, counting, and with everything that is committed. */
  boolean isInSync(PeerProgress peer) {
    return isReachable(peer) && peer.counts() && peer.match() >= log.commitIndex();
  }

  @Override
  public String toString() {
    return "leader";
  }
}
