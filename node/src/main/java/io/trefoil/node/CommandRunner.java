package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.cell.Cells;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.CellsRefused;
import io.trefoil.command.Algorithm;
import io.trefoil.command.Call;
import io.trefoil.command.Command;
import io.trefoil.command.CommandTable;
import io.trefoil.command.Consistency;
import io.trefoil.command.Flag;
import io.trefoil.command.Group;
import io.trefoil.command.Reach;
import io.trefoil.command.Runs;
import io.trefoil.command.ScanCursor;
import io.trefoil.command.Scatter;
import io.trefoil.command.SeenPositions;
import io.trefoil.command.Session;
import io.trefoil.node.Routes.DatabaseRoute;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import io.trefoil.resp.ReplyWriter;
import io.trefoil.storage.PartitionStore;
import io.trefoil.transport.PeerConnection;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Takes a command to where its cells are: runs it here, forwards it to the leader, scatters it over
 * partitions, or lets it wait for a leader or for the disk. Belongs to the data loop's thread.
 *
 * <p>The straight way, a command on keys of one partition that this node leads, writes into the
 * connection's own buffer and allocates nothing. Every other way ends in a {@link Delivery}.
 */
final class CommandRunner implements PartitionReplica.Work {
  /** How long a node that was sent a command may take to hear that it leads. */
  private static final long APPOINTED_NANOS = 200_000_000L;

  /** Commands that wait for one partition's leader or disk; more are refused. */
  private static final int MAX_WAITING = 10_000;

  /** A command that has cells fetched so often again, which it had before, is given up. */
  private static final int MAX_FETCHED_AGAIN = 1_000;

  /** So many other keys of a command are fetched with the one that it found missing. */
  private static final int FETCHED_AHEAD = 256;

  private final DataLoop loop;
  private final Routes routes;
  private final Forwards forwards;
  private final AsyncReplies asyncReplies;
  private final CommandTable table;
  private final NodeCommands nodeCommands;
  private final DiskRoom room;
  private final TransactionRunner transactions;
  private final BlockedCommands blocked;
  private final Call call;
  private final ReplyWriter scratch = new ReplyWriter();
  private final Map<Bytes, ArrayDeque<Runnable>> parkedKeys = new HashMap<>();

  /** Commands that are the node's own business: {@code WAIT}, {@code ROLE}, {@code DATABASE} ... */
  interface NodeCommands {
    void run(Command command, Args args, ClientConnection connection);

    /** Whether it is answered from what this node knows, and may be part of a transaction. */
    boolean answersAtOnce(Command command);

    /** Answers one of which {@link #answersAtOnce} says so. */
    void answer(Command command, ClientConnection connection, ReplyWriter reply);

    /** Runs one that another node sent to the leader of a partition. */
    void runForwarded(
        Command command, Args args, PartitionReplica leader, Position floor, Delivery delivery);

    /** Runs one that another node sent to this one for what only this one has. */
    void runForNode(Command command, Args args, int protocol, Delivery delivery);

    /** Writes who answered a command, and from what, as an attribute of RESP3. */
    void writeAttribute(Answer answer, ReplyWriter into);

    /** Makes the database of a number, and then calls back on the loop with an error or null. */
    void ensure(int number, Consumer<String> then);

    /**
     * Asks which databases there are by now: this node may not have heard of the newest. Then calls
     * back on the loop, with an error or null.
     */
    void look(Consumer<String> then);
  }

  CommandRunner(
      DataLoop loop,
      Routes routes,
      Forwards forwards,
      AsyncReplies asyncReplies,
      NodeCommands nodeCommands,
      DiskRoom room,
      long maxValueBytes) {
    this.loop = loop;
    this.room = room;
    this.routes = routes;
    this.forwards = forwards;
    this.asyncReplies = asyncReplies;
    this.table = CommandTable.standard();
    this.nodeCommands = nodeCommands;
    this.call = new Call(maxValueBytes);
    this.transactions =
        new TransactionRunner(
            this,
            routes,
            table.transactions(),
            nodeCommands,
            call,
            Clients.limits(maxValueBytes).maxCommandBytes() / 2);
    this.blocked = new BlockedCommands(loop, this, asyncReplies, call);
  }

  @Override
  public void on(Cells cells) {
    call.onCells(runCommand, runArgs, cells, runPartition, runPartitionCount, runReply);
    call.run();
  }

  private Command runCommand;
  private Args runArgs;
  private int runPartition;
  private int runPartitionCount;
  private ReplyWriter runReply;
  private boolean sendsBack;

  /** What {@link #on} is to run; kept in fields so that a command costs no object. */
  private CommandRunner work(
      Command command, Args args, int partition, int partitionCount, ReplyWriter reply) {
    runCommand = command;
    runArgs = args;
    runPartition = partition;
    runPartitionCount = partitionCount;
    runReply = reply;
    return this;
  }

