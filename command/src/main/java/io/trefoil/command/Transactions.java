package io.trefoil.command;

import io.trefoil.base.Position;
import io.trefoil.cell.Cells;
import io.trefoil.cell.CellsRefused;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.Collection;
import java.util.List;

/**
 * The commands in which a transaction goes to the partition that its keys are in. No client can
 * send them: they are in no table that clients' commands are looked up in.
 *
 * <pre>
 * .exec-writes, .exec-reads   keys (count) key … · watched (count) since … · commands (count)
 *                             · of each: RESP (2 or 3) · words (count) word …
 * .watch                      key …
 * </pre>
 *
 * <p>The keys are those that are watched, and then those of all commands, so that what takes
 * commands to their keys needs to know nothing of transactions. The reply of the first is the list
 * of all replies, or the absent list when a watched key was changed; of the second the position
 * that {@link Cells#watch} told, and of each key whether it is there.
 */
public final class Transactions {
  /**
   * So much the replies of a transaction's commands may be together before its last one: they are
   * made in memory.
   */
  private static final int MAX_REPLY_BYTES = Refused.MAX_FIELDS_BYTES;

  private static final int KEYS = 1;

  private final CommandTable table;
  private final Command writes = row(".exec-writes").flags(Flag.WRITE).onCells(this::run);
  private final Command reads = row(".exec-reads").flags(Flag.READONLY).onCells(this::run);
  private final Command watch =
      new Row(".watch", -2, Group.TRANSACTIONS, "0.1.0", "O(1)", "Tell where keys stand")
          .flags(Flag.READONLY)
          .keys(1, -1, 1)
          .refused("needs one order of all writes")
          .onCells(Transactions::watch);

  Transactions(CommandTable table) {
    this.table = table;
  }

  private static Row row(String name) {
    return new Row(name, -4, Group.TRANSACTIONS, "0.1.0", "O(N)", "Run a transaction's commands")
        .countedKeys(KEYS)
        .converges(Convergence.EXEC);
  }

  /** The row of a transaction's command that a node sent; null when it is none. */
  Command find(Args args) {
    for (Command each : List.of(writes, reads, watch)) {
      if (args.isWord(0, each.upperName())) {
        return each;
      }
    }
    return null;
  }

  /** The command that tells where keys stand; {@link #watchOf} gives its words. */
  public Command watch() {
    return watch;
  }

  /** The command that runs a transaction; {@link #execOf} gives its words. */
  public Command exec(Transaction transaction) {
    return transaction.writes() ? writes : reads;
  }

  /** The words that watch those of a command's keys that are in one partition. */
  public Args watchOf(Args command, List<Integer> words) {
    Args args = new Args();
    args.append(watch.name());
    words.forEach(word -> args.append(command.array(), command.offset(word), command.length(word)));
    return args;
  }

  /**
   * The words that run the commands of a transaction that run on cells, if keys are unchanged.
   *
   * @param protocol of the connection's replies
   */
  public Args execOf(
      Transaction transaction,
      Collection<WatchedKeys.Watched> watched,
      int protocol,
      Server server) {
    List<Transaction.Queued> queued = transaction.queued();
    int[] protocols = transaction.protocols(protocol, server);
    Args args = new Args();
    args.append(exec(transaction).name());
    args.append(Integer.toString(watched.size() + keys(queued)));
    watched.forEach(each -> args.append(each.key().array(), 0, each.key().length()));
    queued.forEach(each -> appendKeys(each, args));
    args.append(Integer.toString(watched.size()));
    watched.forEach(each -> args.append((each.existed() ? "+" : "-") + each.since()));
    args.append(Long.toString(queued.stream().filter(Transaction.Queued::isOnCells).count()));
    for (int i = 0; i < protocols.length; i++) {
      if (queued.get(i).isOnCells()) {
        args.append(Integer.toString(protocols[i]));
        appendWords(queued.get(i).args(), args);
      }
    }
    return args;
  }

  private static int keys(List<Transaction.Queued> queued) {
    return queued.stream()
        .filter(Transaction.Queued::isOnCells)
        .mapToInt(each -> each.command().keyCount(each.args()))
        .sum();
  }

  private static void appendKeys(Transaction.Queued queued, Args to) {
    Args args = queued.args();
    int keys = queued.isOnCells() ? queued.command().keyCount(args) : 0;
    for (int key = 0; key < keys; key++) {
      int word = queued.command().keyIndex(args, key);
      to.append(args.array(), args.offset(word), args.length(word));
    }
  }

  private static void appendWords(Args args, Args to) {
    to.append(Integer.toString(args.count()));
    for (int word = 0; word < args.count(); word++) {
      to.append(args.array(), args.offset(word), args.length(word));
    }
  }

  // On the cells of a partition.

  private static void watch(Call call) {
    Position since = call.cells().watch();
    ReplyWriter reply = call.reply();
    reply.array(call.args().count());
    reply.simple(since.toString());
    for (int key = 1; key < call.args().count(); key++) {
      reply.integer(call.find(key) ? 1 : 0);
    }
  }

  private void run(Call call) {
    Args args = call.args();
    int watchedAt = KEYS + 1 + number(args, KEYS);
    int watched = number(args, watchedAt);
    for (int i = 0; i < watched; i++) {
      if (!isUnchanged(call, KEYS + 1 + i, args.text(watchedAt + 1 + i))) {
        call.reply().nilArray();
        return;
      }
    }
    int at = watchedAt + 1 + watched;
    int protocol = call.reply().protocol();
    runAll(call, number(args, at), at + 1);
    call.reply().setProtocol(protocol);
  }

  private static int number(Args args, int word) {
    boolean is = word < args.count() && args.parseLong(word);
    if (!is || args.parsed() < 0 || args.parsed() > args.count() - word - 1) {
      throw new CellsRefused("ERR a transaction that is none");
    }
    return (int) args.parsed();
  }

  /** A key that is gone has changed, by whatever: it may have expired. */
  private static boolean isUnchanged(Call call, int key, String state) {
    Args args = call.args();
    Cells cells = call.cells();
    Position since = Position.parse(state.substring(1));
    boolean existed = state.charAt(0) == '+';
    return cells.isUnchanged(since, args.array(), args.offset(key), args.length(key))
        && (!existed || call.find(key));
  }

  private void runAll(Call call, int commands, int first) {
    Args args = call.args();
    ReplyWriter reply = call.reply();
    int start = reply.size();
    reply.array(commands);
    Args words = new Args();
    int at = first;
    for (int i = 0; i < commands; i++) {
      if (reply.size() - start > MAX_REPLY_BYTES) {
        throw new CellsRefused(
            "ERR the replies of the transaction are more than "
                + (MAX_REPLY_BYTES >> 20)
                + " MB together; nothing was changed");
      }
      reply.setProtocol(number(args, at) == 3 ? 3 : 2);
      int count = number(args, at + 1);
      words.clear();
      for (int word = 0; word < count; word++) {
        words.addFrom(args, at + 2 + word);
      }
      runOne(call, words);
      at += 2 + count;
    }
  }

  private void runOne(Call call, Args words) {
    Command command = table.find(words);
    if (command == null || command.runs() != Runs.ON_CELLS) {
      throw new CellsRefused("ERR the leader does not know a command of the transaction");
    }
    if (command.wholePartition() && call.partitionCount() > 1) {
      throw new CellsRefused(
          Errors.abortedBy(command.upperName() + " is about several partitions"));
    }
    call.nested()
        .onCells(
            command, words, call.cells(), call.partition(), call.partitionCount(), call.reply())
        .run();
  }
}
