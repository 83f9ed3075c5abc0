package io.trefoil.node;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.command.Command;
import io.trefoil.command.Glob;
import io.trefoil.node.Subscriptions.Kind;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import io.trefoil.resp.ReplyWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Publishing and subscribing over the whole cluster. A client is subscribed at the node that it is
 * connected to, and nowhere else is that known: who publishes asks all nodes that are connected to
 * deliver. So a subscription that was answered gets what is published anywhere from then on.
 *
 * <p>Delivery is at most once: a node that is away misses what is published meanwhile, and its
 * subscribers do. Belongs to the data loop's thread.
 */
final class PubSub {
  /** Names that one connection may be subscribed to, and their size together. */
  static final int MAX_NAMES = 100_000;

  static final long MAX_NAME_BYTES = 16L << 20;

  /** The names of one answer; it is made in memory. */
  private static final long MAX_ANSWER_BYTES = 128L << 20;

  private static final String ANSWER_TOO_LARGE =
      "ERR the names are more than 128 MB together, too much for one reply; ask with a pattern";

  private final DataLoop loop;
  private final OtherNodes others;
  private final Subscriptions<ClientConnection> subscriptions = new Subscriptions<>();
  private final PublishOrder order = new PublishOrder();
  private long lastNumber;

  /**
   * @param nodes all of the cluster
   */
  PubSub(DataLoop loop, Forwards forwards, Supplier<? extends Iterable<NodeId>> nodes) {
    this.loop = loop;
    this.others = new OtherNodes(way(forwards), loop.self(), nodes);
  }

  private static OtherNodes.Way way(Forwards forwards) {
    return new OtherNodes.Way() {
      @Override
      public boolean canReach(NodeId node) {
        return forwards.canReach(node);
      }

      @Override
      public void send(NodeId node, Args args, long deadlineNanos, Consumer<Reply> receiver) {
        forwards.sendTo(node, 2, false, args, deadlineNanos, KeyWalk.read(receiver));
      }
    };
  }

  /** Runs a client's command. */
  void run(Command command, Args args, ClientConnection connection) {
    switch (command.name()) {
      case "subscribe", "psubscribe", "ssubscribe" ->
          subscribe(kind(command), command.name(), args, connection);
      case "unsubscribe", "punsubscribe", "sunsubscribe" ->
          unsubscribe(kind(command), command.name(), args, connection);
      case "publish", "spublish" -> publish(kind(command), args, connection);
      default -> ask(command, args, connection);
    }
  }

  private static Kind kind(Command command) {
    return switch (command.name()) {
      case "psubscribe", "punsubscribe", "pubsub|numpat" -> Kind.PATTERN;
      case "ssubscribe", "sunsubscribe", "spublish", "pubsub|shardchannels", "pubsub|shardnumsub" ->
          Kind.SHARD_CHANNEL;
      default -> Kind.CHANNEL;
    };
  }

  // Subscribing.

  private void subscribe(Kind kind, String word, Args args, ClientConnection connection) {
    String refusal = refusal(args, connection);
    if (refusal != null) {
      NodeCommandRunner.now(connection, reply -> reply.error(refusal));
      return;
    }
    ReplyWriter reply = connection.replies().writer();
    int start = reply.size();
    for (int i = 1; i < args.count(); i++) {
      byte[] name = args.copy(i);
      subscriptions.add(connection, kind, Bytes.wrap(name));
      confirm(word, name, count(connection, kind), reply);
    }
    changed(connection);
    connection.confirmed(start);
  }

  /** Why a connection may not subscribe to so much more, or null. */
  private String refusal(Args args, ClientConnection connection) {
    long bytes = subscriptions.bytes(connection);
    for (int i = 1; i < args.count(); i++) {
      bytes += args.length(i);
    }
    int names = args.count() - 1;
    for (Kind kind : Kind.values()) {
      names += subscriptions.count(connection, kind);
    }
    return names > MAX_NAMES || bytes > MAX_NAME_BYTES
        ? "ERR a connection subscribes to at most "
            + MAX_NAMES
            + " channels and patterns, of "
            + (MAX_NAME_BYTES >> 20)
            + " MB together"
        : null;
  }

