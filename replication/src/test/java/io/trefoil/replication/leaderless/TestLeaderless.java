package io.trefoil.replication.leaderless;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.leaderless.LeaderlessMessage.Share;
import io.trefoil.replication.leaderless.LeaderlessReplica.Recovered;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** A replica, the log that its effects write, and the effects of the last step. */
final class TestLeaderless implements OwnLog {
  static final NodeId N1 = new NodeId(1);
  static final NodeId N2 = new NodeId(2);
  static final NodeId N3 = new NodeId(3);
  static final NodeId N4 = new NodeId(4);
  static final NodeId N5 = new NodeId(5);
  static final Membership THREE = Membership.of(List.of(N1, N2, N3), 2);

  /** The origin of n1, which is tested. Of n2 it is 20, and 21 when it had to begin anew. */
  static final int ORIGIN = 10;

  static final LeaderlessSettings SETTINGS = new LeaderlessSettings(100, 1_000, 100, 1_000, 50);

  private final TreeMap<Long, EntryBatch> own = new TreeMap<>();
  private final LeaderlessReplica replica;
  private List<LeaderlessEffect> effects = List.of();

  /** Indexes below this are not in memory any more. */
  private long memoryFrom = 1;

  TestLeaderless(Recovered recovered) {
    replica = new LeaderlessReplica(N1, ORIGIN, this, SETTINGS, recovered);
  }

  /** n1, which was told that {@code membership} stands, and has heard of nobody. */
  static TestLeaderless configured(Membership membership) {
    TestLeaderless test = new TestLeaderless(Recovered.empty());
    test.step(new LeaderlessEvent.Configured(1, membership));
    return test;
  }

  /** n1 of three, which the other two have answered. */
  static TestLeaderless streaming() {
    TestLeaderless test = configured(THREE);
    test.receive(N2, shared(0));
    test.receive(N3, shared(0));
    return test;
  }

  static Recovered recovered(long lastIndex, SortedMap<Integer, Long> seen, boolean counts) {
    return new Recovered(lastIndex, seen, new TreeSet<>(), counts);
  }

  static Bytes body(int count) {
    ByteSink sink = new ByteSink();
    for (int i = 0; i < count; i++) {
      sink.putText("x");
    }
    return Bytes.wrap(sink.toArray());
  }

  static EntryBatch entries(long first, int count) {
    return new EntryBatch(LeaderlessReplica.EPOCH, first, count, 0, 1, body(count));
  }

  /** Of n1's stream: {@code from} on, with just this batch. */
  static Share share(long from, EntryBatch batch) {
    return new Share(ORIGIN, 1, from, batch.lastIndex(), batch, false);
  }

  static Share heartbeat(long next) {
    return new Share(ORIGIN, 1, next, next - 1, null, false);
  }

  /** Of n2's stream. */
  static Share theirs(long from, EntryBatch batch) {
    return new Share(20, 1, from, batch.lastIndex(), batch, false);
  }

  static Share theirHeartbeat(long next) {
    return new Share(20, 1, next, next - 1, null, false);
  }

  static LeaderlessMessage.Shared shared(long index) {
    return new LeaderlessMessage.Shared(ORIGIN, index, true);
  }

  static LeaderlessMessage.Lacking lacking(long rejectedFrom, long index) {
    return new LeaderlessMessage.Lacking(ORIGIN, rejectedFrom, index);
  }

  LeaderlessReplica replica() {
    return replica;
  }

  List<LeaderlessEffect> step(LeaderlessEvent event) {
    effects = new ArrayList<>();
    replica.step(event, this::carryOut);
    return effects;
  }

  private void carryOut(LeaderlessEffect effect) {
    effects.add(effect);
    if (effect instanceof LeaderlessEffect.AppendOwn append) {
      own.put(append.batch().firstIndex(), append.batch());
    }
  }

  @Override
  public Stretch recent(long fromIndex) {
    return fromIndex < memoryFrom ? null : read(fromIndex);
  }

  /** The first own batch at or after the index, with what is foreign before it. */
  Stretch read(long fromIndex) {
    var at = own.floorEntry(fromIndex);
    if (at != null && at.getValue().lastIndex() >= fromIndex) {
      return new Stretch(fromIndex, at.getValue().lastIndex(), at.getValue().from(fromIndex));
    }
    var next = own.higherEntry(fromIndex);
    return next == null
        ? new Stretch(fromIndex, replica.lastIndex(), null)
        : new Stretch(fromIndex, next.getValue().lastIndex(), next.getValue());
  }

  void forgetMemoryBelow(long index) {
    memoryFrom = index;
  }

  List<LeaderlessEffect> receive(NodeId from, LeaderlessMessage message) {
    return step(new LeaderlessEvent.Received(from, message));
  }

  List<LeaderlessEffect> propose(int count) {
    return step(new LeaderlessEvent.Proposed(count, body(count), 0, 1));
  }

  /** Writes so many entries, and they are stable. */
  List<LeaderlessEffect> write(int count) {
    propose(count);
    return stable();
  }

  /** All that was written is stable. */
  List<LeaderlessEffect> stable() {
    return step(new LeaderlessEvent.Stable(replica.lastIndex()));
  }

  List<LeaderlessEffect> tick(long nowMillis) {
    return step(new LeaderlessEvent.Tick(nowMillis));
  }

  /** What the last step sent to one node. */
  List<LeaderlessMessage> sentTo(NodeId node) {
    return effects(LeaderlessEffect.Send.class).stream()
        .filter(send -> send.to().equals(node))
        .map(LeaderlessEffect.Send::message)
        .toList();
  }

  <T extends LeaderlessEffect> List<T> effects(Class<T> type) {
    return effects.stream().filter(type::isInstance).map(type::cast).toList();
  }
}
