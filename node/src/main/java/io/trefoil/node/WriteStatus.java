package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.control.Regions;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.multileader.RegionOrigin;
import io.trefoil.replication.singleleader.SingleLeaderReplica;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import io.trefoil.resp.ReplyWriter;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code WRITE STATUS id}: what became of a write whose client was told {@code -UNCERTAIN}. The
 * partition's leader answers: its table of epochs, never shortened, says of every position whether
 * it is history. Of a leaderless partition all replicas are asked: {@link CopiesOfWrite}. Belongs
 * to the data loop's thread.
 */
final class WriteStatus {
  private static final Pattern ID =
      Pattern.compile("(\\d{1,9})/(\\d{1,9})@(\\d{1,18}):(\\d{1,18})");

  private static final String BAD_ID =
      "ERR a write's id is database/partition@epoch:index, such as 4/0@9:1021, as an -UNCERTAIN"
          + " reply gives it; of a leaderless database, database/partition@origin:index";

  private final DataLoop loop;
  private final Routes routes;
  private final Forwards forwards;
  private final AsyncReplies asyncReplies;
  private final Divergences divergences;
  private final CopiesOfWrite copies;

  /** What became of a write. */
  record Verdict(String status, String reason) {}

  private record Id(PartitionId partition, Position position) {
    /** Null when that is none. */
    static Id parse(String text) {
      Matcher parts = ID.matcher(text);
      if (!parts.matches()) {
        return null;
      }
      Id id =
          new Id(
              new PartitionId(Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2))),
              new Position(Long.parseLong(parts.group(3)), Long.parseLong(parts.group(4))));
      return id.position.epoch() > 0 && id.position.index() > 0 ? id : null;
    }

    @Override
    public String toString() {
      return partition + "@" + position;
    }
  }

  WriteStatus(
      DataLoop loop,
      Routes routes,
      Forwards forwards,
      AsyncReplies asyncReplies,
      Divergences divergences) {
    this.asyncReplies = asyncReplies;
    this.loop = loop;
    this.routes = routes;
    this.forwards = forwards;
    this.divergences = divergences;
    this.copies = new CopiesOfWrite(loop, forwards);
  }

  /** Asks the leader, and then, when the write is lost, who keeps it. */
  void ask(Args args, int protocol, Delivery delivery) {
    Id id = Id.parse(args.text(2));
    if (id == null) {
      refuse(delivery, BAD_ID);
      return;
    }
    PartitionRoute route = routes.partition(id.partition());
    if (route == null) {
      Verdict none =
          new Verdict(
              "unknown",
              "there is no partition "
                  + id.partition()
                  + ": its database was dropped, or the id is of another cluster");
      write(id, "", none, List.of(), protocol, delivery);
      return;
    }
    if (route.isLeaderless()) {
      String database = route.terms().database().title();
      copies.find(
          route,
          id.position(),
          args,
          verdict -> write(id, database, verdict, List.of(), protocol, delivery));
      return;
    }
    Delivery answer = (by, reply) -> onVerdict(id, route, reply, protocol, delivery);
    NodeId leader = route.leader();
    if (leader == null) {
      refuse(delivery, Failures.noLeader(route.terms()));
    } else if (leader.equals(loop.self())) {
      if (route.leadsHere()) {
        answer(args, route.local(), answer);
      } else {
        refuse(delivery, Failures.noLeader(route.terms()));
      }
    } else if (forwards.canReach(leader)) {
      Runnable bounced = () -> refuse(delivery, Failures.noLeader(route.terms()));
      forwards.send(leader, route, 2, false, Position.ZERO, args, answer, bounced);
    } else {
      refuse(delivery, Failures.noLeader(route.terms()));
    }
  }

  /** Answers another node, which asks for this node's copy of a leaderless partition. */
  void answerForNode(Args args, Delivery delivery) {
    Id id = args.count() == 3 ? Id.parse(args.text(2)) : null;
    PartitionRoute route = id == null ? null : routes.partition(id.partition());
    if (route == null) {
      refuse(delivery, BAD_ID);
    } else {
      copies.answer(route, id.position(), delivery);
    }
  }

  /** Answers as leader: status and reason. */
  void answer(Args args, PartitionReplica leader, Delivery delivery) {
    Id id = args.count() == 3 ? Id.parse(args.text(2)) : null;
    if (id == null) {
      refuse(delivery, BAD_ID);
      return;
    }
    SingleLeaderReplica machine = leader.machine();
    Verdict verdict =
        judge(
            machine.epoch(),
            machine.epochs(),
            machine.commitIndex(),
            machine.lastIndex(),
            id.position());
    Regions regions = leader.terms().database().settings().regions();
    boolean lost = verdict.status().equals("lost");
    if (lost && cameBack(regions, leader.origins().heard(), id.position())) {
      verdict = new Verdict("committed", "another region had it, and gave it back");
    }
    ReplyWriter reply = new ReplyWriter();
    reply.array(2);
    reply.bulkText(verdict.status());
    reply.bulkText(verdict.reason());
    leader.runAsLeader(cells -> {}); // so that it leaves as a read does: if the lease holds then
    Answer by = Answer.byLeader(loop.self(), leader.committedPosition());
    asyncReplies.add(leader, reply.toArray(), told -> delivery.deliver(by, told));
  }

  /**
   * Whether an entry that this region lost is here again, as one of its origin's.
   *
   * @param regions null where one leader orders all writes
   * @param heard up to which index each origin's entries came from other regions
   */
  static boolean cameBack(Regions regions, Map<Integer, Long> heard, Position write) {
    if (regions == null || write.epoch() > RegionOrigin.MAX_EPOCH) {
      return false;
    }
    int origin = RegionOrigin.number(regions.numberHere(), write.epoch());
    return heard.getOrDefault(origin, 0L) >= write.index();
  }

  /**
   * What became of a write, as the leader of an epoch knows it whose lease holds.
   *
   * @param epoch that it leads
   * @param log which epochs wrote its log
   * @param commit the index up to which that is committed
   * @param last the index of its last entry
   */
  static Verdict judge(long epoch, EpochTable log, long commit, long last, Position write) {
    boolean inLog = write.index() <= last && log.epochAt(write.index()) == write.epoch();
    if (inLog) {
      return write.index() <= commit
          ? new Verdict("committed", "")
          : new Verdict("pending", "its leader has it, and not enough copies are confirmed yet");
    }
    if (write.epoch() > epoch) {
      return new Verdict(
          "unknown", "epoch " + write.epoch() + " has not begun; the leader is in " + epoch);
    }
    if (write.epoch() == epoch) {
      return new Verdict(
          "unknown",
          "epoch " + epoch + " has no such entry; the last one is " + log.positionAt(last));
    }
    // A later leader with nothing committed of its own may yet be replaced by one that has it.
    return log.epochAt(commit) == epoch
        ? new Verdict("lost", "the history has no entry " + write)
        : new Verdict(
            "pending",
            "the leader of epoch " + epoch + " lacks it, and has committed nothing of its own yet");
  }

  private void onVerdict(
      Id id, PartitionRoute route, byte[] reply, int protocol, Delivery delivery) {
    String database = route.terms().database().title();
    Reply read = ReplyReader.read(reply);
    if (!(read instanceof Reply.Several several) || several.items().size() != 2) {
      delivery.deliver(Answer.NONE, reply); // an error
      return;
    }
    Verdict verdict = new Verdict(text(several.items().get(0)), text(several.items().get(1)));
    if (verdict.status().equals("lost")) {
      divergences.findKeepers(
          id.partition(),
          id.position(),
          (keepers, silent) ->
              write(id, database, withSilent(verdict, silent), keepers, protocol, delivery));
    } else {
      write(id, database, verdict, List.of(), protocol, delivery);
    }
  }

  private static Verdict withSilent(Verdict verdict, List<String> silent) {
    return silent.isEmpty()
        ? verdict
        : new Verdict(
            verdict.status(),
            verdict.reason()
                + "; not asked whether they keep it, as they don't answer: "
                + String.join(", ", silent));
  }

  private static String text(Reply reply) {
    return reply instanceof Reply.Bulk bulk
        ? new String(bulk.bytes().array(), java.nio.charset.StandardCharsets.UTF_8)
        : "";
  }

  private static void write(
      Id id,
      String database,
      Verdict verdict,
      List<String> keepers,
      int protocol,
      Delivery delivery) {
    ReplyWriter reply = new ReplyWriter();
    reply.setProtocol(protocol);
    reply.map(5);
    reply.bulkText("id");
    reply.bulkText(id.toString());
    reply.bulkText("database");
    reply.bulkText(database);
    reply.bulkText("status");
    reply.bulkText(verdict.status());
    reply.bulkText("reason");
    reply.bulkText(verdict.reason());
    reply.bulkText("kept_in");
    reply.array(keepers.size());
    keepers.forEach(reply::bulkText);
    delivery.deliver(Answer.NONE, reply.toArray());
  }

  private static void refuse(Delivery delivery, String error) {
    delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
  }
}