  private void unsubscribe(Kind kind, String word, Args args, ClientConnection connection) {
    ReplyWriter reply = connection.replies().writer();
    int start = reply.size();
    List<Bytes> names = new ArrayList<>();
    for (int i = 1; i < args.count(); i++) {
      names.add(Bytes.wrap(args.copy(i)));
    }
    if (args.count() == 1) {
      names.addAll(subscriptions.of(connection, kind));
    }
    for (Bytes name : names) {
      subscriptions.remove(connection, kind, name);
      confirm(word, name.array(), count(connection, kind), reply);
    }
    if (names.isEmpty()) {
      confirm(word, null, count(connection, kind), reply);
    }
    changed(connection);
    connection.confirmed(start);
  }

  /** What a confirmation counts: channels and patterns are counted together. */
  private int count(ClientConnection connection, Kind kind) {
    return kind == Kind.SHARD_CHANNEL
        ? subscriptions.count(connection, kind)
        : subscriptions.count(connection, Kind.CHANNEL)
            + subscriptions.count(connection, Kind.PATTERN);
  }

  private static void confirm(String word, byte[] name, int count, ReplyWriter reply) {
    reply.push(3);
    reply.bulkText(word);
    if (name == null) {
      reply.nil();
    } else {
      reply.bulk(name);
    }
    reply.integer(count);
  }

  private void changed(ClientConnection connection) {
    connection
        .session()
        .setSubscriptions(
            subscriptions.count(connection, Kind.CHANNEL),
            subscriptions.count(connection, Kind.PATTERN),
            subscriptions.count(connection, Kind.SHARD_CHANNEL));
  }

  /** Ends all that a connection has subscribed to, without a word to it. */
  void leaveAll(ClientConnection connection) {
    subscriptions.removeAll(connection);
    changed(connection);
  }

  // Publishing.

  private void publish(Kind kind, Args args, ClientConnection connection) {
    long here = deliver(kind, args);
    if (!others.any()) {
      NodeCommandRunner.now(connection, reply -> reply.integer(here));
      return;
    }
    // Who publishes faster than others take it waits for them.
    Delivery delivery = others.areBusy() ? connection.awaitAlone() : connection.await();
    others.ask(
        numbered(args),
        loop.nowNanos(),
        replies -> {
          long there = replies.stream().mapToLong(PubSub::whole).sum();
          delivery.deliver(Answer.NONE, encoded(2, reply -> reply.integer(here + there)));
        });
  }

  /** A message for other nodes, which deliver those of this process in their order only. */
  private Args numbered(Args args) {
    return Args.of(
        args.copy(0),
        args.copy(1),
        args.copy(2),
        decimal(loop.self().number()),
        decimal(loop.incarnation()),
        decimal(++lastNumber));
  }

  private static byte[] decimal(long number) {
    return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
  }

  private boolean isInOrder(Args args) {
    long[] numbers = new long[3];
    for (int i = 0; i < numbers.length; i++) {
      if (i + 3 >= args.count() || !args.parseLong(i + 3)) {
        return false;
      }
      numbers[i] = args.parsed();
    }
    return order.admits(numbers[0], numbers[1], numbers[2]);
  }

  private static long whole(Reply reply) {
    return reply instanceof Reply.Whole number ? number.value() : 0;
  }

  private static byte[] encoded(int protocol, Consumer<ReplyWriter> writing) {
    return Push.of(protocol, 64, writing).bytes();
  }

  /**
   * Delivers a message to the subscribers here.
   *
   * @return how many got it; one who is subscribed in several ways counts, and gets it, several
   *     times
   */
  private long deliver(Kind kind, Args args) {
    Bytes channel = Bytes.wrap(args.copy(1));
    String word = kind == Kind.SHARD_CHANNEL ? "smessage" : "message";
    long[] count = {deliver(subscriptions.subscribers(kind, channel), word, null, args)};
    if (kind == Kind.CHANNEL) {
      subscriptions.matching(
          channel, (pattern, some) -> count[0] += deliver(some, "pmessage", pattern.array(), args));
    }
    return count[0];
  }

  private static int deliver(
      Collection<ClientConnection> subscribers, String word, byte[] pattern, Args args) {
    Push[] pushes = new Push[2]; // for RESP2 and RESP3
    for (ClientConnection each : subscribers) {
      int protocol = each.session().protocol();
      if (pushes[protocol - 2] == null) {
        int capacity = args.length(1) + args.length(2) + 128;
        pushes[protocol - 2] =
            Push.of(protocol, capacity, writer -> write(word, pattern, args, writer));
      }
      each.tell(pushes[protocol - 2]);
    }
    return subscribers.size();
  }

