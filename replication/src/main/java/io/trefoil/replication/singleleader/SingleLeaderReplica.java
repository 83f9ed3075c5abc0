package io.trefoil.replication.singleleader;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.Effects;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.LogView;
import io.trefoil.replication.kernel.Machine;
import io.trefoil.replication.kernel.Message;
import io.trefoil.replication.kernel.PeerProgress;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;

/**
 * One replica of a single-leader partition. See {@code docs/protocols/single-leader.md}.
 *
 * <p><b>What it promises.</b> An entry is committed when it is stable on as many replicas as the
 * commit rule says; a leader appointed after a fence of N − c + 1 replicas has every committed
 * entry; at most one replica appends in an epoch; once an epoch was promised, no acknowledgement of
 * an older one leaves; no epoch is acknowledged or led that is not promised on disk.
 *
 * <p><b>What it leaves to the shell.</b> Whether the node's lease holds when a reply leaves;
 * executing commands; writing, applying and sending, in the order of the effects. {@link
 * LogView#recent} must show a batch as soon as its {@link Effect.Append} was handed out.
 *
 * <p><b>Epochs.</b> The controller opens an epoch without a leader, fences, appoints. A replica
 * goes:
 *
 * <pre>
 *   Following(e, leader) ── epoch e' opened or promised ──▶ Following(e', nobody)
 *   Leading(e)           ── epoch e' opened or promised ──▶ Following(e', nobody)
 *   Following(e, nobody) ── appointed: another, or its append ──▶ Following(e, leader)
 *   Following(e, nobody) ── appointed: itself ──▶ Leading(e)
 * </pre>
 *
 * A restarted leader never resumes its epoch: an appointment names the start of the process that
 * leads, its incarnation.
 */
public final class SingleLeaderReplica implements Machine {
  private final NodeId self;
  private final int incarnation;
  private final LogView entries;
  private final ReplicationSettings settings;
  private final ReplicaLog log;

  private long nowMillis;
  private long epoch;
  private Role role;

  /** Nothing of an epoch below this is acknowledged; on disk up to {@code promiseDurable}. */
  private long promised;

  private long promiseDurable;
  private boolean fenceWaits;
  private boolean counts;
  private boolean diverged;
  private long everywhere;

  /**
   * What recovery found.
   *
   * @param epochs of the whole log
   * @param lastIndex of the log on disk
   * @param commitIndex the last one that was found written
   * @param logTimeMillis the latest log time found
   * @param promised the epoch of the last durable promise, or 0
   * @param counts whether the journal is unbroken since this replica was last whole
   */
  public record Recovered(
      EpochTable epochs,
      long lastIndex,
      long commitIndex,
      long logTimeMillis,
      long promised,
      boolean counts) {
    /** A replica that never had anything. */
    public static Recovered empty() {
      return new Recovered(new EpochTable(), 0, 0, 0, 0, true);
    }
  }

  /**
   * @param incarnation number of this start of the node's process; never used again
   * @param entries of the log, as far as they are in memory
   * @param recovered what is on disk
   */
  public SingleLeaderReplica(
      NodeId self,
      int incarnation,
      LogView entries,
      ReplicationSettings settings,
      Recovered recovered) {
    this.self = self;
    this.incarnation = incarnation;
    this.entries = entries;
    this.settings = settings;
    this.log =
        new ReplicaLog(
            recovered.epochs().copy(),
            recovered.lastIndex(),
            recovered.commitIndex(),
            recovered.logTimeMillis());
    this.promised = recovered.promised();
    this.promiseDurable = recovered.promised();
    this.counts = recovered.counts();
    this.epoch = Math.max(log.epochs().lastEpoch(), promised);
    this.role = new Following(this, epoch, null);
  }

  @Override
  public void step(Event event, Effects out) {
    if (event instanceof Event.Received received) {
      onMessage(received.from(), received.message(), out);
    } else if (event instanceof Event.Stable stable) {
      onStable(stable, out);
    } else if (event instanceof Event.Proposed proposed) {
      leading().onProposed(proposed, out);
    } else if (event instanceof Event.Tick tick) {
      nowMillis = tick.nowMillis();
      role.onTick(out);
    } else {
      onRareEvent(event, out);
    }
  }

  private void onRareEvent(Event event, Effects out) {
    if (event instanceof Event.EpochOpened opened) {
      onEpochOpened(opened.epoch(), out);
    } else if (event instanceof Event.Fence fence) {
      onFence(fence.epoch(), out);
    } else if (event instanceof Event.PromiseDurable durable) {
      promiseDurable = Math.max(promiseDurable, durable.epoch());
      role.onPromiseDurable(out);
      maybeAnswerFence(out);
    } else if (event instanceof Event.Appointed appointed) {
      onAppointed(appointed, out);
    } else if (event instanceof Event.SnapshotInstalled installed) {
      onSnapshotInstalled(installed, out);
    } else if (role instanceof Leading leading) {
      onLeadersEvent(leading, event, out);
    }
  }

