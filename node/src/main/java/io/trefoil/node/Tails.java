package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Database;
import io.trefoil.node.Routes.DatabaseRoute;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.node.WriteStatus.Verdict;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.singleleader.SingleLeaderReplica;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code TAIL}: the committed entries of a partition after a position, as JSON lines. The
 * partition's leader answers, while it holds its lease, from memory or from its journal; which of a
 * position is history its table of epochs says, as for {@link WriteStatus}. Pages are made one at a
 * time, in the background, and the others wait in the order in which they were asked for. Belongs
 * to the data loop's thread.
 */
final class Tails {
  static final List<String> HELP =
      List.of(
          "TAIL <database> PARTITION <p> FROM <position>|START|END [COUNT <n>]",
          "    Give the committed entries after a position, 1000 or n at most, as JSON lines:",
          "    the position to go on from, that of the last committed entry, and the lines.",
          "    START is before the oldest entry that the journal has, END after the last one.",
          "TAIL HELP",
          "    Print this help.");

  private static final Logger LOG = LoggerFactory.getLogger(Tails.class);

  /** Beyond, clients have to ask again. */
  static final int MAX_WAITING = 1_000;

  /** Bytes of entries that are read at once; a first batch of a journal may be larger. */
  private static final int READ_BYTES = 1 << 20;

  private final DataLoop loop;
  private final Routes routes;
  private final Forwards forwards;
  private final AsyncReplies asyncReplies;
  private final Executor background;
  private final Supplier<ClusterState> state;
  private final ArrayDeque<Read> waiting = new ArrayDeque<>();
  private boolean reading;

  /**
   * What a leader is to answer.
   *
   * @param upTo the last entry that is given, which is committed
   */
  private record Read(
      TailQuery query,
      PartitionReplica leader,
      long epoch,
      Position from,
      Position upTo,
      Delivery delivery) {}

  Tails(
      DataLoop loop,
      Routes routes,
      Forwards forwards,
      AsyncReplies asyncReplies,
      Executor background,
      Supplier<ClusterState> state) {
    this.loop = loop;
    this.routes = routes;
    this.forwards = forwards;
    this.asyncReplies = asyncReplies;
    this.background = background;
    this.state = state;
  }

  /** Runs a client's command. */
  void run(Args args, Delivery delivery) {
    if (args.count() == 2 && args.isWord(1, "HELP")) {
      ReplyWriter reply = new ReplyWriter();
      reply.array(HELP.size());
      HELP.forEach(reply::simple);
      delivery.deliver(Answer.NONE, reply.toArray());
      return;
    }
    TailQuery.Parsed parsed = TailQuery.parse(args);
    if (parsed.error() != null) {
      refuse(delivery, parsed.error());
      return;
    }
    TailQuery query = parsed.query();
    Database database = state.get().database(query.database()).orElse(null);
    DatabaseRoute route = database == null ? null : routes.database(database.number());
    String error = refusal(query, route);
    if (error != null) {
      refuse(delivery, error);
    } else {
      ask(query, args, route.partition(query.partition()), delivery);
    }
  }

  /** Why a database can't be tailed so; null when it can. */
  private static String refusal(TailQuery query, DatabaseRoute route) {
    if (route == null) {
      return "ERR there is no database '" + ConflictQuery.printable(query.database()) + "'";
    }
    String title = route.database().title();
    if (route.isLeaderless()) {
      return "UNSUPPORTED TAIL needs one order of a partition's writes; database '"
          + title
          + "' is leaderless, and each of its replicas has an order of its own";
    }
    if (query.partition() >= route.partitionCount()) {
      return "ERR TAIL: database '"
          + title
          + "' has partitions 0 to "
          + (route.partitionCount() - 1);
    }
    return null;
  }

  private void ask(TailQuery query, Args args, PartitionRoute route, Delivery delivery) {
    NodeId leader = route.leader();
    if (route.leadsHere()) {
      answer(query, route.local(), delivery);
    } else if (leader != null && !leader.equals(loop.self()) && forwards.canReach(leader)) {
      Runnable bounced = () -> refuse(delivery, Failures.noLeader(route.terms()));
      forwards.send(leader, route, 2, false, Position.ZERO, args, delivery, bounced);
    } else {
      refuse(delivery, Failures.noLeader(route.terms()));
    }
  }

  /** Answers another node's client, as leader. */
  void answer(Args args, PartitionReplica leader, Delivery delivery) {
    TailQuery.Parsed parsed = TailQuery.parse(args);
    if (parsed.error() != null) {
      refuse(delivery, parsed.error());
    } else {
      answer(parsed.query(), leader, delivery);
    }
  }

  private void answer(TailQuery query, PartitionReplica leader, Delivery delivery) {
    SingleLeaderReplica machine = leader.machine();
    Position oldest = machine.positionAt(firstKept(leader) - 1);
    Position committed = leader.committedPosition();
    Position from = query.start() ? oldest : query.from() == null ? committed : query.from();
    String error = refusal(from, oldest, leader);
    if (error != null) {
      deliver(leader, committed, AsyncReplies.encodeError(error), delivery);
      return;
    }
    Read read = new Read(query, leader, machine.epoch(), from, committed, delivery);
    if (from.index() >= committed.index()) {
      give(read, new TailPage(leader.terms().database(), leader.id().number(), from));
    } else if (waiting.size() >= MAX_WAITING) {
      refuse(delivery, "TRYAGAIN " + MAX_WAITING + " others wait to read the journal");
    } else {
      waiting.add(read);
      beginRead();
    }
  }

