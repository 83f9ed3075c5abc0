package io.trefoil.command;

import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/** All keys of partitions. */
final class KeyspaceCommands {
  private static final int KEYS_STEP = 1000;
  private static final String KEYS_COST = "O(N) with N being the number of keys in the database";

  private KeyspaceCommands() {}

  static List<Command> rows() {
    return List.of(
        row(
                "dbsize",
                1,
                Group.SERVER,
                "O(P) where P is the number of partitions",
                "Return the" + " number of keys in the selected database")
            .flags(READONLY, FAST)
            .categories("keyspace")
            .reach(Reach.DATABASE)
            .scatter(Scatter.SUM)
            .converges(Convergence.READ)
            .differs(Difference.OF_ONE_COPY, Difference.QUEUED_IN_ONE_PARTITION)
            .onCells(call -> call.reply().integer(call.cells().keyCount())),
        row("keys", 2, Group.GENERIC, KEYS_COST, "Find all keys matching the given pattern")
            .flags(READONLY)
            .categories("dangerous")
            .reach(Reach.DATABASE)
            .scatter(Scatter.CONCAT)
            .converges(Convergence.READ)
            .differs(Difference.OF_ONE_COPY, Difference.QUEUED_IN_ONE_PARTITION)
            .onCells(KeyspaceCommands::keys),
        new Row(
                "scan",
                -2,
                Group.GENERIC,
                "2.8.0",
                "O(1) for every call. O(N) for a complete iteration.",
                "Incrementally iterate the keys space")
            .flags(READONLY)
            .reach(Reach.DATABASE)
            .scatter(Scatter.BY_CURSOR)
            .converges(Convergence.READ)
            .differs(
                Difference.SCAN_COUNT, Difference.OF_ONE_COPY, Difference.QUEUED_IN_ONE_PARTITION)
            .onCells(KeyspaceCommands::scan),
        row("randomkey", 1, Group.GENERIC, "O(1)", "Return a random key from the keyspace")
            .flags(READONLY)
            .reach(Reach.DATABASE)
            .scatter(Scatter.FIRST_FOUND)
            .converges(Convergence.READ)
            .differs(Difference.OF_ONE_COPY, Difference.QUEUED_IN_ONE_PARTITION)
            .onCells(KeyspaceCommands::randomKey),
        row("flushdb", -1, Group.SERVER, FLUSH_COST, "Remove all keys from the current database")
            .flags(WRITE)
            .categories("keyspace", "dangerous")
            .reach(Reach.DATABASE)
            .scatter(Scatter.ALL_OK)
            .converges(Convergence.FLUSH)
            .differs(Difference.KEY_BY_KEY, Difference.QUEUED_IN_ONE_PARTITION)
            .onCells(KeyspaceCommands::flush),
        row("flushall", -1, Group.SERVER, FLUSH_COST, "Remove all keys from all databases")
            .flags(WRITE)
            .categories("keyspace", "dangerous")
            .reach(Reach.ALL_DATABASES)
            .scatter(Scatter.ALL_OK)
            .converges(Convergence.FLUSH)
            .differs(Difference.KEY_BY_KEY, Difference.NOT_IN_TRANSACTIONS)
            .onCells(KeyspaceCommands::flush));
  }

  private static final String FLUSH_COST = "O(P) where P is the number of partitions";

  private static Row row(String name, int arity, Group group, String cost, String summary) {
    return new Row(name, arity, group, "1.0.0", cost, summary);
  }

  private static void keys(Call call) {
    ReplyWriter reply = call.reply();
    Glob glob = Glob.of(call.args(), 1);
    boolean all = glob.isAll();
    int start = reply.size();
    int[] found = new int[1];
    long cursor = 0;
    do {
      cursor =
          call.cells()
              .scan(
                  cursor,
                  KEYS_STEP,
                  (key, offset, length, type) -> {
                    if (all || glob.matches(key, offset, length)) {
                      reply.bulk(key, offset, length);
                      found[0]++;
                    }
                  });
    } while (cursor != 0);
    reply.arrayFrom(start, found[0]);
  }

  private static void scan(Call call) {
    OptionalLong cursor = ScanCursor.parse(call.args(), 1);
    if (cursor.isEmpty()) {
      call.reply().error("ERR invalid cursor");
      return;
    }
    ScanOptions options = ScanOptions.parse(call, 2, true);
    if (options == null) {
      return;
    }
    if (cursor.getAsLong() >>> 32 >= call.partitionCount()) {
      // A cursor that no scan gave. As in Redis, it ends the iteration.
      call.reply().array(2);
      call.reply().bulkLong(0);
      call.reply().array(0);
      return;
    }
    scan(call, ScanCursor.withinPartition(cursor.getAsLong()), options);
  }

  private static void scan(Call call, long cursor, ScanOptions options) {
    ReplyWriter reply = call.reply();
    int start = reply.size();
    int[] found = new int[1];
    long next =
        call.cells()
            .scan(
                cursor,
                options.count(),
                (key, offset, length, type) -> {
                  boolean typed =
                      options.type() == null || options.type().equalsIgnoreCase(type.redisName());
                  if (typed && options.matches(key, offset, length)) {
                    reply.bulk(key, offset, length);
                    found[0]++;
                  }
                });
    reply.arrayFrom(start, found[0]);
    byte[] keys = Arrays.copyOfRange(reply.array(), start, reply.size());
    reply.truncate(start);
    reply.array(2);
    reply.bulkText(
        Long.toUnsignedString(ScanCursor.next(call.partition(), call.partitionCount(), next)));
    reply.raw(keys);
  }

  private static void randomKey(Call call) {
    byte[] key = call.cells().randomKey();
    if (key == null) {
      call.reply().nil();
    } else {
      call.reply().bulk(key);
    }
  }

  private static void flush(Call call) {
    Args args = call.args();
    boolean right =
        args.count() == 1
            || args.count() == 2 && (args.isWord(1, "SYNC") || args.isWord(1, "ASYNC"));
    if (!right) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    call.cells().clear();
    call.reply().ok();
  }
}