  /** Runs a connection's next command. */
  void run(ClientConnection connection, Args args) {
    ReplyQueue replies = connection.replies();
    Session session = connection.session();
    int start = replies.writer().size();
    Command command = table.admit(args, session, replies.writer());
    if (command == null) {
      connection.ended(start);
      return;
    }
    session.commandBegins(command, loop.wallMillis());
    connection.countCommand();
    if (session.queues() && command.isQueued()) {
      transactions.queue(connection, command, args, start);
      return;
    }
    switch (command.runs()) {
      case ON_CELLS -> runOnCells(connection, command, args, start);
      case ON_CONNECTION -> {
        call.onConnection(command, args, session, connection.server(), replies.writer()).run();
        connection.ended(start);
      }
      case ON_NODE -> {
        if (command.group() == Group.TRANSACTIONS) {
          transactions.run(connection, command, args, start);
        } else {
          nodeCommands.run(command, args, connection);
        }
      }
    }
  }

  private void runOnCells(ClientConnection connection, Command command, Args args, int start) {
    if (command.reach() == Reach.ALL_DATABASES) {
      Args kept = args.detached();
      int protocol = connection.session().protocol();
      Delivery delivery = connection.await();
      nodeCommands.look(
          error -> {
            if (error != null) {
              refuse(delivery, error);
            } else {
              everywhere(command, kept, protocol, delivery);
            }
          });
      return;
    }
    DatabaseRoute database = routes.database(connection.session().database());
    if (database == null) {
      runWithoutDatabase(connection, command, args, start);
      return;
    }
    if (database.isLeaderless()) {
      runWithoutLeader(connection, database, command, args, start);
      return;
    }
    String refusal = refusalWithLeader(connection.session(), database, command, args);
    if (refusal != null) {
      connection.replies().writer().error(refusal);
      connection.ended(start);
      return;
    }
    int partition = onePartition(database, command, args);
    if (partition < 0) {
      scatter(connection, database, command, args);
      return;
    }
    PartitionRoute route = database.partition(partition);
    if (command.blocking() != null
        || !runStraight(connection, command, args, route, database, start)) {
      Session session = connection.session();
      Args kept = args.detached();
      Delivery delivery = awaitAnswer(connection, command);
      if (command.has(Flag.WRITE)) {
        delivery = notingWrite(connection, route, delivery);
      }
      dispatch(route, command, kept, session.protocol(), database.readTerms(session), delivery);
    }
  }

  /**
   * Why a command has no meaning on a database whose partitions have leaders, or asks for what
   * can't be given; null when it can run.
   */
  private static String refusalWithLeader(
      Session session, DatabaseRoute database, Command command, Args args) {
    Optional<String> meaningless =
        command.refusal(database.algorithm(), args, database.database().title());
    if (meaningless.isPresent()) {
      return meaningless.get();
    }
    boolean wantsOrder =
        database.algorithm() == Algorithm.MULTI_LEADER
            && session.consistency() == Consistency.LINEARIZABLE;
    return wantsOrder
        ? "UNSUPPORTED LINEARIZABLE reads need one order of all writes; database '"
            + database.database().title()
            + "' is multi-leader: CONSISTENCY SESSION, BOUNDED ms or EVENTUAL"
        : null;
  }

  /** On a database of which any replica coordinates commands. */
  private void runWithoutLeader(
      ClientConnection connection, DatabaseRoute database, Command command, Args args, int start) {
    String refusal = refusalWithoutLeader(connection.session(), database, command, args);
    if (refusal != null) {
      connection.replies().writer().error(refusal);
      connection.ended(start);
      return;
    }
    int partition = onePartition(database, command, args);
    if (partition < 0) {
      scatter(connection, database, command, args);
      return;
    }
    Args kept = args.detached();
    int protocol = connection.session().protocol();
    ReadTerms terms = database.readTerms(connection.session());
    coordinate(
        database.partition(partition), command, kept, protocol, terms, awaitAnswer(connection));
  }

  /** Why a command has no meaning on a database, or asks for what can't be given, or null. */
  static String refusal(Session session, DatabaseRoute database, Command command, Args args) {
    return database.isLeaderless()
        ? refusalWithoutLeader(session, database, command, args)
        : refusalWithLeader(session, database, command, args);
  }

  /** Why a command has no meaning there, or asks for what can't be given; null when it can run. */
  private static String refusalWithoutLeader(
      Session session, DatabaseRoute database, Command command, Args args) {
    Optional<String> meaningless =
        command.refusal(database.algorithm(), args, database.database().title());
    if (meaningless.isPresent()) {
      return meaningless.get();
    }
    Consistency level = session.consistency();
    if (level == Consistency.LINEARIZABLE
        || level == Consistency.SESSION
        || level == Consistency.BOUNDED) {
      return "UNSUPPORTED "
          + level
          + " reads need a leader; database '"
          + database.database().title()
          + "' is leaderless: CONSISTENCY ONE, QUORUM, ALL or R n W n";
    }
    return database.readTerms(session).quorum().refusal(database.database().settings().replicas());
  }

  /** Has a replica of a leaderless partition coordinate a command: this node's, or another's. */
  private void coordinate(
      PartitionRoute route,
      Command command,
      Args args,
      int protocol,
      ReadTerms terms,
      Delivery delivery) {
    coordinate(
        route,
        command,
        args,
        protocol,
        terms,
        delivery,
        loop.nowNanos() + route.terms().writeTimeoutNanos());
  }

