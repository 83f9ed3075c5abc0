package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Database;
import io.trefoil.control.PartitionState;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * {@code REPAIR STATUS} and {@code REPAIR RUN}: has every node that holds replicas of leaderless
 * databases answer for its own, and puts the answers together. Belongs to the data loop's thread.
 */
final class Repairs {
  private static final long STATUS_NANOS = 3_000_000_000L;

  /** How long rounds may take before the answer says that they go on. */
  private static final long RUN_NANOS = 60_000_000_000L;

  /** Of this node's replicas, for whatever client: each more is refused. */
  private static final int MAX_RUNS = 16;

  private final DataLoop loop;
  private final Routes routes;
  private final Forwards forwards;
  private final Supplier<ClusterState> state;
  private final List<Running> running = new ArrayList<>();

  private record Running(RepairRun run, long deadlineNanos, int protocol, Delivery delivery) {}

  Repairs(DataLoop loop, Routes routes, Forwards forwards, Supplier<ClusterState> state) {
    this.loop = loop;
    this.routes = routes;
    this.forwards = forwards;
    this.state = state;
  }

  // For a client.

  /**
   * Runs a client's command.
   *
   * @param args {@code REPAIR STATUS [database]} or {@code REPAIR RUN [database]}
   */
  void run(Args args, int protocol, Delivery delivery) {
    String problem = problem(args);
    if (problem != null) {
      refuse(delivery, problem);
    } else if (args.isWord(1, "RUN")) {
      askAll(
          args,
          RUN_NANOS + STATUS_NANOS,
          (all, silent) -> writeTotals(all, silent, protocol, delivery));
    } else {
      askAll(args, STATUS_NANOS, (all, silent) -> writeStatus(all, silent, protocol, delivery));
    }
  }

  /** Why a command can't be run, or null. */
  private String problem(Args args) {
    if (args.count() > 3) {
      return "ERR REPAIR "
          + args.text(1).toUpperCase(Locale.ROOT)
          + " is followed by one database, or by nothing for all that are leaderless";
    }
    if (args.count() == 2) {
      return null;
    }
    Database database = state.get().database(args.text(2)).orElse(null);
    if (database == null) {
      return "ERR there is no database '" + args.text(2) + "'";
    }
    return database.settings().isLeaderless()
        ? null
        : "UNSUPPORTED REPAIR is for leaderless databases; database '"
            + database.title()
            + "' has leaders, which bring their followers what they lack";
  }

  /**
   * @param then gets the replies, and of nodes that did not answer why
   */
  private void askAll(
      Args args, long patienceNanos, BiConsumer<List<Reply>, SortedMap<String, String>> then) {
    List<Reply> replies = new ArrayList<>();
    SortedMap<String, String> silent = new TreeMap<>();
    SortedSet<NodeId> holders = holders(args);
    int[] awaited = {holders.size()};
    if (holders.isEmpty()) {
      then.accept(replies, silent);
    }
    for (NodeId node : holders) {
      Consumer<Reply> receiver =
          reply -> {
            if (reply instanceof Reply.Several) {
              replies.add(reply);
            } else {
              silent.put(name(node), reply instanceof Reply.Failure no ? no.text() : "no answer");
            }
            if (--awaited[0] == 0) {
              then.accept(replies, silent);
            }
          };
      ask(node, args, patienceNanos, receiver);
    }
  }

  private void ask(NodeId node, Args args, long patienceNanos, Consumer<Reply> receiver) {
    if (node.equals(loop.self())) {
      runHere(args, 3, KeyWalk.read(receiver));
    } else if (forwards.canReach(node)) {
      long deadline = loop.nowNanos() + patienceNanos;
      forwards.sendTo(node, 3, false, args, deadline, KeyWalk.read(receiver));
    } else {
      receiver.accept(new Reply.Failure("it is not connected"));
    }
  }

  /** The nodes that are to have replicas. */
  private SortedSet<NodeId> holders(Args args) {
    SortedSet<NodeId> holders = new TreeSet<>();
    for (PartitionState partition : state.get().partitions().values()) {
      if (partition.isLeaderless() && isAskedFor(args, partition.id().database())) {
        holders.addAll(partition.everyone());
      }
    }
    return holders;
  }

