package io.trefoil.node;

import io.trefoil.base.Bytes;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.command.Call;
import io.trefoil.command.Command;
import io.trefoil.command.Errors;
import io.trefoil.command.Flag;
import io.trefoil.command.Reach;
import io.trefoil.command.Session;
import io.trefoil.command.Transaction;
import io.trefoil.command.Transactions;
import io.trefoil.command.WatchedKeys;
import io.trefoil.node.Routes.DatabaseRoute;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Queues commands after {@code MULTI}, and takes them to their partition at {@code EXEC}: as one
 * command, which runs there at once and writes one entry. What of them runs on the connection does
 * so when the reply of the others is there, so that nothing has happened when they did not run.
 *
 * <p>{@code WATCH} asks the leaders of keys where these stand; the transaction tells its leader.
 * See {@code docs/transactions.md}. Belongs to the data loop's thread.
 */
final class TransactionRunner {
  /** How much of a key errors show. */
  private static final int SHOWN_KEY = 64;

  private final CommandRunner runner;
  private final Routes routes;
  private final Transactions transactions;
  private final CommandRunner.NodeCommands nodeCommands;
  private final Call call;
  private final long maxBytes;

  /**
   * @param call for commands that run on the connection
   * @param maxBytes that the commands of a transaction may take together
   */
  TransactionRunner(
      CommandRunner runner,
      Routes routes,
      Transactions transactions,
      CommandRunner.NodeCommands nodeCommands,
      Call call,
      long maxBytes) {
    this.runner = runner;
    this.routes = routes;
    this.transactions = transactions;
    this.nodeCommands = nodeCommands;
    this.call = call;
    this.maxBytes = maxBytes;
  }

  // Queueing.

  /** Queues a command of a connection that is in a transaction, or says why not. */
  void queue(ClientConnection connection, Command command, Args args, int start) {
    Session session = connection.session();
    Transaction transaction = session.transaction();
    ReplyWriter reply = connection.replies().writer();
    String refusal = refusal(session, command, args);
    if (refusal == null) {
      transaction.add(command, args);
      if (command.name().equals("select")) {
        connection.server().database(args.text(1)).ifPresent(transaction::select);
      }
      reply.simple("QUEUED");
    } else {
      transaction.spoil();
      reply.error(refusal);
    }
    connection.ended(start);
  }

  private String refusal(Session session, Command command, Args args) {
    if (command.has(Flag.NO_MULTI)) {
      return Errors.NOT_IN_MULTI;
    }
    String refusal =
        switch (command.runs()) {
          case ON_CELLS -> refusalOnCells(session, command, args);
          case ON_CONNECTION ->
              command.name().equals("client|reply")
                  ? Errors.NOT_IN_MULTI + ": the list of replies would lack some"
                  : null;
          case ON_NODE ->
              nodeCommands.answersAtOnce(command)
                  ? null
                  : Errors.NOT_IN_MULTI + ": it is not about keys of one partition";
        };
    return refusal == null ? session.transaction().tooMuch(command, args, maxBytes) : refusal;
  }

  private String refusalOnCells(Session session, Command command, Args args) {
    Transaction transaction = session.transaction();
    if (command.reach() == Reach.ALL_DATABASES) {
      return Errors.NOT_IN_MULTI + ": it reaches every database";
    }
    if (transaction.hasCells() && transaction.cellsDatabase() != transaction.database()) {
      return String.format(
          "ERR a transaction stays in one database: its commands so far are about database %d, this"
              + " one is about %d",
          transaction.cellsDatabase(), transaction.database());
    }
    DatabaseRoute database = routes.database(transaction.database());
    return database == null ? null : refusalIn(database, session, command, args);
  }