  private void coordinate(
      PartitionRoute route,
      Command command,
      Args args,
      int protocol,
      ReadTerms terms,
      Delivery delivery,
      long deadlineNanos) {
    QuorumReplica here = route.coordinator();
    if (here != null && route.terms().state().replicas().contains(loop.self())) {
      coordinateHere(route, command, args, protocol, terms.quorum(), delivery);
      return;
    }
    NodeId other = reachableReplica(route);
    Runnable again =
        () -> coordinate(route, command, args, protocol, terms, delivery, deadlineNanos);
    if (other == null) {
      await(route, deadlineNanos, () -> reachableReplica(route) != null, again, delivery);
    } else {
      forwards.sendToReplica(
          other,
          route,
          protocol,
          command.has(Flag.WRITE),
          terms.quorum(),
          args,
          delivery,
          () -> await(route, deadlineNanos, () -> true, again, delivery));
    }
  }

  /** One that this node is connected to; of several not always the same. */
  private NodeId reachableReplica(PartitionRoute route) {
    List<NodeId> reachable =
        route.terms().state().replicas().stream()
            .filter(each -> !each.equals(loop.self()) && forwards.canReach(each))
            .toList();
    return reachable.isEmpty()
        ? null
        : reachable.get((int) (Math.abs(++coordinated) % reachable.size()));
  }

  private long coordinated;

  private void coordinateHere(
      PartitionRoute route,
      Command command,
      Args args,
      int protocol,
      Level level,
      Delivery delivery) {
    String refusal = room.refusal(command);
    if (refusal != null) {
      refuse(delivery, refusal);
      return;
    }
    int count = partitionCount(route);
    ReplyWriter reply = new ReplyWriter();
    List<Bytes> keys = keysOf(command, args);
    QuorumCalls.Handler handler =
        new QuorumCalls.Handler() {
          @Override
          public void restart() {
            reply.clear();
            reply.setProtocol(protocol);
          }

          @Override
          public void on(Cells cells) {
            if (command.group() == Group.TRANSACTIONS) {
              keys.forEach(key -> cells.find(key.array(), 0, key.length()));
            }
            work(command, args, route.number(), count, reply).on(cells);
          }

          @Override
          public byte[] reply() {
            return reply.toArray();
          }
        };
    route.coordinator().calls().run(handler, keys, command.has(Flag.WRITE), level, delivery);
  }

  private static List<Bytes> keysOf(Command command, Args args) {
    List<Bytes> keys = new ArrayList<>();
    int keyCount = command.reach() == Reach.KEYS ? command.keyCount(args) : 0;
    for (int key = 0; key < keyCount; key++) {
      keys.add(Bytes.wrap(args.copy(command.keyIndex(args, key))));
    }
    return keys;
  }

  /** Coordinates a command that a node without a replica got. */
  void coordinateForwarded(
      PeerConnection from, long id, PartitionRoute route, int protocol, Level level, Args args) {
    Command command = table.findForwarded(args);
    if (command == null
        || route.coordinator() == null
        || !route.terms().state().replicas().contains(loop.self())) {
      forwards.bounce(from, id);
      return;
    }
    Delivery answer = (by, reply) -> forwards.answer(from, id, by, reply);
    coordinateHere(route, command, args, protocol, level, answer);
  }

  /** The reply comes later; with who answered it in front, where the client wants that. */
  private Delivery awaitAnswer(ClientConnection connection) {
    return awaitAnswer(connection, connection.await());
  }

  private Delivery awaitAnswer(ClientConnection connection, Command command) {
    return awaitAnswer(
        connection, command.blocking() == null ? connection.await() : connection.awaitWaiting());
  }

  /**
   * @param delivery that the connection awaits
   */
  Delivery awaitAnswer(ClientConnection connection, Delivery delivery) {
    if (!connection.session().attributes()) {
      return delivery;
    }
    return Delivery.of(
        delivery.clientWait(),
        (by, reply) -> {
          ReplyWriter told = new ReplyWriter(reply.length + 128);
          told.setProtocol(3);
          nodeCommands.writeAttribute(by, told);
          told.raw(reply);
          delivery.deliver(by, told.toArray());
        });
  }

  /** Runs a command into its connection's own buffer. False when it has to go another way. */
  private boolean runStraight(
      ClientConnection connection,
      Command command,
      Args args,
      PartitionRoute route,
      DatabaseRoute database,
      int start) {
    PartitionReplica replica = route.local();
    Session session = connection.session();
    if (replica == null || session.attributes()) {
      return false;
    }
    Consistency reads = database.reads(session);
    if (replica.takesCommands() && loop.leaseHeld()) {
      return runAtLeader(connection, command, args, route, database, reads, start);
    }
    return reads != Consistency.LINEARIZABLE
        && !command.has(Flag.WRITE)
        && mayReadHere(route, reads, database.boundMillis(session), session.seen())
        && runCommittedHere(connection, command, args, route, database, start);
  }

  private boolean runAtLeader(
      ClientConnection connection,
      Command command,
      Args args,
      PartitionRoute route,
      DatabaseRoute database,
      Consistency reads,
      int start) {
    return !route.hasWaiting()
        && (parkedKeys.isEmpty() || !touchesParked(command, args, route))
        && (reads != Consistency.SESSION || logCovers(route.local(), connection.session().seen()))
        && runHere(connection, command, args, route, database, start);
  }

