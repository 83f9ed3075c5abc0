package io.trefoil.command;

import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.LOADING;
import static io.trefoil.command.Flag.NOSCRIPT;
import static io.trefoil.command.Flag.PUBSUB;
import static io.trefoil.command.Flag.STALE;

import io.trefoil.command.Command.Row;
import java.util.List;

/** Rows of publishing and subscribing, which the node runs: no database is concerned. */
final class PubSubCommands {
  private static final String EACH = "O(N) where N is the number of channels";
  private static final String NAMES = "O(N) where N is the number of active channels";

  private PubSubCommands() {}

  static List<Command> rows() {
    return List.of(
        row("subscribe", -2, "2.0.0", EACH, "Listen for messages published to the given channels")
            .flags(PUBSUB, NOSCRIPT, LOADING, STALE)
            .whileListening()
            .differs(Difference.SUBSCRIBED_NAMES, Difference.NOT_IN_TRANSACTIONS)
            .onNode(),
        row("unsubscribe", -1, "2.0.0", EACH, "Stop listening to the given channels, or to all")
            .flags(PUBSUB, NOSCRIPT, LOADING, STALE)
            .whileListening()
            .differs(Difference.NOT_IN_TRANSACTIONS)
            .onNode(),
        row(
                "psubscribe",
                -2,
                "2.0.0",
                "O(N) where N is the number of patterns",
                "Listen for messages published to channels matching the given patterns")
            .flags(PUBSUB, NOSCRIPT, LOADING, STALE)
            .whileListening()
            .differs(
                Difference.SUBSCRIBED_NAMES,
                Difference.PATTERN_ORDER,
                Difference.NOT_IN_TRANSACTIONS)
            .onNode(),
        row(
                "punsubscribe",
                -1,
                "2.0.0",
                "O(N) where N is the number of patterns",
                "Stop listening to channels matching the given patterns, or any")
            .flags(PUBSUB, NOSCRIPT, LOADING, STALE)
            .whileListening()
            .differs(Difference.NOT_IN_TRANSACTIONS)
            .onNode(),
        row(
                "publish",
                3,
                "2.0.0",
                "O(N+M) where N is the number of subscribers, M that of subscribed patterns",
                "Post a message to a channel, to its subscribers on all nodes")
            .flags(PUBSUB, LOADING, STALE, FAST)
            .differs(Difference.ALL_NODES, Difference.NOT_IN_TRANSACTIONS)
            .onNode(),
        row("ssubscribe", -2, "7.0.0", EACH, "Listen for messages published to shard channels")
            .flags(PUBSUB, NOSCRIPT, LOADING, STALE)
            .keys(1, -1, 1)
            .reach(Reach.NOTHING)
            .whileListening()
            .differs(Difference.SUBSCRIBED_NAMES, Difference.NOT_IN_TRANSACTIONS)
            .onNode(),
        row("sunsubscribe", -1, "7.0.0", EACH, "Stop listening to shard channels, or to all")
            .flags(PUBSUB, NOSCRIPT, LOADING, STALE)
            .keys(1, -1, 1)
            .reach(Reach.NOTHING)
            .whileListening()
            .differs(Difference.NOT_IN_TRANSACTIONS)
            .onNode(),
        row(
                "spublish",
                3,
                "7.0.0",
                "O(N) where N is the number of subscribers",
                "Post a message to a shard channel, to its subscribers on all nodes")
            .flags(PUBSUB, LOADING, STALE, FAST)
            .keys(1, 1, 1)
            .reach(Reach.NOTHING)
            .differs(
                Difference.ALL_NODES, Difference.SHARDS_EVERYWHERE, Difference.NOT_IN_TRANSACTIONS)
            .onNode(),
        row("pubsub", -2, "2.8.0", "Depends on subcommand.", "A container for Pub/Sub commands")
            .container(pubSubRows()));
  }

  private static List<Command> pubSubRows() {
    return List.of(
        told("channels", -2, "2.8.0", NAMES, "List active channels of all nodes"),
        told(
            "numpat",
            2,
            "2.8.0",
            "O(N) where N is the number of patterns",
            "Get the count of patterns subscribed to on any node"),
        told("numsub", -2, "2.8.0", EACH, "Get the count of subscribers for channels"),
        told("shardchannels", -2, "7.0.0", NAMES, "List active shard channels of all nodes"),
        told("shardnumsub", -2, "7.0.0", EACH, "Get the count of subscribers for shard channels"),
        row("pubsub|help", 2, "6.2.0", "O(1)", Help.SUMMARY)
            .flags(LOADING, STALE)
            .onConnection(
                Help.of(
                    "PUBSUB",
                    "CHANNELS [<pattern>]",
                    "    Return the currently active channels matching a <pattern> (default: '*').",
                    "NUMPAT",
                    "    Return number of subscriptions to patterns.",
                    "NUMSUB [<channel> ...]",
                    "    Return the number of subscribers for the specified channels, excluding",
                    "    pattern subscriptions(default: no channels).",
                    "SHARDCHANNELS [<pattern>]",
                    "    Return the currently active shard level channels matching a <pattern>"
                        + " (default: '*').",
                    "SHARDNUMSUB [<shardchannel> ...]",
                    "    Return the number of subscribers for the specified shard level"
                        + " channel(s)")));
  }

  private static Command told(String name, int arity, String since, String cost, String summary) {
    return row("pubsub|" + name, arity, since, cost, summary)
        .flags(PUBSUB, LOADING, STALE)
        .differs(Difference.ALL_NODES, Difference.NOT_IN_TRANSACTIONS)
        .onNode();
  }

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.PUBSUB, since, cost, summary);
  }
}