  /** Word of something that a leader asked for; of no use to one that leads no more. */
  private void onLeadersEvent(Leading leading, Event event, Effects out) {
    if (event instanceof Event.LogRead read) {
      leading.onLogRead(read, out);
    } else if (event instanceof Event.SnapshotSent sent) {
      leading.onSnapshotSent(sent, out);
    } else if (event instanceof Event.PeerLost lost) {
      leading.onPeerLost(lost.peer());
    }
  }

  private void onMessage(NodeId from, Message message, Effects out) {
    if (message.epoch() < Math.max(epoch, promised)) {
      if (message instanceof Message.Append) {
        out.add(new Effect.Send(from, new Message.Stale(Math.max(epoch, promised))));
      }
      return;
    }
    if (message instanceof Message.Append append) {
      followerOf(from, append.epoch(), out).onAppend(append, out);
    } else if (message instanceof Message.Stale stale) {
      onEpochOpened(stale.epoch(), out);
    } else if (message.epoch() == epoch && role instanceof Leading leading) {
      onFollowersMessage(leading, from, message, out);
    } else if (message instanceof Message.Whole && isFromLeader(from, message)) {
      ((Following) role).onWhole(out);
    }
  }

  private boolean isFromLeader(NodeId from, Message message) {
    return message.epoch() == epoch && from.equals(role.leader());
  }

  private static void onFollowersMessage(
      Leading leading, NodeId from, Message message, Effects out) {
    if (message instanceof Message.Appended appended) {
      leading.onAppended(from, appended, out);
    } else if (message instanceof Message.Mismatch mismatch) {
      leading.onMismatch(from, mismatch, out);
    } else if (message instanceof Message.NeedSnapshot) {
      leading.onNeedSnapshot(from, out);
    }
  }

  /** An append is proof that {@code leader} was appointed for {@code appendEpoch}. */
  private Following followerOf(NodeId leader, long appendEpoch, Effects out) {
    if (appendEpoch > epoch || role.leader() == null) {
      becomeFollower(appendEpoch, leader, out);
    }
    Invariants.check(
        leader.equals(role.leader()) && role instanceof Following, "one leader in an epoch");
    return (Following) role;
  }

  private void onStable(Event.Stable stable, Effects out) {
    log.stable(stable.upTo(), stable.synced());
    role.onStable(out);
    maybeAnswerFence(out);
  }

  private void onEpochOpened(long opened, Effects out) {
    if (opened > epoch) {
      becomeFollower(opened, null, out);
    }
  }

  private void onFence(long fenced, Effects out) {
    if (fenced < epoch || fenced == epoch && role.leader() != null) {
      return; // late: that epoch is over, or has its leader
    }
    onEpochOpened(fenced, out);
    promised = fenced;
    fenceWaits = true;
    if (promiseDurable < fenced) {
      out.add(new Effect.PersistPromise(fenced));
    }
    maybeAnswerFence(out);
  }

  /** The position answered covers all this replica ever acknowledged: it is stable, and stays. */
  private void maybeAnswerFence(Effects out) {
    if (fenceWaits && promiseDurable >= promised && log.isStable()) {
      fenceWaits = false;
      out.add(new Effect.AnswerFence(promised, log.last(), counts, log.timeMillis()));
    }
  }

  private void onAppointed(Event.Appointed appointed, Effects out) {
    if (appointed.epoch() < Math.max(epoch, promised)) {
      return;
    }
    if (appointed.epoch() == epoch && role.leader() != null) {
      Invariants.check(appointed.leader().equals(role.leader()), "one leader in an epoch");
      if (role instanceof Leading leading) {
        leading.reconfigure(appointed.membership(), out);
      }
      return;
    }
    if (!appointed.leader().equals(self)) {
      becomeFollower(appointed.epoch(), appointed.leader(), out);
    } else if (mayLead(appointed)) {
      becomeLeader(appointed, out);
    }
  }

  /**
   * Whether it is this start of the process that was appointed: an epoch that an earlier one led is
   * not led on, since its last entries may have reached the others and been lost here. And whether
   * the promise is on disk, so that no later start mistakes the epoch for a new one.
   */
  private boolean mayLead(Event.Appointed appointed) {
    return appointed.incarnation() == incarnation && promiseDurable >= appointed.epoch();
  }