  /**
   * Runs a command that the leader is to run into its connection's own buffer, if this node leads.
   * False when it has to go another way.
   */
  boolean runAtLeaderHere(
      ClientConnection connection,
      Command command,
      Args args,
      PartitionRoute route,
      DatabaseRoute database,
      int start) {
    Consistency reads = database.reads(connection.session());
    return isServedHere(route)
        && !connection.session().attributes()
        && runAtLeader(connection, command, args, route, database, reads, start);
  }

  private static boolean logCovers(PartitionReplica leader, SeenPositions seen) {
    long epoch = seen.epochOf(leader.id());
    return epoch == 0
        || leader.coverageOfLog(epoch, seen.indexOf(leader.id()))
            == PartitionReplica.Coverage.COVERED;
  }

  private static boolean committedCovers(PartitionReplica replica, SeenPositions seen) {
    long epoch = seen.epochOf(replica.id());
    return epoch == 0
        || replica.coverageOfCommitted(epoch, seen.indexOf(replica.id()))
            == PartitionReplica.Coverage.COVERED;
  }

  /** Whether what is committed here keeps what a reader was promised. */
  private boolean mayReadHere(
      PartitionRoute route, Consistency level, int boundMillis, SeenPositions seen) {
    return route.isReadableHere(loop.self())
        && switch (level) {
          case EVENTUAL -> true;
          case BOUNDED -> route.local().ageMillis() <= boundMillis;
          // What is on its way to the leader shows something newer, or writes it.
          case SESSION -> !seen.isUnderWay(route.id()) && committedCovers(route.local(), seen);
          default -> false;
        };
  }

  private boolean mayReadHere(PartitionRoute route, ReadTerms reads) {
    return mayReadHere(route, reads.level(), reads.boundMillis(), reads.seen());
  }

  /** A read from what is committed here. False when its cells have to be fetched first. */
  private boolean runCommittedHere(
      ClientConnection connection,
      Command command,
      Args args,
      PartitionRoute route,
      DatabaseRoute database,
      int start) {
    PartitionReplica replica = route.local();
    ReplyWriter reply = connection.replies().writer();
    try {
      replica.runOnCommitted(work(command, args, route.number(), database.partitionCount(), reply));
    } catch (CellsNotInMemory e) {
      reply.truncate(start);
      return false;
    }
    if (database.reads(connection.session()) == Consistency.SESSION) {
      long index = replica.machine().commitIndex();
      connection.session().seen().saw(replica.id(), replica.machine().epochAt(index), index);
    }
    connection.endedFromCommitted(start, replica);
    return true;
  }

  /** Has the connection remember a write that was answered, for WAIT. */
  static Delivery notingWrite(
      ClientConnection connection, PartitionRoute route, Delivery delivery) {
    return Delivery.of(
        delivery.clientWait(),
        (by, reply) -> {
          if (by.leader() && reply.length > 0 && reply[0] != '-') {
            connection.wroteElsewhere(route.id(), by.position());
          }
          delivery.deliver(by, reply);
        });
  }

  private String refusalOfWrite(PartitionReplica replica, Command command) {
    String refusal = replica.refuseWrite();
    return refusal != null ? refusal : room.refusal(command);
  }

  /** The straight way. False when the command's cells have to be fetched first. */
  private boolean runHere(
      ClientConnection connection,
      Command command,
      Args args,
      PartitionRoute route,
      DatabaseRoute database,
      int start) {
    PartitionReplica replica = route.local();
    ReplyWriter reply = connection.replies().writer();
    if (command.has(Flag.WRITE)) {
      String refusal = refusalOfWrite(replica, command);
      if (refusal != null) {
        replica.countRefused();
        reply.error(refusal);
        connection.ended(start);
        return true;
      }
    }
    try {
      replica.runAsLeader(work(command, args, route.number(), database.partitionCount(), reply));
    } catch (CellsNotInMemory e) {
      reply.truncate(start);
      return false;
    } catch (CellsRefused refused) {
      reply.truncate(start);
      reply.error(refused.error());
      connection.ended(start);
      return true;
    }
    if (replica.wroteIndex() > 0 || database.reads(connection.session()) == Consistency.SESSION) {
      connection
          .session()
          .seen()
          .saw(replica.id(), replica.answeredEpoch(), replica.answeredIndex());
    }
    connection.ended(start, replica);
    blocked.serve(replica);
    return true;
  }

  /**
   * A database that is not there is empty to readers, and made by its first write. Whether it is
   * there this node may hear late, so it asks, but for readers who are content with what it knows.
   */
  private void runWithoutDatabase(
      ClientConnection connection, Command command, Args args, int start) {
    Session session = connection.session();
    boolean write = command.has(Flag.WRITE);
    if (!write && session.consistency() == Consistency.EVENTUAL) {
      work(command, args, 0, 1, connection.replies().writer())
          .on(new EmptyCells(loop.wallMillis()));
      connection.ended(start);
      return;
    }
    Args kept = args.detached();
    int number = session.database();
    int protocol = session.protocol();
    Delivery delivery = awaitAnswer(connection, command);
    Consumer<String> then =
        error -> {
          DatabaseRoute database = routes.database(number);
          String refusal =
              error == null && database != null ? refusal(session, database, command, kept) : error;
          if (refusal != null) {
            refuse(delivery, refusal);
          } else if (database != null) {
            dispatchAnywhere(
                database, command, kept, protocol, database.readTerms(session), delivery);
          } else if (!write) {
            delivery.deliver(Answer.NONE, runOnNothing(command, kept, protocol));
          } else {
            refuse(delivery, "CLUSTERDOWN database " + number + " is not there yet");
          }
        };
    if (write) {
      nodeCommands.ensure(number, then);
    } else {
      nodeCommands.look(then);
    }
  }