  /** Why a command can't be part of a transaction in a database; null when it can. */
  private static String refusalIn(
      DatabaseRoute database, Session session, Command command, Args args) {
    if (command.wholePartition() && database.partitionCount() > 1) {
      return String.format(
          "%s: it is about all %d partitions of database '%s', and a transaction stays in one",
          Errors.NOT_IN_MULTI, database.partitionCount(), database.database().title());
    }
    return CommandRunner.refusal(session, database, command, args);
  }

  // EXEC.

  /** Runs {@code EXEC} or {@code WATCH}. */
  void run(ClientConnection connection, Command command, Args args, int start) {
    Session session = connection.session();
    boolean queues = session.queues();
    if (command.name().equals("watch")) {
      if (queues) {
        end(connection, start, "ERR WATCH inside MULTI is not allowed");
      } else {
        watch(connection, command, args.detached());
      }
    } else if (!queues) {
      end(connection, start, "ERR EXEC without MULTI");
    } else if (session.transaction().isSpoiled()) {
      session.endTransaction();
      end(connection, start, Errors.EXEC_ABORT);
    } else if (!session.transaction().hasCells() && !session.isWatching()) {
      compose(connection, null, connection.replies().writer());
      session.endTransaction();
      connection.ended(start);
    } else {
      new Execution(connection, start).begin();
    }
  }

  private static void end(ClientConnection connection, int start, String error) {
    connection.replies().writer().error(error);
    connection.ended(start);
  }

  private static void refuse(Delivery delivery, String error) {
    delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
  }

  /**
   * Runs what of a transaction runs on its connection, and writes the list of all replies.
   *
   * @param onCells the list of replies of the other commands; null when there are none
   */
  private void compose(ClientConnection connection, byte[] onCells, ReplyWriter into) {
    Session session = connection.session();
    List<Transaction.Queued> queued = session.transaction().queued();
    into.setProtocol(session.protocol());
    into.array(queued.size());
    int at = onCells == null ? 0 : afterHead(onCells);
    for (Transaction.Queued each : queued) {
      if (each.isOnCells()) {
        int end = ReplyReader.end(onCells, at);
        into.raw(onCells, at, end - at);
        at = end;
      } else {
        answer(connection, each, into);
      }
    }
  }

  private static int afterHead(byte[] list) {
    int at = 0;
    while (list[at] != '\n') {
      at++;
    }
    return at + 1;
  }

  private void answer(ClientConnection connection, Transaction.Queued queued, ReplyWriter into) {
    switch (queued.command().runs()) {
      case ON_CONNECTION ->
          call.onConnection(
                  queued.command(), queued.args(), connection.session(), connection.server(), into)
              .run();
      case ON_NODE -> nodeCommands.answer(queued.command(), connection, into);
      case ON_CELLS -> throw new IllegalStateException("no reply of " + queued);
    }
  }

  /** One {@code EXEC} that goes to a partition. */
  private final class Execution {
    private final ClientConnection connection;
    private final Session session;
    private final Transaction transaction;
    private final List<WatchedKeys.Watched> watched;
    private final Command command;
    private final Args args;
    private final int protocol;
    private final int start;

    /** Where the reply goes; null while it can be written at once. */
    private Delivery delivery;

    Execution(ClientConnection connection, int start) {
      this.connection = connection;
      this.start = start;
      this.session = connection.session();
      this.transaction = session.transaction();
      this.watched = List.copyOf(session.watched().all());
      this.command = transactions.exec(transaction);
      this.protocol = session.protocol();
      this.args = transactions.execOf(transaction, watched, protocol, connection.server());
      if (!transaction.hasOthers()) {
        session.endTransaction();
      }
    }

    void begin() {
      if (watched.stream().anyMatch(each -> routes.partition(each.partition()) == null)) {
        abort(); // the database was dropped
        return;
      }
      int number =
          transaction.hasCells() ? transaction.cellsDatabase() : databaseOf(watched.get(0));
      DatabaseRoute database = routes.database(number);
      if (database != null) {
        in(database);
      } else if (watched.isEmpty()) {
        make(number);
      } else {
        refuse(crossDatabase());
      }
    }

