package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.node.Routes.DatabaseRoute;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code WAIT count ms}: answered when so many followers have the connection's last write, or with
 * how many have it when the time is over. The write's leader counts; when the leadership goes to
 * another node meanwhile, that one does, if its history has the write. As in <a
 * href="https://redis.io/docs/latest/commands/wait/">Redis</a>. Owner thread only.
 */
final class CopyWaits {
  private static final long MAX_TIMED_MILLIS = 1L << 40;

  private final DataLoop loop;
  private final Routes routes;
  private final Forwards forwards;
  private final List<Wait> waits = new ArrayList<>();

  /**
   * One that is not satisfied yet.
   *
   * @param partition of the write; null when there was none
   * @param write the position of its entry, or of a later one
   * @param sends whether it may be sent to the leader; else that is where it came from
   */
  private record Wait(
      PartitionId partition,
      Position write,
      int followers,
      long deadlineNanos,
      boolean sends,
      Delivery delivery) {}

  CopyWaits(DataLoop loop, Routes routes, Forwards forwards) {
    this.loop = loop;
    this.routes = routes;
    this.forwards = forwards;
  }

  /** A client's command. */
  void begin(Args args, ClientConnection connection) {
    String refusal = null;
    int wanted = 0;
    if (args.parseLong(1)) {
      wanted = (int) Math.min(Math.max(args.parsed(), 0), Integer.MAX_VALUE);
    } else {
      refusal = "ERR value is not an integer or out of range";
    }
    if (refusal == null && !args.parseLong(2)) {
      refusal = "ERR timeout is not an integer or out of range";
    } else if (refusal == null && args.parsed() < 0) {
      refusal = "ERR timeout is negative";
    }
    if (refusal != null) {
      String error = refusal;
      NodeCommandRunner.now(connection, reply -> reply.error(error));
      return;
    }
    DatabaseRoute database = routes.database(connection.session().database());
    boolean wrote = connection.lastWritten() != null;
    int copies = wrote || database == null || database.isLeaderless() ? 0 : copies(database);
    if (copies - 1 >= wanted) {
      // Nothing was written, and that each copy has.
      NodeCommandRunner.now(connection, reply -> reply.integer(copies - 1));
      return;
    }
    await(
        new Wait(
            connection.lastWritten(),
            connection.lastWrite(),
            wanted,
            deadline(args.parsed()),
            true,
            connection.await()));
  }

  private static int copies(DatabaseRoute database) {
    return database.partition(0).terms().state().configuration().replicas().size();
  }

  /**
   * One that another node sent to the leader here.
   *
   * @param write as that node knows it
   */
  void runForwarded(Args args, PartitionReplica leader, Position write, Delivery delivery) {
    if (!args.parseLong(1) || args.parsed() < 0 || args.parsed() > Integer.MAX_VALUE) {
      delivery.deliver(
          Answer.NONE,
          AsyncReplies.encodeError("ERR WAIT wants a number of replicas that is not negative"));
      return;
    }
    int wanted = (int) args.parsed();
    args.parseLong(2);
    long deadline = deadline(args.parsed());
    await(new Wait(leader.id(), write, wanted, deadline, false, delivery));
  }

  private long deadline(long timeoutMillis) {
    return timeoutMillis == 0
        ? Long.MAX_VALUE
        : loop.nowNanos()
            + TimeUnit.MILLISECONDS.toNanos(Math.min(timeoutMillis, MAX_TIMED_MILLIS));
  }

  private void await(Wait wait) {
    if (!isOver(wait)) {
      waits.add(wait);
    }
  }

  /** Looks at those that wait. */
  void tick() {
    waits.removeIf(this::isOver);
  }

  /** Answers or sends it, when it can be. */
  private boolean isOver(Wait wait) {
    PartitionRoute route = wait.partition() == null ? null : routes.partition(wait.partition());
    boolean here = route != null && route.leadsHere();
    if (!here && !wait.sends()) {
      Forwards.bounce(wait.delivery());
      return true;
    }
    int followers = here ? followersWith(wait.write(), route.local()) : 0;
    boolean isTimed = wait.deadlineNanos() != Long.MAX_VALUE;
    if (followers >= wait.followers() || isTimed && loop.nowNanos() - wait.deadlineNanos() >= 0) {
      ReplyWriter reply = new ReplyWriter();
      reply.integer(followers);
      wait.delivery().deliver(Answer.NONE, reply.toArray());
      return true;
    }
    NodeId leader = here || route == null ? null : route.leader();
    if (leader == null || leader.equals(loop.self()) || !forwards.canReach(leader)) {
      return false;
    }
    send(wait, leader, route);
    return true;
  }

  private static int followersWith(Position write, PartitionReplica leader) {
    boolean hasIt =
        leader.coverageOfLog(write.epoch(), write.index()) == PartitionReplica.Coverage.COVERED;
    return hasIt ? Math.max(leader.machine().copiesOf(write.index()) - 1, 0) : 0;
  }

  /** When it comes back the leadership has gone elsewhere, or nowhere yet. */
  private void send(Wait wait, NodeId leader, PartitionRoute route) {
    long leftMillis =
        wait.deadlineNanos() == Long.MAX_VALUE
            ? 0
            : Math.max(TimeUnit.NANOSECONDS.toMillis(wait.deadlineNanos() - loop.nowNanos()), 1);
    Args args = Args.of("WAIT", Integer.toString(wait.followers()), Long.toString(leftMillis));
    forwards.send(
        leader,
        route,
        2,
        false,
        wait.write(),
        args,
        wait.deadlineNanos(),
        wait.delivery(),
        () -> waits.add(wait));
  }
}