  /** The reply of a command that reads a database which is not there. */
  byte[] runOnNothing(Command command, Args args, int protocol) {
    ReplyWriter reply = new ReplyWriter();
    reply.setProtocol(protocol);
    work(command, args, 0, 1, reply).on(new EmptyCells(loop.wallMillis()));
    return reply.toArray();
  }

  // Which partitions.

  /** The one partition that a command is about, or -1 when there are several. */
  private static int onePartition(DatabaseRoute database, Command command, Args args) {
    if (database.partitionCount() == 1) {
      return 0;
    }
    if (command.reach() != Reach.KEYS) {
      return command.scatter() == Scatter.BY_CURSOR
          ? ScanCursor.partition(args, database.partitionCount())
          : -1;
    }
    int keys = command.keyCount(args);
    int first = keys == 0 ? 0 : partitionOfKey(database, command, args, 0);
    for (int key = 1; key < keys; key++) {
      if (partitionOfKey(database, command, args, key) != first) {
        return -1;
      }
    }
    return first;
  }

  static int partitionOfKey(DatabaseRoute database, Command command, Args args, int key) {
    int index = command.keyIndex(args, key);
    return database.partitionOf(args.array(), args.offset(index), args.length(index));
  }

  private void scatter(
      ClientConnection connection, DatabaseRoute database, Command command, Args args) {
    Args kept = args.detached();
    ReadTerms reads = database.readTerms(connection.session());
    dispatchAnywhere(
        database, command, kept, connection.session().protocol(), reads, awaitAnswer(connection));
  }

  /** Runs a command wherever its cells are, in one partition or several. */
  void dispatchAnywhere(
      DatabaseRoute database,
      Command command,
      Args args,
      int protocol,
      ReadTerms reads,
      Delivery delivery) {
    int partition = onePartition(database, command, args);
    if (partition >= 0) {
      dispatch(database.partition(partition), command, args, protocol, reads, delivery);
      return;
    }
    if (command.scatter() == Scatter.NONE) {
      refuse(delivery, "CROSSSLOT Keys in request don't hash to the same slot");
      return;
    }
    new Scattering(this, command, protocol, reads, delivery).over(database, args);
  }

  /** Runs a command in every partition of every database. */
  private void everywhere(Command command, Args args, int protocol, Delivery delivery) {
    new Scattering(this, command, protocol, ReadTerms.LINEARIZABLE, delivery)
        .everywhere(List.copyOf(routes.partitions()), args);
  }

  // One partition.

  /**
   * Runs a command on one partition: here, where that keeps what reads promise, or at its leader.
   */
  void dispatch(
      PartitionRoute route,
      Command command,
      Args args,
      int protocol,
      ReadTerms reads,
      Delivery delivery) {
    if (!route.isLeaderless() && !command.has(Flag.WRITE) && mayReadHere(route, reads)) {
      runOnCommitted(route, command, args, protocol, reads, delivery);
    } else {
      dispatchToLeader(route, command, args, protocol, reads, delivery);
    }
  }

  /** Runs a command at a partition's leader, or has a replica coordinate it where nobody leads. */
  void dispatchToLeader(
      PartitionRoute route,
      Command command,
      Args args,
      int protocol,
      ReadTerms reads,
      Delivery delivery) {
    if (route.isLeaderless()) {
      coordinate(route, command, args, protocol, reads, delivery);
      return;
    }
    Delivery answer = reads.seen() == null ? delivery : notingSeen(route, command, reads, delivery);
    Position floor = reads.floor(route.id());
    ToLeader run = new ToLeader(route, command, args, protocol, reads, floor, null, answer);
    if (route.hasWaiting()) {
      run.await();
    } else {
      run.go();
    }
  }

  /** Has a session know what a command that goes to the leader has seen, or written. */
  private static Delivery notingSeen(
      PartitionRoute route, Command command, ReadTerms reads, Delivery delivery) {
    SeenPositions seen = reads.seen();
    boolean counts = reads.isSession() || command.has(Flag.WRITE);
    seen.begins(route.id());
    return Delivery.of(
        delivery.clientWait(),
        (by, reply) -> {
          seen.ends(route.id());
          if (Failures.saysDiverged(reply)) {
            seen.forget(route.id());
          } else if (counts && by.position().epoch() > 0) {
            seen.saw(route.id(), by.position().epoch(), by.position().index());
          }
          delivery.deliver(by, reply);
        });
  }

  private void toLeader(
      PartitionRoute route,
      Command command,
      Args args,
      int protocol,
      Position floor,
      Fetched fetched,
      Delivery delivery) {
    new ToLeader(route, command, args, protocol, ReadTerms.LINEARIZABLE, floor, fetched, delivery)
        .go();
  }

  /** A command on its way to a leader, for as long as its database's write timeout. */
  private final class ToLeader {
    private final PartitionRoute route;
    private final Command command;
    private final Args args;
    private final int protocol;
    private final ReadTerms reads;
    private final Position floor;
    private final Fetched fetched;
    private final Delivery delivery;
    private final long deadlineNanos;