    private int databaseOf(WatchedKeys.Watched each) {
      return routes.partition(each.partition()).terms().database().number();
    }

    /** As with other commands, a database that is not there is made by its first write. */
    private void make(int number) {
      delivery = await();
      Consumer<String> then =
          error -> {
            DatabaseRoute database = routes.database(number);
            if (error != null) {
              refuse(error);
            } else if (database != null) {
              in(database);
            } else if (transaction.writes()) {
              refuse("CLUSTERDOWN database " + number + " is not there yet");
            } else {
              delivery.deliver(Answer.NONE, runner.runOnNothing(command, args, protocol));
            }
          };
      if (transaction.writes()) {
        nodeCommands.ensure(number, then);
      } else {
        nodeCommands.look(then);
      }
    }

    private void in(DatabaseRoute database) {
      String refusal = refusalIn(database);
      if (refusal != null) {
        refuse(refusal);
        return;
      }
      int keys = command.keyCount(args);
      PartitionRoute route = database.partition(keys == 0 ? 0 : partitionOf(database, 0));
      boolean atOnce = delivery == null && !transaction.hasOthers();
      if (atOnce && runner.runAtLeaderHere(connection, command, args, route, database, start)) {
        return;
      }
      if (delivery == null) {
        delivery = await();
      }
      Delivery noting =
          transaction.writes() ? CommandRunner.notingWrite(connection, route, delivery) : delivery;
      runner.dispatchToLeader(
          route, command, args, protocol, database.readTerms(session).onLeader(), noting);
    }

    private String refusalIn(DatabaseRoute database) {
      for (Transaction.Queued each : transaction.queued()) {
        String refusal =
            each.isOnCells()
                ? TransactionRunner.refusalIn(database, session, each.command(), each.args())
                : null;
        if (refusal != null) {
          return Errors.abortedBy(refusal);
        }
      }
      int id = database.database().id();
      if (watched.stream().anyMatch(each -> each.partition().database() != id)) {
        return crossDatabase();
      }
      return crossPartition(database);
    }

    private String crossDatabase() {
      return "CROSSSLOT a transaction stays in one partition, but keys of another database are"
          + " watched";
    }

    private String crossPartition(DatabaseRoute database) {
      int keys = command.keyCount(args);
      for (int key = 1; key < keys; key++) {
        if (partitionOf(database, key) != partitionOf(database, 0)) {
          return String.format(
              "CROSSSLOT a transaction stays in one partition, but keys '%s' and '%s' of database"
                  + " '%s' are in partitions %d and %d: give all its keys one {hash tag}, or use a"
                  + " database of one partition",
              shown(0),
              shown(key),
              database.database().title(),
              partitionOf(database, 0),
              partitionOf(database, key));
        }
      }
      return null;
    }

    private int partitionOf(DatabaseRoute database, int key) {
      return CommandRunner.partitionOfKey(database, command, args, key);
    }

    private String shown(int key) {
      String text = args.text(command.keyIndex(args, key));
      return text.length() > SHOWN_KEY ? text.substring(0, SHOWN_KEY) + "..." : text;
    }

    /** The reply comes later; what runs on the connection runs then, and what follows after it. */
    private Delivery await() {
      if (!transaction.hasOthers()) {
        return runner.awaitAnswer(connection, connection.await());
      }
      Delivery all = runner.awaitAnswer(connection, connection.awaitAlone());
      return (by, reply) -> all.deliver(by, complete(reply));
    }

    private byte[] complete(byte[] onCells) {
      byte[] reply = onCells;
      boolean ran = onCells[0] == '*' && onCells[1] != '-';
      if (ran) {
        ReplyWriter all = new ReplyWriter(onCells.length + 256);
        compose(connection, onCells, all);
        reply = all.toArray();
      }
      session.endTransaction();
      connection.replies().writer().setProtocol(session.protocol());
      return reply;
    }

