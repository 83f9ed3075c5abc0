package io.trefoil.replication.singleleader;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.LogView;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.kernel.Message;
import io.trefoil.replication.singleleader.SingleLeaderReplica.Recovered;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** A replica, the log that its effects write, and the effects of the last step. */
final class TestReplica implements LogView {
  static final NodeId N1 = new NodeId(1);
  static final NodeId N2 = new NodeId(2);
  static final NodeId N3 = new NodeId(3);
  static final NodeId N4 = new NodeId(4);
  static final Membership MAJORITY = Membership.of(List.of(N1, N2, N3), 2);
  static final int INCARNATION = 7;

  private final TreeMap<Long, EntryBatch> log = new TreeMap<>();
  private final SingleLeaderReplica replica;
  private List<Effect> effects = List.of();

  /** Indexes below this are not in memory any more. */
  private long memoryFrom = 1;

  TestReplica(NodeId self, Recovered recovered) {
    replica =
        new SingleLeaderReplica(self, INCARNATION, this, ReplicationSettings.DEFAULT, recovered);
  }

  static TestReplica fresh(NodeId self) {
    return new TestReplica(self, Recovered.empty());
  }

  /** n1, leading {@code epoch} after a fence, nothing stable and nothing acknowledged. */
  static TestReplica leader(long epoch, Membership membership) {
    TestReplica test = fresh(N1);
    test.promise(epoch);
    test.appoint(epoch, N1, membership);
    return test;
  }

  /** n2, following n1 in {@code epoch} with {@code count} stable entries, none committed. */
  static TestReplica follower(long epoch, int count) {
    TestReplica test = fresh(N2);
    test.promise(epoch);
    test.receive(N1, append(epoch, Position.ZERO, entries(epoch, 1, count), 0));
    test.stable();
    return test;
  }

  static Bytes body(int count) {
    ByteSink sink = new ByteSink();
    for (int i = 0; i < count; i++) {
      sink.putText("x");
    }
    return Bytes.wrap(sink.toArray());
  }

  static EntryBatch entries(long epoch, long first, int count) {
    return new EntryBatch(epoch, first, count, 0, INCARNATION, body(count));
  }

  static Message.Append append(long epoch, Position previous, EntryBatch batch, long commit) {
    return new Message.Append(epoch, previous, batch, commit, 0, 0);
  }

  static Message.Append heartbeat(long epoch, Position previous, long commit) {
    return append(epoch, previous, null, commit);
  }

  static Position at(long epoch, long index) {
    return new Position(epoch, index);
  }

  SingleLeaderReplica replica() {
    return replica;
  }

  List<Effect> step(Event event) {
    effects = new ArrayList<>();
    replica.step(event, this::carryOut);
    return effects;
  }

  private void carryOut(Effect effect) {
    effects.add(effect);
    if (effect instanceof Effect.Append append) {
      log.put(append.batch().firstIndex(), append.batch());
    } else if (effect instanceof Effect.Cut cut) {
      cut(cut.fromIndex());
    }
  }

  private void cut(long fromIndex) {
    var last = log.floorEntry(fromIndex);
    log.tailMap(fromIndex, true).clear();
    if (last != null && last.getKey() < fromIndex && last.getValue().lastIndex() >= fromIndex) {
      log.put(last.getKey(), last.getValue().before(fromIndex));
    }
  }

  @Override
  public EntryBatch recent(long fromIndex) {
    return fromIndex < memoryFrom ? null : log.floorEntry(fromIndex).getValue().from(fromIndex);
  }

  void forgetMemoryBelow(long index) {
    memoryFrom = index;
  }

  List<Effect> receive(NodeId from, Message message) {
    return step(new Event.Received(from, message));
  }

  List<Effect> propose(int count) {
    return step(new Event.Proposed(count, body(count), 0));
  }

  List<Effect> appoint(long epoch, NodeId leader, Membership membership) {
    return appoint(epoch, leader, INCARNATION, membership);
  }

  List<Effect> appoint(long epoch, NodeId leader, int incarnation, Membership membership) {
    return step(new Event.Appointed(epoch, leader, incarnation, membership, body(1), 0));
  }

  List<Effect> fence(long epoch) {
    return step(new Event.Fence(epoch));
  }

  /** Fences and makes the promise durable. */
  List<Effect> promise(long epoch) {
    fence(epoch);
    return step(new Event.PromiseDurable(epoch));
  }

  /** All that was written is stable. */
  List<Effect> stable() {
    return step(new Event.Stable(replica.last()));
  }

  /** What the last step sent. */
  List<Message> sent() {
    return effects.stream()
        .filter(Effect.Send.class::isInstance)
        .map(effect -> ((Effect.Send) effect).message())
        .toList();
  }

  /** What the last step sent to one node. */
  List<Message> sentTo(NodeId node) {
    return effects(Effect.Send.class).stream()
        .filter(send -> send.to().equals(node))
        .map(Effect.Send::message)
        .toList();
  }

  <T extends Effect> List<T> effects(Class<T> type) {
    return effects.stream().filter(type::isInstance).map(type::cast).toList();
  }
}
