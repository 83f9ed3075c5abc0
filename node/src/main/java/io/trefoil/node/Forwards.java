package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.resp.Args;
import io.trefoil.transport.Lane;
import io.trefoil.transport.PeerConnection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Commands that this node sent to the leaders of their partitions, until the replies are back. A
 * command is never sent again once its bytes may have left: it could run twice, or after a later
 * one of the same client. Owner thread only.
 */
final class Forwards {
  private record Sent(
      NodeId leader, PartitionId partition, boolean write, long deadlineNanos, Delivery delivery) {}

  /** Beyond the leader's own time limit by this much, the reply is given up. */
  private static final long GRACE_NANOS = 2_000_000_000L;

  /** Above any write timeout that makes sense; a leader answers by its database's own. */
  private static final long MAX_WAIT_NANOS = 10_000_000_000L;

  private final DataLoop loop;
  private final Routes routes;
  private final Map<Long, Sent> sent = new HashMap<>();
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
   * @param committed whether the leader may answer from what is committed, as a follower would
   */
  void send(
      NodeId leader,
      PartitionId partition,
      int protocol,
      boolean write,
      boolean committed,
      Args args,
      Delivery delivery) {
    long deadline = loop.nowNanos() + MAX_WAIT_NANOS;
    send(leader, partition, protocol, write, committed, args, deadline, delivery);
  }

  /**
   * As above, for a command that takes its time.
   *
   * @param deadlineNanos when the leader answers at the latest; {@link Long#MAX_VALUE} for never
   */
  void send(
      NodeId leader,
      PartitionId partition,
      int protocol,
      boolean write,
      boolean committed,
      Args args,
      long deadlineNanos,
      Delivery delivery) {
    long id = ++lastId;
    sent.put(id, new Sent(leader, partition, write, deadlineNanos, delivery));
    frame.clear();
    frame.putByte(Frames.FORWARD).putVarint(id);
    ReplicationCodec.putPartition(frame, partition);
    frame.putByte(protocol).putByte(committed ? 1 : 0);
    byte[] command = args.encoded();
    frame.putBytes(command, 0, command.length);
    loop.network().send(Lane.DATA, leader.number(), frame.array(), 0, frame.size());
  }

  /** A reply came back. One that was given up meanwhile is dropped. */
  void onReply(NodeId from, ByteSource source) {
    Sent answered = sent.remove(source.getVarint());
    Position at = ReplicationCodec.getPosition(source);
    byte[] reply = source.getBytes(source.remaining());
    if (answered != null) {
      answered.delivery().deliver(Answer.byLeader(from, at), reply);
    }
  }

  /** The connection to a leader broke: what it was sent may or may not have been done. */
  void onLost(NodeId leader) {
    giveUp(each -> each.leader().equals(leader), "the connection to it broke");
  }

  /** Partitions have other leaders now, or none: the answers of the former ones are not awaited. */
  void leadersChanged() {
    giveUp(each -> !each.leader().equals(leaderOf(each.partition())), "it leads no more");
  }

  private NodeId leaderOf(PartitionId partition) {
    Routes.PartitionRoute route = routes.partition(partition);
    return route == null ? null : route.leader();
  }

  void expire() {
    long now = loop.nowNanos();
    giveUp(
        each -> each.deadlineNanos() != Long.MAX_VALUE && now - each.deadlineNanos() > GRACE_NANOS,
        "it did not answer");
  }

  private void giveUp(Predicate<Sent> which, String why) {
    List<Sent> givenUp = new ArrayList<>();
    for (Iterator<Sent> it = sent.values().iterator(); it.hasNext(); ) {
      Sent each = it.next();
      if (which.test(each)) {
        givenUp.add(each);
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

  /** Encodes a reply for the node that forwarded the command. */
  void answer(PeerConnection to, long id, Position at, byte[] reply) {
    frame.clear();
    frame.putByte(Frames.FORWARDED).putVarint(id);
    ReplicationCodec.putPosition(frame, at);
    frame.putBytes(reply, 0, reply.length);
    to.replyLater(frame.array(), 0, frame.size());
  }
}
