package io.trefoil.replication.leaderless;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.EntryBatch;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What others stream to this replica: how far each origin is here, and how far it is stable. */
final class Arrivals {
  /** One origin's log, as it is here. {@code 0 ≤ stable ≤ seen}. */
  private static final class Arrival {
    /** Up to where everything of the origin is here. */
    private long seen;

    /** Up to where that is stable, too. */
    private long stable;

    /** Whether something was skipped that no entry in the log tells of, yet. */
    private boolean untoldGap;

    /** Entries on their way to the disk: local index, and what is seen when it is stable. */
    private final ArrayDeque<long[]> unstable = new ArrayDeque<>();

    private Arrival(long seen) {
      this.seen = seen;
      this.stable = seen;
    }

    /** Nothing to write: it is stable as soon as what came before it is. */
    private void advance(long upTo) {
      if (upTo <= seen) {
        return;
      }
      seen = upTo;
      if (unstable.isEmpty()) {
        stable = upTo;
      } else {
        unstable.peekLast()[1] = upTo;
      }
    }

    private void appended(long localIndex, long upTo) {
      seen = upTo;
      unstable.addLast(new long[] {localIndex, upTo});
      untoldGap = false;
    }

    /** Returns whether something became stable. */
    private boolean stable(long localIndex) {
      long before = stable;
      while (!unstable.isEmpty() && unstable.peekFirst()[0] <= localIndex) {
        stable = unstable.pollFirst()[1];
      }
      return stable > before;
    }
  }

  private final LeaderlessReplica replica;
  private final SortedMap<Integer, Arrival> arrivals = new TreeMap<>();
  private final SortedSet<Integer> gaps;

  /** The newest origin of each node that was heard from since the start. */
  private final SortedMap<NodeId, Integer> current = new TreeMap<>();

  Arrivals(LeaderlessReplica replica, LeaderlessReplica.Recovered recovered) {
    this.replica = replica;
    this.gaps = new TreeSet<>(recovered.gaps());
    recovered.seen().forEach((origin, seen) -> arrivals.put(origin, new Arrival(seen)));
  }

  void onShare(NodeId from, LeaderlessMessage.Share share, LeaderlessEffects out) {
    Invariants.check(
        share.origin() != replica.origin(), "an origin is one copy's", share.origin(), 0);
    if (share.origin() < current.getOrDefault(from, share.origin())) {
      return; // of a stream that was replaced
    }
    current.put(from, share.origin());
    Arrival arrival = arrivals.computeIfAbsent(share.origin(), it -> new Arrival(0));
    if (share.fromIndex() > arrival.seen + 1) {
      if (!share.skipped()) {
        lack(from, share, arrival, out);
        return;
      }
      skipTo(share.fromIndex(), share.origin(), arrival);
    }
    if (share.batch() != null && share.upToIndex() > arrival.seen) {
      append(from, share, arrival, out);
    } else {
      arrival.advance(share.upToIndex());
      acknowledge(from, share.origin(), arrival, out);
    }
  }

  private void lack(
      NodeId from, LeaderlessMessage.Share share, Arrival arrival, LeaderlessEffects out) {
    send(from, new LeaderlessMessage.Lacking(share.origin(), share.fromIndex(), arrival.seen), out);
  }

  /** It will never come. Only anti-entropy can fill that, and a read that finds it elsewhere. */
  private void skipTo(long index, int origin, Arrival arrival) {
    arrival.advance(index - 1);
    arrival.untoldGap = true;
    gaps.add(origin);
  }

  private void append(
      NodeId from, LeaderlessMessage.Share share, Arrival arrival, LeaderlessEffects out) {
    EntryBatch batch = share.batch();
    EntryBatch added = batch.from(Math.max(batch.firstIndex(), arrival.seen + 1));
    boolean gap = arrival.untoldGap;
    long index = replica.nextIndex();
    arrival.appended(index, share.upToIndex());
    out.add(
        new LeaderlessEffect.AppendForeign(
            from, share.origin(), share.upToIndex(), added, index, gap));
  }

  void onStable(LeaderlessEffects out) {
    SortedSet<Integer> advanced = new TreeSet<>();
    arrivals.forEach(
        (origin, arrival) -> {
          if (arrival.stable(replica.stableIndex())) {
            advanced.add(origin);
          }
        });
    current.forEach(
        (node, origin) -> {
          if (advanced.contains(origin)) {
            acknowledge(node, origin, arrivals.get(origin), out);
          }
        });
  }

  private void acknowledge(NodeId to, int origin, Arrival arrival, LeaderlessEffects out) {
    send(to, new LeaderlessMessage.Shared(origin, arrival.stable, replica.counts()), out);
  }

  private static void send(NodeId to, LeaderlessMessage message, LeaderlessEffects out) {
    out.add(new LeaderlessEffect.Send(to, message));
  }

  void onWhole() {
    gaps.clear();
    arrivals.values().forEach(arrival -> arrival.untoldGap = false);
  }

  SortedMap<Integer, Long> seen() {
    SortedMap<Integer, Long> seen = new TreeMap<>();
    arrivals.forEach((origin, arrival) -> seen.put(origin, arrival.seen));
    return seen;
  }

  SortedSet<Integer> gaps() {
    return Collections.unmodifiableSortedSet(gaps);
  }
}
