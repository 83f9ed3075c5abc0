package io.trefoil.command;

import static io.trefoil.command.Flag.ADMIN;
import static io.trefoil.command.Flag.ALLOW_BUSY;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.LOADING;
import static io.trefoil.command.Flag.NOSCRIPT;
import static io.trefoil.command.Flag.NO_ASYNC_LOADING;
import static io.trefoil.command.Flag.NO_MULTI;
import static io.trefoil.command.Flag.STALE;

import io.trefoil.command.Command.Row;
import java.util.List;

/** Rows of the commands that the node itself runs: they are about replicas, disks and processes. */
final class NodeCommands {
  private static final String OWN = "0.1.0";

  private NodeCommands() {}

  static List<Command> rows() {
    return List.of(
        row(
                "wait",
                3,
                Group.GENERIC,
                "3.0.0",
                "Wait for the replication of the connection's"
                    + " last write to a number of replicas")
            .flags(NOSCRIPT)
            .categories("connection")
            .differs(Difference.WAITS_FOR_FOLLOWERS, Difference.NOT_IN_TRANSACTIONS)
            .onNode(),
        row(
                "waitaof",
                4,
                Group.GENERIC,
                "7.2.0",
                "Wait until the connection's last write is"
                    + " synced here and on a number of replicas")
            .flags(NOSCRIPT)
            .categories("connection")
            .onNode(),
        row("role", 1, Group.SERVER, "2.8.12", "Return the role of the node for the database")
            .flags(NOSCRIPT, LOADING, STALE, FAST)
            .categories("admin", "dangerous")
            .differs(Difference.ROLE_OF_A_PARTITION)
            .onNode(),
        row("lastsave", 1, Group.SERVER, "1.0.0", "Get the UNIX time of the last write-out")
            .flags(LOADING, STALE, FAST)
            .categories("admin", "dangerous")
            .differs(Difference.LAST_WRITE_OUT)
            .onNode(),
        row("bgsave", -1, Group.SERVER, "1.0.0", "Write the memory table out to storage")
            .flags(ADMIN, NOSCRIPT, NO_ASYNC_LOADING)
            .differs(Difference.WRITE_OUT, Difference.NOT_IN_TRANSACTIONS)
            .onNode(),
        row(
                "shutdown",
                -1,
                Group.SERVER,
                "1.0.0",
                "Stop the node after handing its leaderships" + " over")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE, NO_MULTI, ALLOW_BUSY)
            .differs(Difference.STOPS_THE_NODE)
            .onNode(),
        row(
                "database",
                -2,
                Group.TREFOIL,
                OWN,
                "Create, alter, move, drop, list, explain and verify databases")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .onNode(),
        row("status", -1, Group.TREFOIL, OWN, "Show the cluster: nodes, partitions, leaders, lag")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .onNode(),
        row(
                "consistency",
                -2,
                Group.TREFOIL,
                OWN,
                "Choose what the connection's reads promise; tell what the last one achieved")
            .flags(NOSCRIPT, LOADING, STALE, FAST)
            .onNode(),
        new Row(
                "session",
                -2,
                Group.TREFOIL,
                OWN,
                "Depends on subcommand.",
                "A container for commands about what a session has seen")
            .container(
                List.of(
                    row("session|token", 2, Group.TREFOIL, OWN, "Tell what the connection has seen")
                        .flags(NOSCRIPT, LOADING, STALE)
                        .onNode(),
                    row(
                            "session|wait",
                            -3,
                            Group.TREFOIL,
                            OWN,
                            "Have the connection's reads show what another one has seen")
                        .flags(NOSCRIPT, LOADING, STALE)
                        .onNode())),
        row(
                "repair",
                -2,
                Group.TREFOIL,
                OWN,
                "A container for commands about the comparing of leaderless replicas")
            .container(
                List.of(
                    repair("status", "Tell how rounds between leaderless replicas ended"),
                    repair("run", "Compare all replicas of leaderless databases now"),
                    new Row("repair|help", 2, Group.TREFOIL, OWN, "O(1)", Help.SUMMARY)
                        .flags(LOADING, STALE)
                        .onConnection(
                            Help.of(
                                "REPAIR",
                                "STATUS [<database>]",
                                "    Tell of each replica of leaderless databases how its rounds"
                                    + " with the others ended.",
                                "RUN [<database>]",
                                "    Have each replica compare itself with all others, and tell"
                                    + " what came of it.")))),
        new Row(
                "conflicts",
                -2,
                Group.TREFOIL,
                OWN,
                "O(N) with N the number of conflicts that are kept",
                "Show values that were hidden where regions wrote without seeing each other's")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .onNode(),
        new Row(
                "tail",
                -2,
                Group.TREFOIL,
                OWN,
                "O(N) with N the number of entries given",
                "Give a partition's committed entries after a position, as JSON lines")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .onNode(),
        row(
                "switchover",
                -2,
                Group.TREFOIL,
                OWN,
                "Hand partitions over to a node, or all that a node leads to others")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .onNode(),
        row(
                "region",
                -2,
                Group.TREFOIL,
                OWN,
                "Link the cluster to those of other regions, unlink them, list them")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .onNode());
  }

  private static Command repair(String name, String summary) {
    return new Row(
            "repair|" + name, -2, Group.TREFOIL, OWN, "O(N) with N the number of replicas", summary)
        .flags(ADMIN, NOSCRIPT, LOADING, STALE)
        .onNode();
  }

  private static Row row(String name, int arity, Group group, String since, String summary) {
    return new Row(name, arity, group, since, "O(1)", summary);
  }
}
