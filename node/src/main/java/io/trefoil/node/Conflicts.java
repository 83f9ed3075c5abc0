package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Database;
import io.trefoil.node.FoundConflict.Text;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * {@code CONFLICTS}: which values were hidden by merging what regions wrote without seeing each
 * other's. The node that a client asks asks those that lead the database's partitions, for what
 * their replicas recorded. Between nodes, the ids of partitions, with commas, stand for the
 * database. Belongs to the data loop's thread.
 */
final class Conflicts {
  static final List<String> HELP =
      List.of(
          "CONFLICTS <database> [KEY <pattern>] [REGION <region>] [SINCE <ms>] [COUNT <n>]",
          "    Show values that were hidden, the newest first: of keys that match the pattern,",
          "    written in the region, hidden since a time in milliseconds since 1970; 100, or n.",
          "CONFLICTS COUNT <database>",
          "    Tell how many values were hidden, and how many of them are kept.",
          "CONFLICTS HELP",
          "    Print this help.");

  private static final long ASK_NANOS = 3_000_000_000L;

  private final DataLoop loop;
  private final Routes routes;
  private final Forwards forwards;
  private final Supplier<ClusterState> state;
  private final ConflictLog log;

  Conflicts(
      DataLoop loop,
      Routes routes,
      Forwards forwards,
      Supplier<ClusterState> state,
      ConflictLog log) {
    this.loop = loop;
    this.routes = routes;
    this.forwards = forwards;
    this.state = state;
    this.log = log;
  }

  /** Runs a client's command. */
  void run(Args args, int protocol, Delivery delivery) {
    if (args.count() == 2 && args.isWord(1, "HELP")) {
      ReplyWriter reply = writer(protocol);
      reply.array(HELP.size());
      HELP.forEach(reply::simple);
      deliver(reply, delivery);
    } else if (isCount(args)) {
      count(args.text(2), protocol, delivery);
    } else {
      list(args, protocol, delivery);
    }
  }

  /** Filters come in pairs: so no database called "count" is in the way. */
  private static boolean isCount(Args args) {
    return args.count() == 3 && args.isWord(1, "COUNT");
  }

  /** Answers another node, about partitions that this one led when it asked. */
  void answer(Args args, Delivery delivery) {
    boolean counts = isCount(args);
    List<PartitionId> ids = partitions(args.text(counts ? 2 : 1));
    ConflictQuery.Parsed parsed = ConflictQuery.parse(args, counts ? 3 : 2);
    if (ids == null || parsed.error() != null) {
      refuse(delivery, "ERR CONFLICTS is not asked so by a node of this version");
      return;
    }
    ReplyWriter reply = writer(3);
    if (counts) {
      ConflictLog.Counts all =
          ids.stream().map(log::counts).reduce(ConflictLog.Counts.NONE, ConflictLog.Counts::plus);
      reply.array(3);
      reply.integer(all.recorded());
      reply.integer(all.kept());
      reply.integer(all.notWritten());
    } else {
      List<ConflictRecord> found = newest(ids, parsed.query());
      reply.array(found.size());
      found.forEach(each -> describe(each, reply));
    }
    deliver(reply, delivery);
  }

  private List<ConflictRecord> newest(List<PartitionId> ids, ConflictQuery query) {
    return ids.stream()
        .flatMap(id -> log.newest(id, query, query.count()).stream())
        .sorted(Comparator.comparingLong(ConflictRecord::whenMillis).reversed())
        .limit(query.count())
        .toList();
  }

