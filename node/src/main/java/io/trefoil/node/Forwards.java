package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.transport.Lane;
import io.trefoil.transport.PeerConnection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;

/**
 * Commands that this node sent to the leaders of their partitions, until the replies are back. A
 * command is never sent again once its bytes may have left: it could run twice, or after a later
 * one of the same client. Only one that came back is: nothing was done then, and since it was to
 * run in one epoch and in no other, those that were sent after it come back, too. Owner thread
 * only.
 */
final class Forwards {
  /**
   * @param partition null for a command that is for the node, whatever it leads
   */
  private record Sent(
      NodeId leader,
      PartitionId partition,
      boolean write,
      long deadlineNanos,
      Delivery delivery,
      Runnable bounced) {}

  /**
   * A leader that another one has followed is waited for so long: one that handed over is there to
   * answer what it did and to send back what it did not, and its word may come after the other's.
   */
  private static final long FORMER_NANOS = 200_000_000L;

  /** Beyond the leader's own time limit by this much, the reply is given up. */
  private static final long GRACE_NANOS = 2_000_000_000L;

  /** Above any write timeout that makes sense; a leader answers by its database's own. */
  private static final long MAX_WAIT_NANOS = 10_000_000_000L;

  /** Who waits for longer waits for ever. */
  private static final long MAX_TIMED_MILLIS = TimeUnit.DAYS.toMillis(365);

  private final DataLoop loop;
  private final Routes routes;
  private final Map<Long, Sent> sent = new HashMap<>();

  /** Since when another node than the one that was sent a command is known to lead. */
  private final Map<Long, Long> formerSince = new HashMap<>();

  private final ByteSink frame = new ByteSink(4096);
  private long lastId;

  Forwards(DataLoop loop, Routes routes) {
    this.loop = loop;
    this.routes = routes;
  }

  boolean canReach(NodeId leader) {
    return loop.network().isConnected(Lane.DATA, leader.number());
  }

  /**
   * Sends a command to a leader.
   *
   * @param floor what the leader's history must have; {@link Position#ZERO} for whatever it has
   * @param bounced runs when the command came back: nothing was done, and another node leads, or
   *     will in a moment
   */
  void send(
      NodeId leader,
      PartitionRoute route,
      int protocol,
      boolean write,
      Position floor,
      Args args,
      Delivery delivery,
      Runnable bounced) {
    long deadline = loop.nowNanos() + MAX_WAIT_NANOS;
    send(leader, route, protocol, write, floor, args, deadline, delivery, bounced);
  }

  /**
   * As above, for a command that may wait there: its wait ends there when it ends here.
   *
   * @param timeoutMillis how long it waits at most; 0 for ever
   */
  void sendBlocking(
      NodeId leader,
      PartitionRoute route,
      int protocol,
      Position floor,
      Args args,
      long timeoutMillis,
      Delivery delivery,
      Runnable bounced) {
    boolean endless = timeoutMillis <= 0 || timeoutMillis > MAX_TIMED_MILLIS;
    long deadline =
        endless
            ? Long.MAX_VALUE
            : loop.nowNanos() + MAX_WAIT_NANOS + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    send(leader, route, protocol, true, floor, args, deadline, delivery, bounced);
    long id = lastId;
    delivery.clientWait().endedBy(how -> endWait(leader, id, how));
  }

  private void endWait(NodeId leader, long id, ClientWait.End how) {
    if (!sent.containsKey(id)) {
      return;
    }
    if (how == ClientWait.End.GONE) {
      sent.remove(id);
      formerSince.remove(id);
    }
    loop.beginTurn();
    frame.clear();
    frame.putByte(Frames.FORWARD_END).putVarint(id).putByte(how.ordinal());
    loop.network().send(Lane.DATA, leader.number(), frame.array(), 0, frame.size());
  }

  /**
   * As above, for a command that takes its time.
   *
   * @param deadlineNanos when the leader answers at the latest; {@link Long#MAX_VALUE} for never
   */
  void send(
      NodeId leader,
      PartitionRoute route,
      int protocol,
      boolean write,
      Position floor,
      Args args,
      long deadlineNanos,
      Delivery delivery,
      Runnable bounced) {
    send(
        leader,
        route,
        protocol,
        write,
        floor,
        Level.DEFAULT,
        args,
        deadlineNanos,
        delivery,
        bounced);
  }

  /**
   * Sends a command to a replica of a leaderless partition.
   *
   * @param bounced runs when the command came back: nothing was done
   */
  void sendToReplica(
      NodeId replica,
      PartitionRoute route,
      int protocol,
      boolean write,
      Level level,
      Args args,
      Delivery delivery,
      Runnable bounced) {
    long deadline = loop.nowNanos() + MAX_WAIT_NANOS;
    send(replica, route, protocol, write, Position.ZERO, level, args, deadline, delivery, bounced);
  }

