package io.trefoil.replication.leaderless;

import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Configuration;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What follows from rounds that came to their end: for this copy, its gaps, and the horizon. */
final class Coverage {
  private static final long NOT_YET = Long.MAX_VALUE;

  private final AntiEntropy replica;
  private final SortedMap<NodeId, PeerRepair> peers = new TreeMap<>();
  private final SortedSet<Integer> gaps;

  private Standing standing = Standing.NONE;
  private CopyState state;
  private long horizon;

  /** The last round that had begun when a gap was last found. */
  private long gapsSince;

  /** The last round that had begun when all others had been met; {@link #NOT_YET} before. */
  private long allMetAt = NOT_YET;

  Coverage(AntiEntropy replica, AntiEntropy.Recovered recovered) {
    this.replica = replica;
    this.state = recovered.state();
    this.horizon = recovered.horizon();
    this.gaps = new TreeSet<>(recovered.gaps());
  }

  Standing standing() {
    return standing;
  }

  SortedMap<NodeId, PeerRepair> peers() {
    return peers;
  }

  CopyState state() {
    return state;
  }

  long horizon() {
    return horizon;
  }

  /**
   * Nothing that was learned under another configuration is kept: a coordinator that has left may
   * have given a write to one that was compared before it had it. All that is asked for again comes
   * from replicas that take nothing of the old configuration any more.
   */
  void onConfigured(Standing next) {
    standing = next;
    peers.clear();
    allMetAt = NOT_YET;
    if (next.everyone().contains(replica.self())) {
      next.everyone().forEach(id -> peers.put(id, new PeerRepair()));
      peers.remove(replica.self());
    }
  }

  void onGaps(SortedSet<Integer> origins, long lastRound) {
    if (!gaps.containsAll(origins)) {
      gapsSince = lastRound;
    }
    gaps.clear();
    gaps.addAll(origins);
  }

  /**
   * A copy that is filling up takes on the horizon of what it is filled from, at once: what is late
   * must be ignored already when a leaf is done.
   */
  void onClaim(NodeId from, RepairMessage.Claim claim, RepairEffects out) {
    peers.get(from).heard(claim, replica.nowMillis());
    if (state != CopyState.VOUCHES && claim.state() == CopyState.VOUCHES) {
      raiseHorizon(claim.horizon(), out);
    }
  }

  /** A round ended, or something else changed on which this depends. */
  void reconsider(long lastRound, RepairEffects out) {
    if (!isPartOf()) {
      return;
    }
    if (state == CopyState.FORGOT && isWhole(0)) {
      become(CopyState.COUNTS, isCovered(0), out);
    }
    if (state == CopyState.COUNTS) {
      maybeVouch(lastRound, out);
    }
    if (!gaps.isEmpty() && isWhole(gapsSince)) {
      out.add(new RepairEffect.GapsFilled(gaps));
      gaps.clear();
    }
    if (state == CopyState.VOUCHES && gaps.isEmpty()) {
      raiseHorizon(completeEverywhere(), out);
    }
  }

  private boolean isPartOf() {
    return standing.everyone().contains(replica.self());
  }

  private void become(CopyState next, boolean surely, RepairEffects out) {
    state = next;
    out.add(new RepairEffect.Became(next, surely));
  }

  /**
   * All others know by now that this copy had forgotten: none takes it any more for complete up to
   * where it once said. The round after that brings, or drops, whatever they did until they knew.
   */
  private void maybeVouch(long lastRound, RepairEffects out) {
    if (allMetAt == NOT_YET && peers.values().stream().allMatch(it -> it.finished() > 0)) {
      allMetAt = lastRound;
    }
    if (allMetAt == NOT_YET) {
      return;
    }
    boolean anyVouches = peers.values().stream().anyMatch(Coverage::vouched);
    boolean confirmed =
        peers.values().stream().anyMatch(it -> vouched(it) && it.finished() > allMetAt);
    if (confirmed || !anyVouches) {
      become(CopyState.VOUCHES, confirmed, out);
    }
  }

  private static boolean vouched(PeerRepair peer) {
    return peer.finishedState() == CopyState.VOUCHES;
  }

  /** Whether a round with the replica would help this copy on. */
  boolean needs(PeerRepair peer) {
    if (!gaps.isEmpty() && peer.finished() <= gapsSince) {
      return true;
    }
    if (state == CopyState.VOUCHES) {
      return false;
    }
    boolean confirms = allMetAt != NOT_YET && vouched(peer) && peer.finished() <= allMetAt;
    return peer.finished() == 0 || confirms;
  }

  /**
   * Whether rounds begun after {@code since} brought all that was acknowledged: enough copies that
   * count were pulled from, and no replica in reach was left out; or else all of them were, so that
   * nobody has more.
   */
  private boolean isWhole(long since) {
    boolean triedAll = standing.configurations().stream().allMatch(it -> triedAll(it, since));
    return isCovered(since) && triedAll
        || standing.configurations().stream().allMatch(it -> metAll(it, since));
  }

  private boolean triedAll(Configuration configuration, long since) {
    return configuration.replicas().stream()
        .allMatch(id -> isSelf(id) || peers.get(id).ended() > since);
  }

  private boolean metAll(Configuration configuration, long since) {
    return configuration.replicas().stream()
        .allMatch(id -> isSelf(id) || peers.get(id).finished() > since);
  }

  /** So many have whatever a client was told. */
  private boolean isCovered(long since) {
    return standing.configurations().stream()
        .allMatch(
            it ->
                it.replicas().stream().filter(id -> counted(id, since)).count()
                    >= it.coveringCopies());
  }

  /**
   * As {@link AntiEntropy#hasOlder}: of the older configuration's replicas, enough were pulled from
   * when they served the present one, this copy included.
   */
  boolean hasOlder() {
    if (!isPartOf() || state == CopyState.FORGOT) {
      return false;
    }
    Configuration older = standing.configurations().get(0);
    return older.replicas().stream().filter(id -> isSelf(id) || counted(id, 0)).count()
        >= older.coveringCopies();
  }

  private boolean counted(NodeId id, long since) {
    return !isSelf(id)
        && peers.get(id).finished() > since
        && peers.get(id).finishedState() != CopyState.FORGOT;
  }

  private boolean isSelf(NodeId id) {
    return id.equals(replica.self());
  }

  /** As {@link AntiEntropy#complete}. */
  long complete() {
    if (state != CopyState.VOUCHES || !isPartOf()) {
      return 0;
    }
    return peers.values().stream().mapToLong(PeerRepair::compared).min().orElse(replica.clock());
  }

  private long completeEverywhere() {
    return peers.values().stream().mapToLong(PeerRepair::complete).reduce(complete(), Math::min);
  }

  private void raiseHorizon(long next, RepairEffects out) {
    if (next > horizon) {
      horizon = next;
      out.add(new RepairEffect.HorizonGrew(next));
    }
  }
}
