package io.trefoil.node;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.command.SeenPositions;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code SESSION WAIT token [ms]}: has a connection's session see what another one has seen, and
 * answers when this node's copies show it. What this node has no copy of, leaders answer; but of
 * what was seen in another region only a copy knows when it is here.
 *
 * <p>Belongs to the data loop's thread.
 */
final class SessionWaits {
  private static final long DEFAULT_MILLIS = 1_500;
  private static final long MAX_MILLIS = 86_400_000;

  private final DataLoop loop;
  private final Routes routes;
  private final List<Wait> waits = new ArrayList<>();

  private record Wait(
      SessionToken token, SeenPositions seen, long millis, long deadlineNanos, Delivery delivery) {}

  SessionWaits(DataLoop loop, Routes routes) {
    this.loop = loop;
    this.routes = routes;
  }

  void begin(Args args, ClientConnection connection) {
    // What is sent behind it in one pipeline is to see what it waits for.
    Delivery delivery = connection.awaitAlone();
    boolean hasTime = args.count() == 4;
    if (args.count() > 4
        || hasTime && (!args.parseLong(3) || args.parsed() < 0 || args.parsed() > MAX_MILLIS)) {
      refuse(delivery, "ERR SESSION WAIT is followed by a token, and milliseconds to wait for");
      return;
    }
    long millis = hasTime ? args.parsed() : DEFAULT_MILLIS;
    SessionToken token;
    try {
      token = parse(args);
    } catch (IllegalArgumentException e) {
      refuse(delivery, "ERR " + e.getMessage());
      return;
    }
    SeenPositions seen = connection.session().seen();
    seen.merge(token.here());
    long deadline = loop.nowNanos() + millis * 1_000_000;
    Wait wait = new Wait(token, seen, millis, deadline, delivery);
    if (!answer(wait)) {
      waits.add(wait);
    }
  }

  private SessionToken parse(Args args) {
    if (args.length(2) > SeenPositions.MAX_TOKEN_BYTES) {
      throw new IllegalArgumentException("a token is shorter than a megabyte");
    }
    return SessionToken.parse(args.latin1(2), routes);
  }

  /** Answers one whose copies are there, or that has no time left. */
  private boolean answer(Wait wait) {
    String behind = behindOthers(wait);
    for (Map.Entry<PartitionId, Position> each : wait.token.here().entrySet()) {
      PartitionRoute route = routes.partition(each.getKey());
      if (route == null || !route.isReadableHere(loop.self())) {
        continue;
      }
      Position position = each.getValue();
      PartitionReplica replica = route.local();
      switch (replica.coverageOfCommitted(position.epoch(), position.index())) {
        case COVERED -> {}
        case NOT_YET ->
            behind =
                each.getKey()
                    + " is at "
                    + replica.committedPosition()
                    + ", not yet at "
                    + position;
        case LOST -> {
          wait.seen.forget(each.getKey());
          refuse(wait.delivery, Failures.leftHistory(each.getKey(), position, replica));
          return true;
        }
      }
    }
    if (behind == null) {
      ReplyWriter ok = new ReplyWriter();
      ok.ok();
      wait.delivery.deliver(Answer.NONE, ok.toArray());
      return true;
    }
    if (loop.nowNanos() - wait.deadlineNanos < 0) {
      return false;
    }
    refuse(
        wait.delivery,
        "TRYAGAIN the copies here lack what the token tells of, after "
            + wait.millis
            + " ms: "
            + behind
            + "; reads at level SESSION ask the leader meanwhile");
    return true;
  }

  /**
   * Looks for what was seen in other regions. What is here of it the session has seen here from now
   * on.
   *
   * @return what is not here yet, or null
   */
  private String behindOthers(Wait wait) {
    for (SessionToken.Elsewhere each : wait.token.elsewhere()) {
      PartitionRoute route = routes.partition(each.partition());
      String region =
          route == null ? "" : route.terms().database().settings().regions().name(each.region());
      if (route == null || !route.isReadableHere(loop.self())) {
        return each.partition() + " has no copy at this node that could tell";
      }
      PartitionReplica replica = route.local();
      if (!replica.origins().covers(each.region(), each.position())) {
        return each.partition()
            + " does not have the log of "
            + region
            + " up to "
            + each.position();
      }
      Position committed = replica.committedPosition();
      wait.seen.saw(each.partition(), committed.epoch(), committed.index());
    }
    return null;
  }

  /** Looks at what waits. */
  void tick() {
    waits.removeIf(this::answer);
  }

  private static void refuse(Delivery delivery, String error) {
    delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
  }
}