  /** Index of the oldest entry of a leader that can still be read. */
  private long firstKept(PartitionReplica leader) {
    return Math.min(loop.journal().firstIndex(leader.copy()), leader.recent().firstIndex());
  }

  /** Why a leader can't go on from a position; null when it can. */
  private static String refusal(Position from, Position oldest, PartitionReplica leader) {
    SingleLeaderReplica machine = leader.machine();
    String partition =
        "partition " + leader.id().number() + " of '" + leader.terms().database().title() + "'";
    boolean isHistory =
        from.index() <= machine.lastIndex() && machine.epochAt(from.index()) == from.epoch();
    if (!isHistory) {
      return notHistory(
          from,
          partition,
          machine.epoch(),
          machine.epochs(),
          machine.commitIndex(),
          machine.lastIndex());
    }
    if (from.index() < oldest.index()) {
      return "GONE "
          + oldest
          + " is the oldest position that "
          + partition
          + " can be tailed from; what follows "
          + from
          + " was let go of";
    }
    return null;
  }

  /**
   * Why a leader can't go on from a position that its log does not have.
   *
   * @param epoch that it leads
   * @param log which epochs wrote its log
   * @param commit the index up to which that is committed
   * @param last the index of its last entry
   */
  static String notHistory(
      Position from, String partition, long epoch, EpochTable log, long commit, long last) {
    Verdict verdict = WriteStatus.judge(epoch, log, commit, last, from);
    if (verdict.status().equals("pending")) {
      return "TRYAGAIN " + verdict.reason();
    }
    if (!verdict.status().equals("lost")) {
      return "ERR TAIL: " + partition + " has no position " + from + ": " + verdict.reason();
    }
    // Where an epoch left nothing here, the log of its leader may have parted from this one before.
    Position parted =
        log.positionAt(log.lastIndexUpTo(from.epoch(), Math.min(from.index(), commit)));
    return "DIVERGED "
        + parted
        + " is the last entry that the history of "
        + partition
        + (parted.epoch() == from.epoch() ? " has" : " can have")
        + " in common with one that has "
        + from
        + ": see DIVERGED LIST";
  }

  /** One at a time: what is read, and its lines, are in memory until they have left. */
  private void beginRead() {
    if (reading || waiting.isEmpty()) {
      return;
    }
    reading = true;
    Read read = waiting.poll();
    List<EntryBatch> recent = fromMemory(read);
    Database database = read.leader().terms().database();
    long copy = read.leader().copy();
    background.execute(
        () -> {
          Runnable answer = answer(read, recent, database, copy);
          loop.execute(
              () -> {
                reading = false;
                answer.run();
                beginRead();
              });
        });
  }

  /** What memory holds of the first bytes that are wanted; null when it does not go back so far. */
  private static List<EntryBatch> fromMemory(Read read) {
    RecentEntries recent = read.leader().recent();
    long next = read.from().index() + 1;
    if (recent.firstIndex() > next) {
      return null;
    }
    List<EntryBatch> batches = new ArrayList<>();
    long bytes = 0;
    while (next <= read.upTo().index() && bytes < READ_BYTES) {
      EntryBatch batch = recent.recent(next);
      batches.add(batch);
      bytes += batch.body().length();
      next = batch.lastIndex() + 1;
    }
    return batches;
  }

  /** In the background. A journal that can't be read stops the node, as for any other reader. */
  private Runnable answer(Read read, List<EntryBatch> recent, Database database, long copy) {
    List<EntryBatch> batches = recent == null ? fromJournal(read, copy) : recent;
    try {
      TailPage page = new TailPage(database, read.leader().id().number(), read.from());
      fill(page, read, batches);
      return () -> give(read, page);
    } catch (RuntimeException e) {
      LOG.warn("partition={} can't be tailed from {}", read.leader().id(), read.from(), e);
      return () -> refuse(read.delivery(), "ERR TAIL: an entry can't be shown: " + e.getMessage());
    }
  }

  private List<EntryBatch> fromJournal(Read read, long copy) {
    List<EntryBatch> batches = new ArrayList<>();
    NodeReplicas.readBatches(loop.journal(), copy, read.from().index() + 1, READ_BYTES, batches);
    return batches;
  }

  private static void fill(TailPage page, Read read, List<EntryBatch> batches) {
    long after = read.upTo().index() + 1;
    boolean takesMore = true;
    for (EntryBatch batch : batches) {
      if (takesMore && batch.firstIndex() < after) {
        EntryBatch given = batch.lastIndex() < after ? batch : batch.before(after);
        takesMore = page.add(given, read.query().count());
      }
    }
  }

  /** Answers, if this leader still leads, and with its lease. */
  private void give(Read read, TailPage page) {
    PartitionReplica leader = read.leader();
    if (leader.isGoing() || !leader.machine().isLeader() || leader.epoch() != read.epoch()) {
      refuse(read.delivery(), leader.lostLeadership().ofRead());
      return;
    }
    ReplyWriter reply = new ReplyWriter();
    reply.array(3);
    reply.bulkText(page.next().toString());
    reply.bulkText(read.upTo().toString());
    reply.array(page.lines().size());
    page.lines().forEach(reply::bulk);
    deliver(leader, read.upTo(), reply.toArray(), read.delivery());
  }

  /** As a read does, it leaves if the lease holds then: a deposed leader knows no history. */
  private void deliver(
      PartitionReplica leader, Position committed, byte[] reply, Delivery delivery) {
    leader.runAsLeader(cells -> {});
    Answer by = Answer.byLeader(loop.self(), committed);
    asyncReplies.add(leader, reply, told -> delivery.deliver(by, told));
  }

  private static void refuse(Delivery delivery, String error) {
    delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
  }
}