    /**
     * @param floor what the leader must have
     * @param fetched what was for it; null for nothing yet
     */
    ToLeader(
        PartitionRoute route,
        Command command,
        Args args,
        int protocol,
        ReadTerms reads,
        Position floor,
        Fetched fetched,
        Delivery delivery) {
      this.route = route;
      this.command = command;
      this.args = args;
      this.protocol = protocol;
      this.reads = reads;
      this.floor = floor;
      this.fetched = fetched;
      this.delivery = delivery;
      this.deadlineNanos = loop.nowNanos() + route.terms().writeTimeoutNanos();
    }

    void go() {
      if (delivery.isForNobody()) {
        return;
      }
      NodeId leader = route.leader();
      if (leader != null && leader.equals(loop.self()) && isServedHere(route)) {
        runAsLeader(route, command, args, protocol, floor, fetched, delivery);
      } else if (mayBeOld() && mayReadHere(route, reads)) {
        runOnCommitted(route, command, args, protocol, reads, delivery);
      } else if (leader != null && !leader.equals(loop.self()) && forwards.canReach(leader)) {
        forward(leader);
      } else {
        await();
      }
    }

    private void forward(NodeId leader) {
      if (command.blocking() == null) {
        forwards.send(
            leader, route, protocol, command.has(Flag.WRITE), floor, args, delivery, this::await);
      } else {
        long timeout = command.blocking().timeoutMillis(args);
        forwards.sendBlocking(leader, route, protocol, floor, args, timeout, delivery, this::await);
      }
    }

    /** Waits for a leader: a failover is then a pause, not an error. */
    void await() {
      CommandRunner.this.await(
          route,
          deadlineNanos,
          () -> isReachable(route) || mayBeOld() && mayReadHere(route, reads),
          this::go,
          delivery);
    }

    /** While there is no leader, a copy may become good enough. What is under way is this. */
    private boolean mayBeOld() {
      return !command.has(Flag.WRITE) && reads.level() == Consistency.BOUNDED;
    }
  }

  private boolean isReachable(PartitionRoute route) {
    NodeId leader = route.leader();
    return leader != null
        && (leader.equals(loop.self()) ? isServedHere(route) : forwards.canReach(leader));
  }

  private boolean isServedHere(PartitionRoute route) {
    return route.takesCommandsHere() && loop.leaseHeld();
  }

  private void await(
      PartitionRoute route,
      long deadlineNanos,
      BooleanSupplier ready,
      Runnable then,
      Delivery delivery) {
    if (route.waitingCount() >= MAX_WAITING) {
      refuse(delivery, route.nobodyServes());
      return;
    }
    route.await(
        new Routes.Waiter() {
          @Override
          public void retry() {
            if (loop.nowNanos() - deadlineNanos > 0) {
              giveUp(route.nobodyServes());
            } else if (ready.getAsBoolean() && !route.hasWaiting()) {
              then.run();
            } else {
              route.await(this);
            }
          }

          @Override
          public void giveUp(String error) {
            refuse(delivery, error);
          }

          @Override
          public long deadlineNanos() {
            return deadlineNanos;
          }
        });
  }

  private void runAsLeader(
      PartitionRoute route,
      Command command,
      Args args,
      int protocol,
      Position floor,
      Fetched fetched,
      Delivery delivery) {
    if (delivery.isForNobody()) {
      return;
    }
    PartitionReplica replica = route.local();
    if (touchesParked(command, args, route)) {
      parkBehind(route, command, args, protocol, floor, fetched, delivery);
      return;
    }
    if (floor.epoch() > 0) {
      PartitionReplica.Coverage coverage = replica.coverageOfLog(floor.epoch(), floor.index());
      if (coverage != PartitionReplica.Coverage.COVERED) {
        refuse(
            delivery,
            coverage == PartitionReplica.Coverage.LOST
                ? Failures.leftHistory(route.id(), floor, replica)
                : Failures.notYet(route.id(), floor, replica));
        return;
      }
    }
    if (command.blocking() != null) {
      Runnable again = () -> toLeader(route, command, args, protocol, floor, fetched, delivery);
      blocked.run(route, command, args, protocol, delivery, again);
      return;
    }
    String refusal = command.has(Flag.WRITE) ? refusalOfWrite(replica, command) : null;
    if (refusal != null) {
      replica.countRefused();
      refuse(delivery, refusal);
      return;
    }
    int count = partitionCount(route);
    try {
      scratch.clear();
      scratch.setProtocol(protocol);
      replica.runAsLeader(work(command, args, route.number(), count, scratch));
    } catch (CellsNotInMemory e) {
      Fetched more = fetched == null ? new Fetched() : fetched;
      if (more.isTooMuch(e)) {
        refuse(delivery, "TRYAGAIN the command needs more at once than memory.table holds");
        return;
      }
      fetchAhead(route, command, args, more);
      fetchThen(route, e, () -> toLeader(route, command, args, protocol, floor, more, delivery));
      return;
    } catch (CellsRefused refused) {
      refuse(delivery, refused.error());
      return;
    }
    Answer by = replica.answerAsLeader();
    asyncReplies.add(replica, scratch.toArray(), reply -> delivery.deliver(by, reply));
    blocked.serve(replica);
  }