  private static void write(String word, byte[] pattern, Args args, ReplyWriter writer) {
    writer.push(pattern == null ? 3 : 4);
    writer.bulkText(word);
    if (pattern != null) {
      writer.bulk(pattern);
    }
    writer.bulk(args.array(), args.offset(1), args.length(1));
    writer.bulk(args.array(), args.offset(2), args.length(2));
  }

  // PUBSUB.

  /** Puts together what all nodes know. */
  private void ask(Command command, Args args, ClientConnection connection) {
    if (command.name().endsWith("channels") && args.count() > 3) {
      String error =
          "ERR unknown subcommand or wrong number of arguments for '"
              + args.latin1(1)
              + "'. Try PUBSUB HELP.";
      NodeCommandRunner.now(connection, reply -> reply.error(error));
      return;
    }
    Args kept = args.detached();
    int protocol = connection.session().protocol();
    Delivery delivery = connection.await();
    others.ask(
        kept,
        loop.nowNanos(),
        replies -> {
          List<Reply> all = new ArrayList<>(replies);
          all.add(0, ReplyReader.read(known(command, kept)));
          delivery.deliver(
              Answer.NONE, encoded(protocol, reply -> together(command, kept, all, reply)));
        });
  }

  /** What is known here: names, but for {@code NUMSUB} and its like, which have numbers, too. */
  private byte[] known(Command command, Args args) {
    Kind kind = kind(command);
    if (command.name().endsWith("numsub")) {
      return encoded(2, reply -> counts(kind, args, reply));
    }
    boolean all = command.name().endsWith("numpat") || args.count() == 2;
    Glob glob = all ? null : Glob.of(args, 2);
    List<Bytes> names =
        subscriptions.names(kind).stream()
            .filter(name -> all || glob.matches(name.array(), 0, name.length()))
            .toList();
    return encoded(2, reply -> write(names, reply));
  }

  private void counts(Kind kind, Args args, ReplyWriter reply) {
    reply.array(args.count() - 2);
    for (int i = 2; i < args.count(); i++) {
      reply.integer(subscriptions.subscribers(kind, Bytes.wrap(args.copy(i))).size());
    }
  }

  private static void write(Collection<Bytes> names, ReplyWriter reply) {
    long bytes = names.stream().mapToLong(Bytes::length).sum();
    if (bytes > MAX_ANSWER_BYTES) {
      reply.error(ANSWER_TOO_LARGE);
      return;
    }
    reply.array(names.size());
    names.forEach(name -> reply.bulk(name.array()));
  }

  private static void together(Command command, Args args, List<Reply> all, ReplyWriter reply) {
    if (all.contains(new Reply.Failure(ANSWER_TOO_LARGE))) {
      reply.error(ANSWER_TOO_LARGE);
      return;
    }
    List<Reply.Several> known =
        all.stream()
            .filter(Reply.Several.class::isInstance)
            .map(Reply.Several.class::cast)
            .toList();
    if (command.name().endsWith("numsub")) {
      sums(args, known, reply);
      return;
    }
    Set<Bytes> names = new LinkedHashSet<>();
    known.forEach(some -> some.items().forEach(item -> names.add(((Reply.Bulk) item).bytes())));
    if (command.name().endsWith("numpat")) {
      reply.integer(names.size());
    } else {
      write(names, reply);
    }
  }

  private static void sums(Args args, List<Reply.Several> known, ReplyWriter reply) {
    reply.array(2 * (args.count() - 2));
    for (int i = 2; i < args.count(); i++) {
      int at = i - 2;
      reply.bulk(args.array(), args.offset(i), args.length(i));
      reply.integer(known.stream().mapToLong(some -> whole(some.items().get(at))).sum());
    }
  }

  // For other nodes.

  /** Runs a command that another node sent to all. */
  void runHere(Command command, Args args, Delivery delivery) {
    if (command.name().startsWith("pubsub|")) {
      delivery.deliver(Answer.NONE, known(command, args));
    } else if (command.name().endsWith("publish")) {
      long count = isInOrder(args) ? deliver(kind(command), args) : 0;
      delivery.deliver(Answer.NONE, encoded(2, reply -> reply.integer(count)));
    } else {
      String error = "ERR " + command.upperName() + " is not forwarded";
      delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
    }
  }

  void tick() {
    others.tick(loop.nowNanos());
  }

  // For INFO.

  /** How many names of a kind clients of this node are subscribed to. */
  int count(Kind kind) {
    return subscriptions.names(kind).size();
  }
}