  private boolean isAskedFor(Args args, int databaseId) {
    return args.count() == 2
        || state.get().database(args.text(2)).stream().anyMatch(each -> each.id() == databaseId);
  }

  private String name(NodeId node) {
    ClusterNode known = state.get().nodes().get(node);
    return known == null ? node.toString() : known.name();
  }

  private static void writeTotals(
      List<Reply> replies, SortedMap<String, String> silent, int protocol, Delivery delivery) {
    RepairTotals totals = RepairTotals.NONE;
    for (Reply each : replies) {
      RepairTotals own = RepairTotals.read(each);
      totals = own == null ? totals : totals.plus(own);
    }
    ReplyWriter reply = writer(protocol);
    reply.map(RepairTotals.FIELDS + 1);
    totals.writeFields(reply);
    writeSilent(silent, reply);
    delivery.deliver(Answer.NONE, reply.toArray());
  }

  private static void writeStatus(
      List<Reply> replies, SortedMap<String, String> silent, int protocol, Delivery delivery) {
    List<Reply> replicas = new ArrayList<>();
    for (Reply each : replies) {
      replicas.addAll(((Reply.Several) each).items());
    }
    ReplyWriter reply = writer(protocol);
    reply.map(2);
    reply.bulkText("replicas");
    reply.array(replicas.size());
    replicas.forEach(each -> Reply.write(each, reply));
    writeSilent(silent, reply);
    delivery.deliver(Answer.NONE, reply.toArray());
  }

  private static void writeSilent(SortedMap<String, String> silent, ReplyWriter reply) {
    reply.bulkText("silent_nodes");
    reply.array(silent.size());
    silent.forEach(
        (node, reason) -> {
          reply.map(2);
          reply.bulkText("node");
          reply.bulkText(node);
          reply.bulkText("reason");
          reply.bulkText(reason);
        });
  }

  private static ReplyWriter writer(int protocol) {
    ReplyWriter reply = new ReplyWriter();
    reply.setProtocol(protocol);
    return reply;
  }

  private static void refuse(Delivery delivery, String error) {
    delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
  }

  // For this node's own replicas.

  /** Answers for this node, whoever asked which node. */
  void runHere(Args args, int protocol, Delivery delivery) {
    String problem = problem(args);
    if (problem != null) {
      refuse(delivery, problem);
    } else if (args.isWord(1, "STATUS")) {
      ReplyWriter reply = writer(protocol);
      new RepairStatus(this::name, loop.nowNanos() / 1_000_000, loop.wallMillis())
          .write(loop.self(), replicas(args), reply);
      delivery.deliver(Answer.NONE, reply.toArray());
    } else if (running.size() >= MAX_RUNS) {
      refuse(delivery, "TRYAGAIN " + name(loop.self()) + " repairs for others already");
    } else {
      RepairRun run = new RepairRun(replicas(args).stream().map(this::toRun).toList());
      running.add(new Running(run, loop.nowNanos() + RUN_NANOS, protocol, delivery));
    }
  }

  private RepairRun.Replica toRun(QuorumReplica replica) {
    return RepairRun.Replica.of(
        replica,
        () -> {
          PartitionRoute route = routes.partition(replica.id());
          return route != null && route.coordinator() == replica;
        });
  }

  private List<QuorumReplica> replicas(Args args) {
    return routes.partitions().stream()
        .filter(route -> route.coordinator() != null && isAskedFor(args, route.id().database()))
        .map(PartitionRoute::coordinator)
        .sorted(Comparator.comparing(QuorumReplica::id))
        .toList();
  }

  /** Answers the runs that have ended, or that take too long. */
  void tick() {
    for (Running each : List.copyOf(running)) {
      if (each.run().isDone() || loop.nowNanos() - each.deadlineNanos() >= 0) {
        running.remove(each);
        ReplyWriter reply = writer(each.protocol());
        reply.map(RepairTotals.FIELDS);
        each.run().totals().writeFields(reply);
        each.delivery().deliver(Answer.NONE, reply.toArray());
      }
    }
  }
}