  private void runOnCommitted(
      PartitionRoute route,
      Command command,
      Args args,
      int protocol,
      ReadTerms reads,
      Delivery delivery) {
    PartitionReplica replica = route.local();
    try {
      scratch.clear();
      scratch.setProtocol(protocol);
      replica.runOnCommitted(work(command, args, route.number(), partitionCount(route), scratch));
    } catch (CellsNotInMemory e) {
      fetchThen(route, e, () -> dispatch(route, command, args, protocol, reads, delivery));
      return;
    }
    Answer by = replica.answerFromCommitted();
    if (reads.isSession()) {
      reads.seen().saw(route.id(), by.position().epoch(), by.position().index());
    }
    delivery.deliver(by, scratch.toArray());
  }

  private int partitionCount(PartitionRoute route) {
    return route.terms().database().settings().partitions();
  }

  private static void refuse(Delivery delivery, String error) {
    delivery.deliver(Answer.NONE, AsyncReplies.encodeError(error));
  }

  // Waiting for the disk.

  /** The cells that a command had fetched, one run after the other. */
  private static final class Fetched {
    private final Set<Bytes> cells = new HashSet<>();
    private int again;

    /** Whether a key has yet to be fetched for the command. */
    boolean isFirst(byte[] key) {
      return cells.add(name(key, 0, new byte[0]));
    }

    /** Whether fetching leads to nothing: what comes in takes the place of what is needed, too. */
    boolean isTooMuch(CellsNotInMemory missing) {
      byte[] key = missing.key() == null ? new byte[0] : missing.key();
      List<byte[]> fields = missing.fields() == null ? List.of(new byte[0]) : missing.fields();
      boolean isNew = false;
      for (byte[] field : fields) {
        isNew |= cells.add(name(key, missing.collection(), field));
      }
      again += isNew ? 0 : 1;
      return again > MAX_FETCHED_AGAIN;
    }

    private static Bytes name(byte[] key, long collection, byte[] field) {
      ByteSink name = new ByteSink(key.length + field.length + 16);
      name.putLong(collection).putBlock(key, 0, key.length).putBlock(field, 0, field.length);
      return Bytes.wrap(name.toArray());
    }
  }

  /**
   * Has the disk read what else the command will miss: it would find that out one by one, and run
   * anew each time.
   */
  private static void fetchAhead(
      PartitionRoute route, Command command, Args args, Fetched fetched) {
    int keys = command.reach() == Reach.KEYS ? command.keyCount(args) : 0;
    PartitionStore store = route.local().store();
    int left = FETCHED_AHEAD;
    for (int number = 0; number < keys && keys > 1 && left > 0; number++) {
      int word = command.keyIndex(args, number);
      PartitionStore.Found found = store.find(args.array(), args.offset(word), args.length(word));
      byte[] key = found == PartitionStore.Found.NOT_IN_MEMORY ? args.copy(word) : null;
      if (key != null && fetched.isFirst(key)) {
        store.fetch(key, () -> {});
        left--;
      }
    }
  }

  /** Fetches cells that only the disk has; commands on that key wait, in their order, meanwhile. */
  void fetchThen(PartitionRoute route, CellsNotInMemory missing, Runnable again) {
    PartitionReplica replica = route.local();
    if (missing.key() == null) {
      replica.store().resolveCounts(again);
      return;
    }
    Bytes parked = parkedKey(route, missing.key(), 0, missing.key().length);
    ArrayDeque<Runnable> queue = parkedKeys.computeIfAbsent(parked, key -> new ArrayDeque<>());
    queue.addFirst(again);
    fetch(
        replica.store(),
        missing,
        () -> {
          loop.beginTurn();
          ArrayDeque<Runnable> ready = parkedKeys.remove(parked);
          if (ready != null) {
            ready.forEach(Runnable::run);
          }
        });
  }

  private static void fetch(PartitionStore store, CellsNotInMemory missing, Runnable callback) {
    if (missing.collection() == 0) {
      store.fetch(missing.key(), callback);
    } else if (missing.fields() == null) {
      store.fields().fetchAll(missing.collection(), callback);
    } else {
      store.fields().fetch(missing.collection(), missing.fields(), callback);
    }
  }

  private boolean touchesParked(Command command, Args args, PartitionRoute route) {
    return !parkedKeys.isEmpty() && firstParked(command, args, route) != null;
  }

  private Bytes firstParked(Command command, Args args, PartitionRoute route) {
    int keys = command.reach() == Reach.KEYS ? command.keyCount(args) : 0;
    for (int key = 0; key < keys; key++) {
      int index = command.keyIndex(args, key);
      Bytes parked = parkedKey(route, args.array(), args.offset(index), args.length(index));
      if (parkedKeys.containsKey(parked)) {
        return parked;
      }
    }
    return null;
  }

  private void parkBehind(
      PartitionRoute route,
      Command command,
      Args args,
      int protocol,
      Position floor,
      Fetched fetched,
      Delivery delivery) {
    ArrayDeque<Runnable> queue = parkedKeys.get(firstParked(command, args, route));
    if (queue.size() >= MAX_WAITING) {
      refuse(delivery, "TRYAGAIN too many commands wait for this key to be read from disk");
    } else {
      queue.addLast(() -> toLeader(route, command, args, protocol, floor, fetched, delivery));
    }
  }