    private void abort() {
      ReplyWriter nil = new ReplyWriter();
      nil.setProtocol(protocol);
      nil.nilArray();
      answer(nil.toArray());
    }

    private void refuse(String error) {
      answer(AsyncReplies.encodeError(error));
    }

    private void answer(byte[] reply) {
      if (delivery != null) {
        delivery.deliver(Answer.NONE, reply);
        return;
      }
      session.endTransaction();
      connection.replies().writer().raw(reply);
      connection.ended(start);
    }
  }

  // WATCH.

  private void watch(ClientConnection connection, Command command, Args args) {
    Session session = connection.session();
    Delivery delivery = connection.awaitAlone();
    if (session.watched().size() + args.count() - 1 > WatchedKeys.MAX_KEYS) {
      refuse(delivery, "ERR a connection watches at most " + WatchedKeys.MAX_KEYS + " keys");
      return;
    }
    int number = session.database();
    DatabaseRoute there = routes.database(number);
    if (there != null) {
      watch(there, session, command, args, delivery);
      return;
    }
    nodeCommands.ensure(
        number,
        error -> {
          DatabaseRoute made = routes.database(number);
          if (error == null && made != null) {
            watch(made, session, command, args, delivery);
          } else {
            refuse(
                delivery,
                error == null ? "CLUSTERDOWN database " + number + " is not there yet" : error);
          }
        });
  }

  private void watch(
      DatabaseRoute database, Session session, Command command, Args args, Delivery delivery) {
    Optional<String> refusal =
        command.refusal(database.algorithm(), args, database.database().title());
    if (refusal.isPresent()) {
      refuse(delivery, refusal.get());
      return;
    }
    Map<Integer, List<Integer>> wordsOf = new TreeMap<>();
    for (int word = 1; word < args.count(); word++) {
      int partition = database.partitionOf(args.array(), args.offset(word), args.length(word));
      wordsOf.computeIfAbsent(partition, each -> new ArrayList<>()).add(word);
    }
    Watching watching = new Watching(session, wordsOf.size(), delivery);
    ReadTerms terms = database.readTerms(session).onLeader();
    wordsOf.forEach(
        (partition, words) -> {
          PartitionRoute route = database.partition(partition);
          Args keys = transactions.watchOf(args, words);
          runner.dispatchToLeader(
              route,
              transactions.watch(),
              keys,
              2,
              terms,
              (by, reply) -> watching.told(route.id(), keys, by, ReplyReader.read(reply)));
        });
  }

  /** A {@code WATCH} whose keys' leaders are asked: all keys are watched then, or none. */
  private static final class Watching {
    private final Session session;
    private final Delivery delivery;
    private final List<Runnable> adding = new ArrayList<>();
    private int left;
    private String error;

    Watching(Session session, int asked, Delivery delivery) {
      this.session = session;
      this.left = asked;
      this.delivery = delivery;
    }

    void told(PartitionId partition, Args keys, Answer by, Reply reply) {
      if (reply instanceof Reply.Several several) {
        adding.add(() -> add(partition, keys, several.items()));
      } else {
        error = ((Reply.Failure) reply).text();
      }
      left--;
      if (left == 0 && error != null) {
        refuse(delivery, error);
      } else if (left == 0) {
        adding.forEach(Runnable::run);
        ReplyWriter ok = new ReplyWriter();
        ok.ok();
        delivery.deliver(by, ok.toArray());
      }
    }

    private void add(PartitionId partition, Args keys, List<Reply> state) {
      Position since = Position.parse(((Reply.Status) state.get(0)).text());
      for (int key = 1; key < keys.count(); key++) {
        boolean existed = ((Reply.Whole) state.get(key)).value() == 1;
        session.watched().add(partition, Bytes.wrap(keys.copy(key)), since, existed);
      }
    }
  }
}