  private void becomeLeader(Event.Appointed appointed, Effects out) {
    Invariants.check(
        appointed.epoch() > log.epochs().lastEpoch(),
        "an epoch gets one leader",
        appointed.epoch(),
        log.epochs().lastEpoch());
    epoch = appointed.epoch();
    fenceWaits = false;
    diverged = false;
    Leading leading = new Leading(this, appointed);
    role = leading;
    boolean countedBefore = counts;
    counts = true;
    out.add(new Effect.BecameLeader(epoch, leading.openingIndex()));
    leading.open(appointed, out);
    if (!countedBefore) {
      // The controller chose it all the same: nobody who counts was left. Its log is the history
      // now. Noted last: killed before that, it does not pass for whole without having led.
      out.add(new Effect.PersistCounts(true));
    }
  }

  private void becomeFollower(long newEpoch, NodeId leader, Effects out) {
    Invariants.check(newEpoch >= epoch, "epochs only grow", newEpoch, epoch);
    epoch = newEpoch;
    fenceWaits = fenceWaits && promised == newEpoch && leader == null;
    role = new Following(this, newEpoch, leader);
    out.add(new Effect.BecameFollower(newEpoch, leader));
    if (leader != null && promised < newEpoch) {
      // Else it could forget that it acknowledged entries of this epoch, and a leader of the past
      // would call it whole.
      promised = newEpoch;
      out.add(new Effect.PersistPromise(newEpoch));
    }
  }

  /** Whether it is on disk that this replica knows its epoch. */
  boolean epochIsDurable() {
    return promiseDurable >= epoch;
  }

  private void onSnapshotInstalled(Event.SnapshotInstalled installed, Effects out) {
    Invariants.check(role instanceof Following, "a leader takes no snapshot");
    divergesFrom(installed.position(), installed.epochs())
        .ifPresent(it -> diverge(it.fromIndex(), out));
    counts = counts && coversLog(installed);
    out.add(new Effect.PersistCounts(counts));
    diverged = false;
    log.replace(installed.position(), installed.epochs(), installed.logTimeMillis());
    ((Following) role).onSnapshotInstalled(installed.epoch(), out);
  }

  /** Whether the snapshot has all that this replica may ever have acknowledged. */
  private boolean coversLog(Event.SnapshotInstalled installed) {
    boolean sameHistory =
        installed.epochs().epochAt(log.lastIndex()) == log.epochs().epochAt(log.lastIndex());
    return installed.position().index() >= log.lastIndex()
        && (sameHistory || installed.epoch() == epoch);
  }

  /**
   * What a snapshot would take out of the history here. The shell saves it before it makes the
   * snapshot durable: a process that dies in between would find the snapshot and never say what it
   * replaced.
   */
  public Optional<Effect.Diverged> divergesFrom(Position position, EpochTable epochs) {
    long end = Math.min(log.commitIndex(), position.index());
    long common = log.epochs().lastCommon(epochs, end);
    return common < end && !diverged ? Optional.of(left(common + 1)) : Optional.empty();
  }

  /**
   * Whether a snapshot that was received may replace this replica's copy: it is of this epoch's
   * leader, and takes nothing back but a history that parted. Asked by the shell in the turn of the
   * switch, since the epoch may have changed while the snapshot was on its way.
   *
   * @param epochs the snapshot's
   */
  public boolean takesSnapshot(long snapshotEpoch, Position position, EpochTable epochs) {
    long end = Math.min(log.commitIndex(), position.index());
    return role instanceof Following
        && snapshotEpoch == epoch
        && (diverged
            || position.index() > log.commitIndex()
            || log.epochs().lastCommon(epochs, end) < end);
  }

  /** The leader's history lacks entries that were applied here. */
  void diverge(long fromIndex, Effects out) {
    diverged = true;
    stopCounting(out);
    out.add(left(fromIndex));
  }

  private Effect.Diverged left(long fromIndex) {
    return new Effect.Diverged(epoch, log.epochs().positionAt(fromIndex), log.last());
  }

  private void stopCounting(Effects out) {
    if (counts) {
      counts = false;
      out.add(new Effect.PersistCounts(false));
    }
  }

  void countAgain(Effects out) {
    counts = true;
    out.add(new Effect.PersistCounts(true));
  }

  private Leading leading() {
    Invariants.check(role instanceof Leading, "only a leader is proposed to");
    return (Leading) role;
  }

  NodeId self() {
    return self;
  }

  int incarnation() {
    return incarnation;
  }

  LogView entries() {
    return entries;
  }

  ReplicationSettings settings() {
    return settings;
  }

