package io.trefoil.replication.leaderless;

import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Configuration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds what this copy lacks of what others hold, pulls it, and derives from that what may be
 * forgotten. See {@code docs/protocols/anti-entropy.md}. It stands beside {@link
 * LeaderlessReplica}: that one brings writes as they happen, this one whatever did not get through.
 *
 * <p><b>A round</b> is a pull by this copy from one other. When it ends, this copy holds everything
 * that the other held at its <em>clock</em>, a stamp that it told with its first answer: or it
 * holds what supersedes that, or has purged it. That stamp is {@code compared} of the other.
 *
 * <p><b>Complete.</b> Let a write have stamp s and coordinator p. The write is in p's copy when p's
 * clock reaches s, and p gives no stamp below its clock, in no later start. So a copy with {@code
 * compared(p) ≥ s} has it, provided that p had not forgotten it: which is why only a copy that
 * vouches moves {@code compared}. C, the smallest {@code compared} over all others, is therefore a
 * stamp up to which this copy has every write there is, whoever coordinated it.
 *
 * <p><b>The horizon</b> H is the smallest C over all replicas, this one included. Every copy has
 * every write up to H, or what supersedes it. So nobody can bring back what a removal up to H
 * hides, and the removal may be purged. From then on what comes late, with a stamp up to H and of a
 * key of which nothing is held, is something that was superseded: it is ignored. A replica that is
 * away keeps its C, and with that H, where they were; nothing else does, and no time limit.
 *
 * <p><b>A copy that forgot</b> may have made others purge by what it said before. So it vouches
 * again only when it was filled from all others: each of them hears by that that its C is worth
 * nothing, and it gets back what it coordinated itself and only others hold. After that one more
 * round with a copy that vouches settles what others still did by its old C. While it is filling
 * up, {@link RepairEffect.Merge#purged} makes it drop what was purged where it is filled from: a
 * copy that vouches lacks, up to its horizon, nothing but what is superseded.
 *
 * <p><b>Whole.</b> It counts for reads earlier: when it was filled from so many copies that count
 * as surely have all that any client was told ({@link Configuration#coveringCopies}).
 *
 * <p><b>What it leaves to the shell.</b> The tree, listing, comparing and merging keys; what is
 * durable; purging; the rule for what is late; and the clock's promise ({@link RepairEvent.Tick}).
 *
 * @see "DeCandia et al. 2007, Dynamo: Amazon's Highly Available Key-value Store, section 4.7"
 */
public final class AntiEntropy {
  private final NodeId self;
  private final int start;
  private final SumTree tree;
  private final RepairSettings settings;
  private final RepairBudget budget;
  private final Coverage coverage;
  private final SortedMap<Long, Round> rounds = new TreeMap<>();

  private long nowMillis;
  private long clock;
  private long lastRound;

  private long roundsEqual;
  private long roundsDiffering;
  private long roundsFailed;
  private long messagesSent;
  private long bytesSent;
  private long leavesPulled;

  /**
   * What is on disk.
   *
   * @param state {@code VOUCHES} for the replicas of a partition that is new; {@code FORGOT} for a
   *     new copy of one that is not
   * @param horizon the last {@link RepairEffect.HorizonGrew} that is durable; 0 before any
   * @param gaps as in {@link LeaderlessReplica.Recovered}
   */
  public record Recovered(CopyState state, long horizon, SortedSet<Integer> gaps) {
    public Recovered {
      gaps = Collections.unmodifiableSortedSet(new TreeSet<>(gaps));
    }
  }

  /**
   * @param start number of this start of the node's process; a later start has a larger one
   * @param tree over this copy
   */
  public AntiEntropy(
      NodeId self, int start, SumTree tree, RepairSettings settings, Recovered recovered) {
    this.self = self;
    this.start = start;
    this.tree = tree;
    this.settings = settings;
    this.budget = new RepairBudget(settings.bytesPerSecond());
    this.coverage = new Coverage(this, recovered);
  }

  /**
   * Takes one event and hands its effects to {@code out}, to be carried out in their order. What
   * they lead to is fed when the step is over.
   *
   * @throws io.trefoil.base.InvariantViolation when the event shows a state that can't be
   */
  public void step(RepairEvent event, RepairEffects out) {
    if (event instanceof RepairEvent.Tick tick) {
      onTick(tick, out);
    } else if (event instanceof RepairEvent.Received received) {
      onMessage(received.from(), received.message(), out);
    } else if (event instanceof RepairEvent.Listed listed) {
      Round round = rounds.get(listed.round());
      if (round != null) {
        round.onListed(listed.leaf(), listed.listing(), out);
      }
    } else if (event instanceof RepairEvent.Examined it) {
      send(
          it.from(),
          new RepairMessage.Pulled(
              it.round(), it.step(), start, it.leaf(), it.changes(), it.next()),
          out);
    } else if (event instanceof RepairEvent.Merged merged) {
      onMerged(merged, out);
    } else if (event instanceof RepairEvent.Stable stable) {
      onStable(rounds.get(stable.round()), out);
    } else {
      onRareEvent(event, out);
    }
  }

  private void onRareEvent(RepairEvent event, RepairEffects out) {
    if (event instanceof RepairEvent.PeerLost lost) {
      PeerRepair peer = coverage.peers().get(lost.peer());
      if (peer != null && peer.round() != null) {
        fail(peer.round(), out);
      }
    } else if (event instanceof RepairEvent.Configured configured) {
      onConfigured(configured, out);
    } else if (event instanceof RepairEvent.Budget granted) {
      budget.rate(granted.bytesPerSecond());
      goOn(out);
    } else if (event instanceof RepairEvent.Gaps found) {
      coverage.onGaps(found.origins(), lastRound);
      goOn(out);
    } else if (event instanceof RepairEvent.RunNow) {
      coverage.peers().values().forEach(peer -> peer.want(nowMillis));
      goOn(out);
    }
  }

  private void onTick(RepairEvent.Tick tick, RepairEffects out) {
    nowMillis = tick.nowMillis();
    clock = tick.clock();
    budget.onTick(nowMillis);
    for (Round round : List.copyOf(rounds.values())) {
      if (round.isLate()) {
        fail(round, out);
      } else {
        round.maybeAskAgain(out);
      }
    }
    if (coverage.peers().isEmpty()) {
      coverage.reconsider(lastRound, out); // alone: its own clock is all there is
    }
    goOn(out);
  }

  private void onConfigured(RepairEvent.Configured configured, RepairEffects out) {
    if (configured.version() > version()) {
      rounds.clear();
      coverage.onConfigured(Standing.of(configured.version(), configured.membership()));
      coverage.reconsider(lastRound, out);
      goOn(out);
    }
  }

  // Answering others.

  /** Of another configuration nothing is answered: its rounds would prove nothing in this one. */
  private void onMessage(NodeId from, RepairMessage message, RepairEffects out) {
    PeerRepair peer = coverage.peers().get(from);
    if (peer == null) {
      return;
    }
    if (message instanceof RepairMessage.Compare compare && compare.version() == version()) {
      coverage.onClaim(from, compare.claim(), out);
      answer(from, compare, out);
    } else if (message instanceof RepairMessage.Pull pull && pull.version() == version()) {
      out.add(
          new RepairEffect.Examine(
              from,
              pull.round(),
              pull.step(),
              pull.leaf(),
              pull.from(),
              pull.listing(),
              pull.forgot()));
    } else if (message instanceof RepairMessage.Compared it && it.version() == version()) {
      onCompared(from, it, out);
    } else if (message instanceof RepairMessage.Pulled pulled) {
      onPulled(peer, pulled, out);
    }
    coverage.reconsider(lastRound, out);
    goOn(out);
  }

  private void answer(NodeId from, RepairMessage.Compare compare, RepairEffects out) {
    List<Integer> differing = new ArrayList<>();
    List<Long> sums = new ArrayList<>();
    for (int i = 0; i < compare.nodes().size(); i++) {
      int node = compare.nodes().get(i);
      if (tree.sum(compare.level(), node) != compare.sums().get(i)) {
        differing.add(node);
        for (int child = 0; child < SumTree.CHILDREN; child++) {
          sums.add(tree.sum(compare.level() + 1, node * SumTree.CHILDREN + child));
        }
      }
    }
    send(
        from,
        new RepairMessage.Compared(
            compare.round(),
            compare.step(),
            version(),
            claim(),
            clock,
            compare.level(),
            differing,
            sums),
        out);
  }

  // Rounds of its own.

  private void onCompared(NodeId from, RepairMessage.Compared compared, RepairEffects out) {
    coverage.onClaim(from, compared.claim(), out);
    Round round = coverage.peers().get(from).round();
    if (round != null && round.id() == compared.round()) {
      budget.take(compared.bytes());
      if (isToPutOff(from, compared)) {
        putOff(round);
      } else if (!round.onCompared(compared, out)) {
        fail(round, out);
      }
    }
  }

  /**
   * One that is filling up has little that is lacking here, and enough to do. But it may not get
   * on, for want of others: so this is not for ever.
   */
  private boolean isToPutOff(NodeId from, RepairMessage.Compared answer) {
    PeerRepair peer = coverage.peers().get(from);
    return answer.claim().state() == CopyState.FORGOT
        && !answer.differing().isEmpty()
        && !coverage.needs(peer)
        && peer.mayBePutOff();
  }

  private void putOff(Round round) {
    rounds.remove(round.id());
    coverage.peers().get(round.peer()).putOff(nowMillis, settings.roundMillis());
  }

  private void onPulled(PeerRepair peer, RepairMessage.Pulled pulled, RepairEffects out) {
    Round round = peer.round();
    if (round != null && round.id() == pulled.round()) {
      budget.take(pulled.bytes());
      peer.pulled(pulled.bytes());
      if (!round.onPulled(pulled, out)) {
        fail(round, out);
      }
    }
  }

  private void onMerged(RepairEvent.Merged merged, RepairEffects out) {
    Round round = rounds.get(merged.round());
    if (round != null) {
      coverage.peers().get(round.peer()).merged(merged.keys());
      round.onMerged(merged.leaf(), out);
    }
  }

  /** Only now: what a copy lost with the end of its log it must not have vouched for. */
  private void onStable(Round round, RepairEffects out) {
    if (round == null || !round.isWalked()) {
      return;
    }
    rounds.remove(round.id());
    if (round.leavesDiffered() == 0) {
      roundsEqual++;
    } else {
      roundsDiffering++;
    }
    coverage.peers().get(round.peer()).finished(nowMillis, settings.roundMillis());
    coverage.reconsider(lastRound, out);
    goOn(out);
  }

  private void fail(Round round, RepairEffects out) {
    rounds.remove(round.id());
    roundsFailed++;
    PeerRepair peer = coverage.peers().get(round.peer());
    boolean needed = coverage.needs(peer);
    peer.failed(nowMillis, needed ? settings.retryMillis() : settings.roundMillis());
    coverage.reconsider(lastRound, out);
    goOn(out);
  }

  /** Drives what runs and begins what is due: one after the other, but for an operator's. */
  private void goOn(RepairEffects out) {
    rounds.values().forEach(round -> round.drive(out));
    coverage
        .peers()
        .forEach(
            (id, peer) -> {
              if (peer.wantedNow() && peer.round() == null) {
                begin(id, peer, out);
              }
            });
    if (rounds.isEmpty()) {
      coverage.peers().keySet().stream()
          .filter(id -> dueMillis(id) <= nowMillis)
          .min(Comparator.comparingLong(this::dueMillis))
          .ifPresent(id -> begin(id, coverage.peers().get(id), out));
    }
  }

  /** What this copy needs is due at once, unless it was just tried in vain. */
  private long dueMillis(NodeId id) {
    PeerRepair peer = coverage.peers().get(id);
    return coverage.needs(peer) && !peer.failed() ? Long.MIN_VALUE : peer.nextMillis();
  }

  private void begin(NodeId id, PeerRepair peer, RepairEffects out) {
    if (!budget.allows()) {
      return;
    }
    Round round = new Round(this, settings, ++lastRound, id);
    rounds.put(round.id(), round);
    peer.began(round, nowMillis);
    round.drive(out);
  }

  // For rounds.

  void askForLeaf(NodeId to, RepairMessage.Pull pull, RepairEffects out) {
    leavesPulled++;
    ask(to, pull, out);
  }

  void ask(NodeId to, RepairMessage message, RepairEffects out) {
    budget.take(message.bytes());
    send(to, message, out);
  }

  private void send(NodeId to, RepairMessage message, RepairEffects out) {
    messagesSent++;
    bytesSent += message.bytes();
    out.add(new RepairEffect.Send(to, message));
  }

  RepairMessage.Claim claim() {
    return new RepairMessage.Claim(start, state(), complete(), horizon());
  }

  /** Whether this copy is filling up, and so takes what it would else ignore. */
  boolean isRestoring() {
    return state() != CopyState.VOUCHES;
  }

  SumTree tree() {
    return tree;
  }

  RepairBudget budget() {
    return budget;
  }

  NodeId self() {
    return self;
  }

  long nowMillis() {
    return nowMillis;
  }

  long clock() {
    return clock;
  }

  // For the shell and for status.

  /** Whether rounds of its own are under way, so that it has a use for a budget. */
  public boolean isRunning() {
    return !rounds.isEmpty();
  }

  /** Number of the last round that began here; 0 before the first. */
  public long lastRound() {
    return lastRound;
  }

  /** Of the configuration that is known here; 0 before the first. */
  public long version() {
    return coverage.standing().version();
  }

  public CopyState state() {
    return coverage.state();
  }

  /**
   * Whether this copy has all that was acknowledged under the older of two standing configurations
   * before both began to stand.
   */
  public boolean hasOlder() {
    return coverage.hasOlder();
  }

  /**
   * A stamp C: this copy has every write up to it that there is, or what supersedes it. 0 while it
   * does not vouch; starts from 0 with each configuration and each start.
   */
  public long complete() {
    return coverage.complete();
  }

  /** A stamp H; never decreases. Of use for purging only as far as it is durable. */
  public long horizon() {
    return coverage.horizon();
  }

  /** Of each other replica and learner; a copy. */
  public SortedMap<NodeId, RepairView> peers() {
    SortedMap<NodeId, RepairView> views = new TreeMap<>();
    coverage.peers().forEach((id, peer) -> views.put(id, peer.view()));
    return views;
  }

  public RepairCounters counters() {
    return new RepairCounters(
        roundsEqual, roundsDiffering, roundsFailed, messagesSent, bytesSent, leavesPulled);
  }

  /** For traces and people. */
  @Override
  public String toString() {
    return "version="
        + version()
        + " "
        + state()
        + " complete="
        + complete()
        + " horizon="
        + horizon()
        + " rounds="
        + rounds.size();
  }
}