  private static Bytes parkedKey(PartitionRoute route, byte[] key, int offset, int length) {
    byte[] name = new byte[length + 8];
    System.arraycopy(key, offset, name, 8, length);
    long id =
        (long) route.terms().state().id().database() << 32 | route.terms().state().id().number();
    for (int i = 0; i < 8; i++) {
      name[i] = (byte) (id >>> (8 * i));
    }
    return Bytes.wrap(name);
  }

  // For another node.

  /**
   * Runs a command that another node forwarded, in the epoch that it was meant for and in no other;
   * else it is sent back, and nothing was done. The reply goes back the way that the command came:
   * if it can't, the other node hears that the connection broke, and awaits it no longer.
   *
   * @param epoch in which the other node takes this one for the leader
   * @param floor what the history must have; {@link Position#ZERO} for whatever it has
   */
  void runForwarded(
      PeerConnection from,
      long id,
      PartitionRoute route,
      long epoch,
      int protocol,
      Position floor,
      Args args) {
    Command command = route == null ? null : table.findForwarded(args);
    Delivery answer = answerTo(from, id, command);
    if (command == null) {
      refuse(answer, "CLUSTERDOWN this node does not know the partition");
    } else if (route.leadsHere() && command.runs() == Runs.ON_NODE) {
      nodeCommands.runForwarded(command, args, route.local(), floor, answer);
    } else if (!sendsBack && (route.hasWaiting() || isUndecided(route, epoch))) {
      long atMost = route.leadsHere() ? route.terms().writeTimeoutNanos() : APPOINTED_NANOS;
      await(
          route,
          loop.nowNanos() + atMost,
          () -> !isUndecided(route, epoch),
          () -> runOrBounce(from, id, route, epoch, protocol, floor, args, answer),
          answer);
    } else {
      runOrBounce(from, id, route, epoch, protocol, floor, args, answer);
    }
  }

  private Delivery answerTo(PeerConnection to, long id, Command command) {
    if (command == null || command.blocking() == null) {
      return (by, reply) -> forwards.answer(to, id, by, reply);
    }
    return Delivery.of(
        blocked.forwarded().begin(to, id),
        (by, reply) -> {
          blocked.forwarded().over(to, id);
          forwards.answer(to, id, by, reply);
        });
  }

  /** The node that sent a blocking command wants an end of its wait. */
  void endForwardedWait(PeerConnection from, long id, int how) {
    ClientWait.End[] ends = ClientWait.End.values();
    if (how < 0 || how >= ends.length) {
      throw new MalformedBytesException("a wait ends in no way " + how);
    }
    blocked.forwarded().end(from, id, ends[how]);
  }

  /** A node is out of reach: nobody waits there for what it sent. */
  void lost(NodeId node) {
    blocked.forwarded().lost(node);
  }

  /** Runs a command that another node sent to this very one. */
  void runForNode(PeerConnection from, long id, int protocol, Args args) {
    Delivery answer = (by, reply) -> forwards.answer(from, id, by, reply);
    Command command = table.find(args);
    if (command == null || command.runs() != Runs.ON_NODE) {
      refuse(answer, "ERR this node does not know what it was asked");
    } else {
      nodeCommands.runForNode(command, args, protocol, answer);
    }
  }

  /** Runs this node's own command on cells of one partition, as if a client had sent it. */
  void runOnLeader(PartitionRoute route, Args args, Consumer<Reply> receiver) {
    Delivery delivery = (by, reply) -> receiver.accept(ReplyReader.read(reply));
    dispatch(route, table.find(args), args, 2, ReadTerms.LINEARIZABLE, delivery);
  }

  /**
   * This node takes no more commands: those of others that wait here, and were not begun, go back.
   */
  void sendBack() {
    sendsBack = true;
    retryWaiting();
  }

  /** Whether this node may yet come to take commands in an epoch, or has yet to hear of it. */
  private boolean isUndecided(PartitionRoute route, long epoch) {
    if (sendsBack) {
      return false;
    }
    if (route.leadsHere() && route.local().epoch() == epoch) {
      return !isServedHere(route);
    }
    return route.local() != null && route.epoch() <= epoch && route.leader() == null
        || route.epoch() < epoch;
  }

  private void runOrBounce(
      PeerConnection from,
      long id,
      PartitionRoute route,
      long epoch,
      int protocol,
      Position floor,
      Args args,
      Delivery answer) {
    Command command = table.findForwarded(args);
    if (command.runs() == Runs.ON_NODE && route.leadsHere()) {
      nodeCommands.runForwarded(command, args, route.local(), floor, answer);
    } else if (command.runs() != Runs.ON_NODE
        && isServedHere(route)
        && route.local().epoch() == epoch) {
      runAsLeader(route, command, args, protocol, floor, null, answer);
    } else {
      blocked.forwarded().over(from, id);
      forwards.bounce(from, id);
    }
  }

  /**
   * Leaders may have changed: those that wait try again, and those that waited too long give up.
   */
  void retryWaiting() {
    for (PartitionRoute route : List.copyOf(routes.partitions())) {
      if (route.hasWaiting()) {
        route.expireWaiting(loop.nowNanos());
        route.retryWaiting();
      }
    }
  }
}