  ReplicaLog log() {
    return log;
  }

  long nowMillis() {
    return nowMillis;
  }

  public boolean isLeader() {
    return role instanceof Leading;
  }

  /** The leader of {@link #epoch()}, or null when none is known. */
  public NodeId leader() {
    return role.leader();
  }

  public long epoch() {
    return epoch;
  }

  public long promised() {
    return promised;
  }

  public long lastIndex() {
    return log.lastIndex();
  }

  public Position last() {
    return log.last();
  }

  public long stableIndex() {
    return log.stableIndex();
  }

  /**
   * The last index known here to be committed. Never goes back, except when a snapshot replaces a
   * diverged history; trails the truth on a follower, and on a leader until its opening entry
   * commits.
   */
  public long commitIndex() {
    return log.commitIndex();
  }

  /**
   * Up to this entry every replica has a stable copy, as far as is known here, and nobody else
   * needs it: what comes after may yet be found to be no history, and must then be saved.
   */
  public long everywhereIndex() {
    return role instanceof Leading leading ? leading.everywhereIndex() : everywhere;
  }

  /** As long as this replica leads, all replicas are to keep the log after an index. */
  public void keepAfter(long index) {
    leading().keepAfter(index);
  }

  /**
   * The largest committed index of which two copies count, or one where there is only one replica:
   * losing a node does not take it out of the history. 0 on a follower.
   */
  public long committedTwiceIndex() {
    return role instanceof Leading leading ? leading.committedTwiceIndex() : 0;
  }

  void everywhere(long index) {
    everywhere = index;
  }

  /** Log time in milliseconds since 1970; never goes back. */
  public long logTimeMillis() {
    return log.timeMillis();
  }

  /** A copy; see {@link EpochTable}. */
  public EpochTable epochs() {
    return log.epochs().copy();
  }

  public Position positionAt(long index) {
    return log.epochs().positionAt(index);
  }

  public long epochAt(long index) {
    return log.epochs().epochAt(index);
  }

  /** Whether this copy counts for commit and fence; see {@link Message.Appended#counts}. */
  public boolean counts() {
    return counts;
  }

  /** Whether this is a follower all of whose log is known to be its leader's. */
  public boolean isVerified() {
    return role instanceof Following following && following.isVerified();
  }

  /** Whether it holds applied entries that the history lacks, and waits for a snapshot. */
  public boolean diverged() {
    return diverged;
  }

  /**
   * Whether enough replicas are in reach to commit. False means that a write should be refused
   * before it is appended. Always false on a follower.
   */
  public boolean canCommit() {
    return role instanceof Leading leading && leading.canCommit();
  }

  /**
   * The largest index that has its copies in every standing configuration; 0 on a follower. May be
   * below the commit index while a new configuration gets its copies: the old one may be dropped
   * once this has reached what was the log's end when both began to stand.
   */
  public long copiedIndex() {
    return role instanceof Leading leading ? leading.copiedIndex() : 0;
  }

  /** Counted stable copies of an entry, those of learners not among them; 0 on a follower. */
  public int copiesOf(long index) {
    return role instanceof Leading leading ? leading.copiesOf(index) : 0;
  }

  /** What this leader knows of its followers; empty on a follower. For status; read-only. */
  public SortedMap<NodeId, PeerProgress> followers() {
    return role instanceof Leading leading ? leading.peers() : Collections.emptySortedMap();
  }

  /** Whether a follower is in reach of this leader. */
  public boolean isReachable(NodeId follower) {
    return role instanceof Leading leading
        && leading.peers().containsKey(follower)
        && leading.isReachable(leading.peers().get(follower));
  }

  /**
   * Whether a follower is out of reach of this leader and lacks an entry before {@code index}, as
   * far as is known; not while a snapshot is on its way to it.
   */
  public boolean isAwayBefore(NodeId follower, long index) {
    PeerProgress peer = followers().get(follower);
    return peer != null
        && peer.state() != PeerProgress.State.SNAPSHOT
        && !isReachable(follower)
        && ((Leading) role).firstLacking(peer) < index;
  }

  /** Whether a follower is in sync: in reach, counting, and with everything that is committed. */
  public boolean isInSync(NodeId follower) {
    return role instanceof Leading leading
        && leading.peers().containsKey(follower)
        && leading.isInSync(leading.peers().get(follower));
  }

  /** For traces and people. */
  @Override
  public String toString() {
    return role
        + " epoch="
        + epoch
        + " last="
        + log.last()
        + " stable="
        + log.stableIndex()
        + " commit="
        + log.commitIndex()
        + (counts ? "" : " does not count")
        + (diverged ? " diverged" : "");
  }
}
