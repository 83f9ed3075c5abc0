package io.trefoil.command;

import static io.trefoil.command.Flag.ALLOW_BUSY;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.LOADING;
import static io.trefoil.command.Flag.NOSCRIPT;
import static io.trefoil.command.Flag.SKIP_SLOWLOG;
import static io.trefoil.command.Flag.STALE;

import io.trefoil.command.Command.Row;
import java.util.List;

/**
 * {@code MULTI} and what belongs to it. What is queued is the connection's; {@code EXEC} and {@code
 * WATCH} go where the keys are, as {@link Transactions} says.
 */
final class TransactionCommands {
  static final String EXEC = "exec";

  private TransactionCommands() {}

  static List<Command> rows() {
    return List.of(
        row("multi", 1, "1.2.0", "O(1)", "Queue the commands that follow, until EXEC")
            .flags(NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY)
            .neverQueued()
            .onConnection(TransactionCommands::multi),
        row(
                EXEC,
                1,
                "1.2.0",
                "Depends on commands in the transaction",
                "Run all queued commands at once, in one partition, as one entry")
            .flags(NOSCRIPT, LOADING, STALE, SKIP_SLOWLOG)
            .neverQueued()
            .converges(Convergence.EXEC)
            .differs(Difference.ONE_PARTITION, Difference.BOUNDED_TRANSACTION)
            .onNode(),
        row("discard", 1, "2.0.0", "O(N)", "Forget all queued commands")
            .flags(NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY)
            .neverQueued()
            .onConnection(TransactionCommands::discard),
        row("watch", -2, "2.2.0", "O(1) for every key", "Have EXEC run only if keys are unchanged")
            .flags(NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY)
            .keys(1, -1, 1)
            .neverQueued()
            .refused("needs one order of all writes")
            .differs(Difference.WATCHED_MEANWHILE)
            .onNode(),
        row("unwatch", 1, "2.2.0", "O(1)", "Forget all watched keys")
            .flags(NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY)
            .onConnection(TransactionCommands::unwatch));
  }

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.TRANSACTIONS, since, cost, summary);
  }

  private static void multi(Call call) {
    if (call.session().queues()) {
      call.reply().error("ERR MULTI calls can not be nested");
      return;
    }
    call.session().beginTransaction();
    call.reply().ok();
  }

  private static void discard(Call call) {
    if (!call.session().queues()) {
      call.reply().error("ERR DISCARD without MULTI");
      return;
    }
    call.session().endTransaction();
    call.reply().ok();
  }

  private static void unwatch(Call call) {
    call.session().watched().clear();
    call.reply().ok();
  }
}