  /** Null when it is no list of them. */
  private static List<PartitionId> partitions(String text) {
    List<PartitionId> ids = new ArrayList<>();
    for (String each : text.split(",")) {
      if (!each.matches("\\d{1,9}/\\d{1,9}")) {
        return null;
      }
      String[] numbers = each.split("/");
      ids.add(new PartitionId(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1])));
    }
    return ids;
  }

  // Asking.

  private void list(Args args, int protocol, Delivery delivery) {
    ConflictQuery.Parsed parsed = ConflictQuery.parse(args, 2);
    Database database = find(args.text(1), delivery);
    if (database == null) {
      return;
    }
    String error = parsed.error() == null ? wrongRegion(parsed.query(), database) : parsed.error();
    if (error != null) {
      refuse(delivery, error);
      return;
    }
    List<byte[]> filters = new ArrayList<>();
    for (int i = 2; i < args.count(); i++) {
      filters.add(args.copy(i));
    }
    int count = parsed.query().count();
    ask(
        database,
        partitions -> command(List.of(), partitions, filters),
        delivery,
        replies -> deliver(merged(replies, count, protocol), delivery));
  }

  private static String wrongRegion(ConflictQuery query, Database database) {
    List<String> regions = database.settings().regions().names();
    return query.region() == null || regions.contains(query.region())
        ? null
        : "ERR CONFLICTS: '"
            + ConflictQuery.printable(query.region())
            + "' is no region of database '"
            + database.title()
            + "'; its regions are "
            + String.join(", ", regions);
  }

  private static ReplyWriter merged(List<Reply> replies, int count, int protocol) {
    List<Reply.Several> found = new ArrayList<>();
    for (Reply reply : replies) {
      ((Reply.Several) reply).items().forEach(each -> found.add((Reply.Several) each));
    }
    found.sort(Comparator.comparingLong(Conflicts::whenMillis).reversed());
    int shown = Math.min(found.size(), count);
    ReplyWriter reply = writer(protocol);
    reply.array(shown);
    found.subList(0, shown).forEach(each -> Reply.write(each, reply));
    return reply;
  }

  private void count(String name, int protocol, Delivery delivery) {
    Database database = find(name, delivery);
    if (database == null) {
      return;
    }
    ask(
        database,
        partitions -> command(List.of(utf8("COUNT")), partitions, List.of()),
        delivery,
        replies -> {
          ReplyWriter reply = writer(protocol);
          reply.map(4);
          Divergences.text(reply, "database", database.title());
          Divergences.number(reply, "recorded", sum(replies, 0));
          Divergences.number(reply, "kept", sum(replies, 1));
          Divergences.number(reply, "not_written", sum(replies, 2));
          deliver(reply, delivery);
        });
  }

  private static long sum(List<Reply> replies, int item) {
    return replies.stream()
        .mapToLong(reply -> ((Reply.Whole) ((Reply.Several) reply).items().get(item)).value())
        .sum();
  }

  /** A database with several leaders; else refuses, and returns null. */
  private Database find(String name, Delivery delivery) {
    Database database = state.get().database(name).orElse(null);
    if (database == null) {
      refuse(delivery, "ERR there is no database '" + ConflictQuery.printable(name) + "'");
    } else if (database.settings().isLeaderless()) {
      refuse(delivery, needsLeaders(database, "leaderless: SIBLINGS shows the values of a key"));
    } else if (!database.settings().isMultiLeader()) {
      refuse(delivery, needsLeaders(database, "single-leader"));
    } else {
      return database;
    }
    return null;
  }

  private static String needsLeaders(Database database, String what) {
    return "UNSUPPORTED CONFLICTS needs several leaders; database '"
        + database.title()
        + "' is "
        + what;
  }

  /** What a node is asked of some partitions. */
  private interface Question {
    Args about(String partitions);
  }

  /** All answers are gathered, or the client hears which is lacking. */
  private void ask(
      Database database, Question question, Delivery delivery, Consumer<List<Reply>> then) {
    SortedMap<NodeId, List<PartitionId>> led = new TreeMap<>();
    for (PartitionRoute route : routes.database(database.number()).partitions()) {
      if (route.leader() == null) {
        refuse(delivery, Failures.noLeader(route.terms()));
        return;
      }
      led.computeIfAbsent(route.leader(), node -> new ArrayList<>()).add(route.id());
    }
    List<Reply> replies = new ArrayList<>();
    boolean[] refused = {false};
    led.forEach(
        (node, ids) -> {
          String partitions =
              ids.stream().map(PartitionId::toString).collect(Collectors.joining(","));
          Consumer<Reply> receiver =
              reply -> {
                replies.add(reply);
                if (reply instanceof Reply.Failure failure && !refused[0]) {
                  refused[0] = true;
                  refuse(delivery, failure.text());
                } else if (replies.size() == led.size() && !refused[0]) {
                  then.accept(replies);
                }
              };
          ask(node, question.about(partitions), receiver);
        });
  }

  private void ask(NodeId node, Args question, Consumer<Reply> receiver) {
    if (node.equals(loop.self())) {
      answer(question, KeyWalk.read(receiver));
    } else if (forwards.canReach(node)) {
      long deadline = loop.nowNanos() + ASK_NANOS;
      forwards.sendTo(node, 3, false, question, deadline, KeyWalk.read(receiver));
    } else {
      receiver.accept(
          new Reply.Failure("CLUSTERDOWN " + node + ", which leads a partition, is not connected"));
    }
  }

  private static Args command(List<byte[]> before, String partitions, List<byte[]> after) {
    List<byte[]> words = new ArrayList<>();
    words.add(utf8("CONFLICTS"));
    words.addAll(before);
    words.add(utf8(partitions));
    words.addAll(after);
    return Args.of(words.toArray(byte[][]::new));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  // Replies.

  private static void describe(ConflictRecord conflict, ReplyWriter reply) {
    reply.map(10);
    Divergences.number(reply, "when_ms", conflict.whenMillis());
    Divergences.text(reply, "id", conflict.id());
    Divergences.text(reply, "database", conflict.database());
    Divergences.number(reply, "partition", conflict.partition().number());
    bytes(reply, "key", conflict.key());
    Divergences.number(reply, "key_bytes", conflict.key().length());
    bytes(reply, "field", conflict.field());
    Divergences.text(reply, "rule", conflict.rule());
    side(reply, "winner", conflict.winner());
    side(reply, "loser", conflict.loser());
  }

  private static void side(ReplyWriter reply, String name, ConflictRecord.Side side) {
    reply.bulkText(name);
    reply.map(5);
    Divergences.text(reply, "type", side.type());
    bytes(reply, "value", side.value());
    Divergences.number(reply, "bytes", side.value().length());
    Divergences.text(reply, "region", side.region());
    Divergences.number(reply, "time_ms", side.timeMillis());
  }

  private static void bytes(ReplyWriter reply, String name, Text text) {
    reply.bulkText(name);
    if (text == null) {
      reply.nil();
    } else {
      reply.bulk(text.begin().array());
    }
  }

  /** Of what {@link #describe} wrote. */
  private static long whenMillis(Reply.Several conflict) {
    return ((Reply.Whole) conflict.items().get(1)).value();
  }

  private static ReplyWriter writer(int protocol) {
    ReplyWriter reply = new ReplyWriter();
    reply.setProtocol(protocol);
    return reply;
  }

  private static void deliver(ReplyWriter reply, Delivery delivery) {
    delivery.deliver(Answer.NONE, reply.toArray());
  }

  private static void refuse(Delivery delivery, String error) {
    Divergences.refuse(delivery, error);
  }
}