  private void send(
      NodeId leader,
      PartitionRoute route,
      int protocol,
      boolean write,
      Position floor,
      Level level,
      Args args,
      long deadlineNanos,
      Delivery delivery,
      Runnable bounced) {
    PartitionId partition = route.terms().state().id();
    long epoch = route.epoch();
    long id = ++lastId;
    sent.put(id, new Sent(leader, partition, write, deadlineNanos, delivery, bounced));
    frame.clear();
    frame.putByte(Frames.FORWARD).putVarint(id);
    ReplicationCodec.putPartition(frame, partition);
    frame.putVarint(epoch);
    frame.putByte(protocol);
    ReplicationCodec.putPosition(frame, floor);
    frame.putVarint(level.reads()).putVarint(level.writes());
    byte[] command = args.encoded();
    frame.putBytes(command, 0, command.length);
    loop.network().send(Lane.DATA, leader.number(), frame.array(), 0, frame.size());
  }

  /**
   * Sends a command to a node for what only that node has.
   *
   * @param write whether nobody knows what became of it when no answer comes
   * @param deadlineNanos when the node answers at the latest
   */
  void sendTo(
      NodeId node, int protocol, boolean write, Args args, long deadlineNanos, Delivery delivery) {
    long id = ++lastId;
    sent.put(id, new Sent(node, null, write, deadlineNanos, delivery, () -> {}));
    frame.clear();
    frame.putByte(Frames.TO_NODE).putVarint(id).putByte(protocol);
    byte[] command = args.encoded();
    frame.putBytes(command, 0, command.length);
    loop.network().send(Lane.DATA, node.number(), frame.array(), 0, frame.size());
  }

  /** A reply came back. One that was given up meanwhile is dropped. */
  void onReply(NodeId from, ByteSource source) {
    long id = source.getVarint();
    Sent answered = sent.remove(id);
    formerSince.remove(id);
    Position at = ReplicationCodec.getPosition(source);
    QuorumAnswer quorum = QuorumAnswer.get(source);
    byte[] reply = source.getBytes(source.remaining());
    if (answered != null && reply.length == 0) {
      answered.bounced().run();
    } else if (answered != null) {
      Answer by = quorum == null ? Answer.byLeader(from, at) : Answer.byCoordinator(from, quorum);
      answered.delivery().deliver(by, reply);
    }
  }

  /** The connection to a leader broke: what it was sent may or may not have been done. */
  void onLost(NodeId leader) {
    giveUp((id, each) -> each.leader().equals(leader), "the connection to it broke");
  }

  /** Partitions have other leaders now: the answers of the former ones are not awaited for long. */
  void leadersChanged() {
    sent.forEach(
        (id, each) -> {
          if (isLedByAnother(each)) {
            formerSince.putIfAbsent(id, loop.nowNanos());
          }
        });
  }

  private boolean isLedByAnother(Sent each) {
    if (each.partition() == null) {
      return false;
    }
    PartitionRoute route = routes.partition(each.partition());
    NodeId leader = route == null ? null : route.leader();
    return route == null || leader != null && !leader.equals(each.leader());
  }

  void expire() {
    long now = loop.nowNanos();
    giveUp(
        (id, each) -> now - formerSince.getOrDefault(id, now) > FORMER_NANOS, "it leads no more");
    giveUp(
        (id, each) ->
            each.deadlineNanos() != Long.MAX_VALUE && now - each.deadlineNanos() > GRACE_NANOS,
        "it did not answer");
  }

  private void giveUp(BiPredicate<Long, Sent> which, String why) {
    List<Sent> givenUp = new ArrayList<>();
    for (var it = sent.entrySet().iterator(); it.hasNext(); ) {
      Map.Entry<Long, Sent> each = it.next();
      if (which.test(each.getKey(), each.getValue())) {
        givenUp.add(each.getValue());
        formerSince.remove(each.getKey());
        it.remove();
      }
    }
    for (Sent each : givenUp) {
      String error =
          each.write()
              ? "UNCERTAIN write not confirmed by " + each.leader() + ": " + why
              : "CLUSTERDOWN no answer from " + each.leader() + ": " + why;
      each.delivery().deliver(Answer.NONE, AsyncReplies.encodeError(error));
    }
  }

  /** Sends a command back to the node that forwarded it: nothing was done. */
  void bounce(PeerConnection to, long id) {
    answer(to, id, Answer.NONE, new byte[0]);
  }

  /** As {@link #bounce}, for a command that waited here. */
  static void bounce(Delivery toOther) {
    toOther.deliver(Answer.NONE, new byte[0]);
  }

  /** Encodes a reply for the node that forwarded the command. */
  void answer(PeerConnection to, long id, Answer by, byte[] reply) {
    frame.clear();
    frame.putByte(Frames.FORWARDED).putVarint(id);
    ReplicationCodec.putPosition(frame, by.position());
    QuorumAnswer.put(frame, by.quorum());
    frame.putBytes(reply, 0, reply.length);
    to.replyLater(frame.array(), 0, frame.size());
  }
}
