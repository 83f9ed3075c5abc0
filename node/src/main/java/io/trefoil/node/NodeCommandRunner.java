package io.trefoil.node;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.command.Command;
import io.trefoil.command.Consistency;
import io.trefoil.command.Flag;
import io.trefoil.command.Session;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.ControlCommand;
import io.trefoil.control.Database;
import io.trefoil.control.DatabaseGrammar;
import io.trefoil.control.DatabaseOptions;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.DatabaseStatement;
import io.trefoil.control.Outcome;
import io.trefoil.control.RegionGrammar;
import io.trefoil.control.RegionStatement;
import io.trefoil.control.Replication;
import io.trefoil.node.Routes.DatabaseRoute;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The commands that are about replicas, databases and the process, rather than about cells. On the
 * data loop.
 */
final class NodeCommandRunner implements CommandRunner.NodeCommands {
  private static final long OUTCOME_NANOS = 5_000_000_000L;

  /** How long a change of a database may take before its client hears that it goes on. */
  private static final long CHANGE_NANOS = 3_000_000_000L;

  private final DataLoop loop;
  private final Routes routes;
  private final Forwards forwards;
  private final Verifications verifications;
  private final Divergences divergences;
  private final Conflicts conflicts;
  private final Tails tails;
  private final WriteStatus writeStatus;
  private final Repairs repairs;
  private final PubSub pubSub;
  private final Outside outside;
  private final CopyWaits copyWaits;
  private final SessionWaits sessionWaits;
  private final List<Submitted> submitted = new ArrayList<>();
  private final List<Unfinished> unfinished = new ArrayList<>();
  private final List<Consumer<String>> lookers = new ArrayList<>();
  private boolean looking;
  private RegionDefinitions definitions;
  private RegionVerifications betweenRegions;

  /** Who defines and compares databases that span regions; before the first command comes. */
  void use(RegionDefinitions defining, RegionVerifications comparing) {
    definitions = defining;
    betweenRegions = comparing;
  }

  /**
   * What these commands need of the rest of the node.
   *
   * @param region that the node is in; empty when nobody chose one
   */
  record Outside(
      String region,
      Supplier<ClusterState> state,
      Consumer<Consumer<ObjectNode>> status,
      Submitter control,
      Runnable writeOut,
      Supplier<Long> lastWriteOutMillis,
      Runnable shutdown) {}

  /** Submits a command about databases; the outcome may never come. */
  interface Submitter {
    void submit(ControlCommand command, Consumer<Outcome> receiver);
  }

  /**
   * A change that is decided and not through.
   *
   * @param answer gets null when it is through, else an error
   */
  private record Unfinished(ChangeProgress progress, long deadlineNanos, Consumer<String> answer) {}

  /** A command to the control plane whose outcome is not known yet. */
  private static final class Submitted {
    final long deadlineNanos;
    final String ifLate;
    final Consumer<String> then;
    boolean answered;

    Submitted(long deadlineNanos, String ifLate, Consumer<String> then) {
      this.deadlineNanos = deadlineNanos;
      this.ifLate = ifLate;
      this.then = then;
    }
  }

  NodeCommandRunner(
      DataLoop loop,
      Routes routes,
      Forwards forwards,
      Verifications verifications,
      AsyncReplies asyncReplies,
      Divergences divergences,
      Conflicts conflicts,
      Tails tails,
      Outside outside) {
    this.loop = loop;
    this.routes = routes;
    this.forwards = forwards;
    this.verifications = verifications;
    this.divergences = divergences;
    this.conflicts = conflicts;
    this.tails = tails;
    this.copyWaits = new CopyWaits(loop, routes, forwards);
    this.sessionWaits = new SessionWaits(loop, routes);
    this.writeStatus = new WriteStatus(loop, routes, forwards, asyncReplies, divergences);
    this.repairs = new Repairs(loop, routes, forwards, outside.state());
    this.pubSub = new PubSub(loop, forwards, () -> outside.state().get().nodes().keySet());
    this.outside = outside;
  }

  /** Who has subscribed here to what, and what is published. */
  PubSub pubSub() {
    return pubSub;
  }

  @Override
  public void run(Command command, Args args, ClientConnection connection) {
    if (command.has(Flag.PUBSUB)) {
      pubSub.run(command, args, connection);
      return;
    }
    switch (command.name()) {
      case "wait" -> copyWaits.begin(args, connection);
      case "role" -> now(connection, reply -> role(connection, reply));
      case "database" -> database(DatabaseGrammar.parse(words(args)), connection);
      case "switchover" -> switchover(DatabaseGrammar.parseSwitchover(words(args)), connection);
      case "region" -> region(RegionGrammar.parse(words(args)), connection);
      case "status" -> status(connection);
      case "consistency" -> consistency(args, connection);
      case "session|token" ->
          connection.whenReached(
              reply -> reply.bulkText(SessionToken.write(connection.session().seen(), routes)));
      case "session|wait" -> sessionWaits.begin(args, connection);
      case "lastsave" ->
          now(connection, reply -> reply.integer(outside.lastWriteOutMillis().get() / 1_000));
      case "bgsave" -> {
        outside.writeOut().run();
        now(connection, reply -> reply.simple("Background saving started"));
      }
      case "diverged|list",
          "diverged|show",
          "diverged|diff",
          "diverged|replay",
          "diverged|discard" ->
          divergences.run(args.detached(), connection.session().protocol(), connection.await());
      case "conflicts" ->
          conflicts.run(args.detached(), connection.session().protocol(), connection.await());
      case "tail" -> tails.run(args.detached(), connection.await());
      case "write|status" ->
          writeStatus.ask(args.detached(), connection.session().protocol(), connection.await());
      case "repair|status", "repair|run" ->
          repairs.run(args.detached(), connection.session().protocol(), connection.await());
      case "shutdown" -> outside.shutdown().run();
      default ->
          now(
              connection,
              reply -> reply.error("UNSUPPORTED " + command.upperName() + " is not there yet"));
    }
  }

  @Override
  public boolean answersAtOnce(Command command) {
    return command.name().equals("role") || command.name().equals("lastsave");
  }

  @Override
  public void answer(Command command, ClientConnection connection, ReplyWriter reply) {
    if (command.name().equals("role")) {
      role(connection, reply);
    } else {
      reply.integer(outside.lastWriteOutMillis().get() / 1_000);
    }
  }

  /** Answers a command that began when the writer was as it is now. */
  static void now(ClientConnection connection, Consumer<ReplyWriter> writing) {
    ReplyWriter reply = connection.replies().writer();
    int start = reply.size();
    writing.accept(reply);
    connection.ended(start);
  }

  private static byte[] encoded(ClientConnection connection, Consumer<ReplyWriter> writing) {
    ReplyWriter reply = new ReplyWriter();
    reply.setProtocol(connection.session().protocol());
    writing.accept(reply);
    return reply.toArray();
  }

  // Of other nodes, and ROLE.

  @Override
  public void runForwarded(
      Command command, Args args, PartitionReplica leader, Position floor, Delivery delivery) {
    if (command.name().equals("write|status")) {
      writeStatus.answer(args, leader, delivery);
    } else if (command.name().equals("tail")) {
      tails.answer(args, leader, delivery);
    } else if (command.name().equals("wait")) {
      copyWaits.runForwarded(args, leader, floor, delivery);
    } else {
      delivery.deliver(
          Answer.NONE,
          AsyncReplies.encodeError("ERR " + command.upperName() + " is not forwarded"));
    }
  }

  @Override
  public void runForNode(Command command, Args args, int protocol, Delivery delivery) {
    if (command.has(Flag.PUBSUB)) {
      pubSub.runHere(command, args, delivery);
    } else if (command.name().startsWith("diverged|")) {
      divergences.runHere(args, protocol, delivery);
    } else if (command.name().equals("conflicts")) {
      conflicts.answer(args, delivery);
    } else if (command.name().startsWith("repair|")) {
      repairs.runHere(args, protocol, delivery);
    } else if (command.name().equals("write|status")) {
      writeStatus.answerForNode(args, delivery);
    } else {
      delivery.deliver(
          Answer.NONE,
          AsyncReplies.encodeError("ERR " + command.upperName() + " is not forwarded"));
    }
  }

  private void role(ClientConnection connection, ReplyWriter reply) {
    DatabaseRoute database = routes.database(connection.session().database());
    if (InfoPage.isMaster(database)) {
      master(database, reply);
    } else {
      slave(database.partition(0), reply);
    }
  }

  private void master(DatabaseRoute database, ReplyWriter reply) {
    PartitionReplica leader = database == null ? null : database.partition(0).local();
    reply.array(3);
    reply.bulkText("master");
    if (leader == null) {
      boolean leaderless = database != null && database.isLeaderless();
      reply.integer(leaderless ? InfoPage.ownIndex(database) : 0);
      reply.array(0);
      return;
    }
    reply.integer(leader.machine().lastIndex());
    List<NodeId> there =
        leader.machine().followers().keySet().stream()
            .filter(leader.machine()::isReachable)
            .filter(outside.state().get().nodes()::containsKey)
            .toList();
    reply.array(there.size());
    for (NodeId follower : there) {
      ClusterNode node = outside.state().get().nodes().get(follower);
      reply.array(3);
      reply.bulkText(node.addresses().host());
      reply.bulkText(Integer.toString(node.addresses().clientPort()));
      reply.bulkText(Long.toString(leader.machine().followers().get(follower).match()));
    }
  }

  private void slave(PartitionRoute partition, ReplyWriter reply) {
    NodeId leader = partition.leader();
    ClusterNode node = leader == null ? null : outside.state().get().nodes().get(leader);
    reply.array(5);
    reply.bulkText("slave");
    reply.bulkText(node == null ? "" : node.addresses().host());
    reply.integer(node == null ? 0 : node.addresses().clientPort());
    reply.bulkText(node == null ? "connect" : "connected");
    reply.integer(partition.local() == null ? 0 : partition.local().machine().lastIndex());
  }

  // CONSISTENCY.

  private static final int MAX_BOUND_MILLIS = 86_400_000;

  private void consistency(Args args, ClientConnection connection) {
    int words = args.count();
    if (words == 2 && args.isWord(1, "LAST")) {
      connection.whenReached(reply -> last(connection.lastAnswer(), reply));
    } else if (words == 2 && args.isWord(1, "LINEARIZABLE")) {
      readsAre(Consistency.LINEARIZABLE, connection);
    } else if (words == 2 && args.isWord(1, "SESSION")) {
      readsAre(Consistency.SESSION, connection);
    } else if (words == 2 && args.isWord(1, "EVENTUAL")) {
      readsAre(Consistency.EVENTUAL, connection);
    } else if (words == 3 && args.isWord(1, "BOUNDED")) {
      bounded(args, connection);
    } else if (words == 3 && args.isWord(1, "ATTRIBUTES")) {
      attributes(args, connection);
    } else if (words == 2 && args.isWord(1, "ONE")) {
      quorumIs(1, 1, connection);
    } else if (words == 2 && args.isWord(1, "QUORUM")) {
      quorumIs(Session.MAJORITY, Session.MAJORITY, connection);
    } else if (words == 2 && args.isWord(1, "ALL")) {
      quorumIs(Session.ALL, Session.ALL, connection);
    } else if (words == 5 && args.isWord(1, "R") && args.isWord(3, "W")) {
      quorum(args, connection);
    } else {
      now(
          connection,
          reply ->
              reply.error(
                  "ERR CONSISTENCY is followed by LINEARIZABLE, SESSION, BOUNDED ms, EVENTUAL, LAST,"
                      + " ATTRIBUTES ON or ATTRIBUTES OFF; for leaderless databases by ONE,"
                      + " QUORUM, ALL or R n W n"));
    }
  }

  private static void quorum(Args args, ClientConnection connection) {
    long reads = args.parseLong(2) ? args.parsed() : 0;
    long writes = args.parseLong(4) ? args.parsed() : 0;
    int most = DatabaseSettings.MAX_REPLICAS;
    if (reads < 1 || reads > most || writes < 1 || writes > most) {
      now(
          connection,
          reply ->
              reply.error(
                  "ERR CONSISTENCY R and W are followed by numbers of replicas from 1 to " + most));
      return;
    }
    quorumIs((int) reads, (int) writes, connection);
  }

  private static void quorumIs(int reads, int writes, ClientConnection connection) {
    connection.session().setQuorum(reads, writes);
    now(connection, ReplyWriter::ok);
  }

  private static void bounded(Args args, ClientConnection connection) {
    if (!args.parseLong(2) || args.parsed() < 1 || args.parsed() > MAX_BOUND_MILLIS) {
      now(
          connection,
          reply ->
              reply.error(
                  "ERR CONSISTENCY BOUNDED is followed by milliseconds from 1 to "
                      + MAX_BOUND_MILLIS));
      return;
    }
    connection.session().setBounded((int) args.parsed());
    now(connection, ReplyWriter::ok);
  }

  private static void attributes(Args args, ClientConnection connection) {
    boolean on = args.isWord(2, "ON");
    if (!on && !args.isWord(2, "OFF")) {
      now(connection, reply -> reply.error("ERR CONSISTENCY ATTRIBUTES is followed by ON or OFF"));
    } else if (on && connection.session().protocol() != 3) {
      now(connection, reply -> reply.error("ERR RESP2 has no attributes; send HELLO 3 first"));
    } else {
      connection.session().setAttributes(on);
      now(connection, ReplyWriter::ok);
    }
  }

  private static void readsAre(Consistency level, ClientConnection connection) {
    connection.session().setConsistency(level);
    now(connection, ReplyWriter::ok);
  }

  private void last(Answer answer, ReplyWriter reply) {
    reply.map(fields(answer));
    writeAnswer(answer, reply);
  }

  @Override
  public void writeAttribute(Answer answer, ReplyWriter into) {
    into.attribute(fields(answer));
    writeAnswer(answer, into);
  }

  private static int fields(Answer answer) {
    return answer.quorum() == null ? 5 : 7;
  }

  private void writeAnswer(Answer answer, ReplyWriter reply) {
    ClusterNode node =
        answer.node() == null ? null : outside.state().get().nodes().get(answer.node());
    reply.bulkText("node");
    reply.bulkText(node == null ? "" : node.name());
    reply.bulkText("role");
    if (answer.quorum() != null) {
      reply.bulkText("coordinator");
      writeQuorum(answer.quorum(), reply);
      return;
    }
    reply.bulkText(answer.leader() ? "leader" : answer.node() == null ? "" : "follower");
    reply.bulkText("epoch");
    reply.integer(answer.position().epoch());
    reply.bulkText("position");
    reply.bulkText(answer.position().toString());
    reply.bulkText("age_ms");
    if (answer.ageMillis() == Freshness.UNKNOWN) {
      reply.nil();
    } else {
      reply.integer(answer.ageMillis());
    }
  }

  private static void writeQuorum(QuorumAnswer quorum, ReplyWriter reply) {
    field(reply, "r", quorum.reads());
    field(reply, "w", quorum.writes());
    field(reply, "copies", quorum.copies());
    field(reply, "hinted", quorum.hinted());
    reply.bulkText("repaired");
    reply.bulkText(quorum.repaired() ? "yes" : "no");
  }

  private static void field(ReplyWriter reply, String name, int value) {
    reply.bulkText(name);
    reply.integer(value);
  }

  // STATUS and DATABASE.

  private void status(ClientConnection connection) {
    Delivery delivery = connection.await();
    outside
        .status()
        .accept(
            json ->
                delivery.deliver(
                    Answer.NONE, encoded(connection, reply -> reply.bulkText(json.toString()))));
  }

  private static List<String> words(Args args) {
    List<String> words = new ArrayList<>();
    for (int i = 1; i < args.count(); i++) {
      words.add(args.text(i));
    }
    return words;
  }

  private void database(DatabaseStatement statement, ClientConnection connection) {
    if (statement instanceof DatabaseStatement.Invalid invalid) {
      now(connection, reply -> reply.error(invalid.error()));
    } else if (statement instanceof DatabaseStatement.Help) {
      help(DatabaseGrammar.HELP, connection);
    } else if (notThereYet(statement) != null) {
      now(connection, reply -> reply.error(notThereYet(statement)));
    } else if (statement instanceof DatabaseStatement.Create create) {
      create(create, connection);
    } else if (statement instanceof DatabaseStatement.Drop drop) {
      drop(drop, connection);
    } else if (statement instanceof DatabaseStatement.ListAll) {
      now(connection, this::list);
    } else if (statement instanceof DatabaseStatement.Info info) {
      now(connection, reply -> info(info.name(), reply));
    } else if (statement instanceof DatabaseStatement.Verify verify) {
      verify(verify.name(), connection);
    } else if (statement instanceof DatabaseStatement.Alter alter) {
      alter(alter, connection);
    } else if (statement instanceof DatabaseStatement.Move move) {
      reconfigure(
          move.name(),
          new ControlCommand.Move(move.name(), move.partition(), move.from(), move.to()),
          connection);
    } else {
      throw new IllegalStateException("no way to run " + statement);
    }
  }

  private void create(DatabaseStatement.Create create, ClientConnection connection) {
    if (create.options().replication() != Replication.MULTI_LEADER) {
      change(new ControlCommand.Create(create.name(), create.options()), connection);
    } else if (outside.region().isEmpty()) {
      now(
          connection,
          reply ->
              reply.error("ERR DATABASE CREATE: this node is in no region: set its node.region"));
    } else {
      definitions.create(create.name(), create.options(), outside.region(), answering(connection));
    }
  }

  private void alter(DatabaseStatement.Alter alter, ClientConnection connection) {
    Optional<Database> database = outside.state().get().database(alter.name());
    DatabaseOptions options = alter.options();
    boolean multi = database.isPresent() && database.get().settings().isMultiLeader();
    boolean turns =
        database.isPresent()
            && !database.get().settings().isLeaderless()
            && options.replication()
                == (multi ? Replication.SINGLE_LEADER : Replication.MULTI_LEADER);
    if (!turns && !(multi && options.saysOfRegions())) {
      reconfigure(alter.name(), new ControlCommand.Alter(alter.name(), options), connection);
    } else if (turns && multi) {
      alone(alter, connection);
    } else if (!options.saysOfRegionsOnly()) {
      now(
          connection,
          reply ->
              reply.error(
                  "ERR DATABASE ALTER: REGIONS, TOPOLOGY and CONFLICT are changed in all regions at"
                      + " once, other options in this one alone: say them apart"));
    } else if (turns && outside.region().isEmpty()) {
      now(
          connection,
          reply ->
              reply.error("ERR DATABASE ALTER: this node is in no region: set its node.region"));
    } else if (turns) {
      definitions.span(database.get(), options, outside.region(), answering(connection));
    } else {
      definitions.alter(database.get(), options, alter.force(), answering(connection));
    }
  }

  private void alone(DatabaseStatement.Alter alter, ClientConnection connection) {
    if (alter.options().saysReplicationOnly()) {
      change(new ControlCommand.Span(alter.name(), 0, null), connection);
    } else {
      now(
          connection,
          reply ->
              reply.error(
                  "ERR DATABASE ALTER: say REPLICATION SINGLE-LEADER alone, and other options"
                      + " afterwards"));
    }
  }

  private void drop(DatabaseStatement.Drop drop, ClientConnection connection) {
    Optional<Database> database =
        outside
            .state()
            .get()
            .database(drop.name())
            .filter(it -> it.settings().isMultiLeader() && it.settings().regions().hasHere());
    if (database.isPresent()) {
      definitions.drop(database.get(), answering(connection));
    } else {
      change(new ControlCommand.Drop(drop.name()), connection);
    }
  }

  /** Answers the client with an error, or OK when there is none. */
  private static Consumer<String> answering(ClientConnection connection) {
    Delivery delivery = connection.await();
    return error ->
        delivery.deliver(Answer.NONE, encoded(connection, reply -> writeOutcome(error, reply)));
  }

  /** Of a sloppy database, hints may be all but one of the copies of what was acknowledged. */
  private String notThereYet(DatabaseStatement statement) {
    String changed =
        statement instanceof DatabaseStatement.Alter alter
            ? alter.name()
            : statement instanceof DatabaseStatement.Move move ? move.name() : null;
    boolean sloppy =
        changed != null
            && outside.state().get().database(changed).stream()
                .anyMatch(it -> it.settings().isLeaderless() && it.settings().quorums().sloppy());
    return sloppy
        ? "UNSUPPORTED database '" + changed + "' is sloppy, and can't be changed yet"
        : null;
  }

  private static void help(List<String> lines, ClientConnection connection) {
    now(
        connection,
        reply -> {
          reply.array(lines.size());
          lines.forEach(reply::simple);
        });
  }

  private void switchover(DatabaseStatement statement, ClientConnection connection) {
    if (statement instanceof DatabaseStatement.Invalid invalid) {
      now(connection, reply -> reply.error(invalid.error()));
    } else if (statement instanceof DatabaseStatement.Help) {
      help(DatabaseGrammar.SWITCHOVER_HELP, connection);
    } else if (statement instanceof DatabaseStatement.SwitchOver over) {
      changeThen(
          new ControlCommand.Prefer(over.name(), over.partition(), over.node()),
          new ChangeProgress.SwitchedOver(over),
          connection);
    } else if (statement instanceof DatabaseStatement.Drain drain) {
      changeThen(
          new ControlCommand.Drain(drain.node(), drain.drained()),
          new ChangeProgress.Drained(drain),
          connection);
    } else {
      throw new IllegalStateException("no way to run " + statement);
    }
  }

  private void region(RegionStatement statement, ClientConnection connection) {
    if (statement instanceof RegionStatement.Invalid invalid) {
      now(connection, reply -> reply.error(invalid.error()));
    } else if (statement instanceof RegionStatement.Help) {
      help(RegionGrammar.HELP, connection);
    } else if (statement instanceof RegionStatement.ListAll) {
      now(
          connection,
          reply -> new RegionReply(reply).write(outside.state().get(), outside.region()));
    } else if (statement instanceof RegionStatement.Link link) {
      link(link, connection);
    } else if (statement instanceof RegionStatement.Unlink unlink) {
      change(new ControlCommand.UnlinkRegion(unlink.name()), connection);
    } else {
      throw new IllegalStateException("no way to run " + statement);
    }
  }

  /** Who links other regions has one: by its name the others know this cluster. */
  private void link(RegionStatement.Link link, ClientConnection connection) {
    if (outside.region().isEmpty()) {
      now(
          connection,
          reply -> reply.error("ERR REGION LINK: this node is in no region: set its node.region"));
    } else {
      change(new ControlCommand.LinkRegion(link.name(), link.addresses()), connection);
    }
  }

  private void reconfigure(String name, ControlCommand command, ClientConnection connection) {
    changeThen(command, new ChangeProgress.Reconfigured(name), connection);
  }

  /** Answers when what was decided is done everywhere, or that it goes on. */
  private void changeThen(
      ControlCommand command, ChangeProgress progress, ClientConnection connection) {
    Consumer<String> answer = answering(connection);
    submit(
        command,
        error -> {
          if (error != null) {
            answer.accept(error);
          } else {
            unfinished.add(new Unfinished(progress, loop.nowNanos() + CHANGE_NANOS, answer));
            finishChanges();
          }
        });
  }

  private void finishChanges() {
    ClusterState state = outside.state().get();
    for (Unfinished each : List.copyOf(unfinished)) {
      String left = each.progress().left(state);
      boolean late = loop.nowNanos() - each.deadlineNanos() > 0;
      if (left == null || late) {
        unfinished.remove(each);
        each.answer().accept(left == null ? null : "UNCERTAIN " + left);
      }
    }
  }

  private static void writeOutcome(String error, ReplyWriter reply) {
    if (error == null) {
      reply.ok();
    } else {
      reply.error(error);
    }
  }

  private void verify(String name, ClientConnection connection) {
    Optional<Database> database = outside.state().get().database(name);
    DatabaseRoute route = database.map(each -> routes.database(each.number())).orElse(null);
    if (route == null) {
      now(connection, reply -> reply.error(noDatabase(name)));
      return;
    }
    if (!verifications.takesMore()) {
      now(connection, reply -> reply.error("TRYAGAIN this node verifies other databases already"));
      return;
    }
    Delivery delivery = connection.await();
    verifications.verify(
        route,
        reports ->
            verifyRegions(
                route,
                between ->
                    delivery.deliver(
                        Answer.NONE,
                        encoded(
                            connection,
                            reply ->
                                new VerifyReply(outside.state().get(), reply)
                                    .write(database.get(), reports, between)))));
  }

  /** Gives the reports of other regions for each partition; none where there are no regions. */
  private void verifyRegions(DatabaseRoute route, Consumer<List<List<RegionReport>>> then) {
    if (route.database().settings().isMultiLeader()) {
      betweenRegions.verify(route, then);
    } else {
      then.accept(List.of());
    }
  }

  private static String noDatabase(String name) {
    return "ERR there is no database '" + name + "'";
  }

  private void change(ControlCommand command, ClientConnection connection) {
    submit(command, answering(connection));
  }

  /**
   * Submits a command and waits until this node has seen its effect.
   *
   * @param then gets the error, or null; on the data loop
   */
  void submit(ControlCommand command, Consumer<String> then) {
    submit(
        command, "UNCERTAIN the control plane does not answer; the change may still happen", then);
  }

  @Override
  public void ensure(int number, Consumer<String> then) {
    submit(new ControlCommand.Ensure(number), then);
  }

  /** One at a time: those who ask meanwhile wait for the next, which sees what came before them. */
  @Override
  public void look(Consumer<String> then) {
    lookers.add(then);
    if (!looking) {
      lookNow();
    }
  }

  private void lookNow() {
    looking = true;
    List<Consumer<String>> asked = List.copyOf(lookers);
    lookers.clear();
    submit(
        new ControlCommand.Look(),
        "CLUSTERDOWN the control plane does not answer, so nobody knows which databases there are",
        error -> {
          looking = false;
          if (!lookers.isEmpty()) {
            lookNow();
          }
          asked.forEach(each -> each.accept(error));
        });
  }

  private void submit(ControlCommand command, String ifLate, Consumer<String> then) {
    Submitted waiting = new Submitted(loop.nowNanos() + OUTCOME_NANOS, ifLate, then);
    submitted.add(waiting);
    outside.control().submit(command, outcome -> loop.execute(() -> onOutcome(waiting, outcome)));
  }

  private void onOutcome(Submitted waiting, Outcome outcome) {
    if (waiting.answered) {
      return;
    }
    if (outcome instanceof Outcome.Refused refused) {
      finish(waiting, refused.error());
    } else if (outcome instanceof Outcome.Done done && routes.version() < done.index()) {
      loop.loop().schedule(10, () -> loop.execute(() -> onOutcome(waiting, outcome)));
    } else {
      finish(waiting, null);
    }
  }

  private void finish(Submitted waiting, String error) {
    waiting.answered = true;
    submitted.remove(waiting);
    waiting.then.accept(error);
  }

  private void list(ReplyWriter reply) {
    ClusterState state = outside.state().get();
    reply.array(state.databases().size());
    state.databases().values().forEach(new DatabaseReply(state, reply)::write);
  }

  private void info(String name, ReplyWriter reply) {
    Optional<Database> database = outside.state().get().database(name);
    if (database.isEmpty()) {
      reply.error(noDatabase(name));
    } else {
      new DatabaseReply(outside.state().get(), reply).write(database.get());
    }
  }

  /** Looks at what waits. */
  void tick() {
    copyWaits.tick();
    sessionWaits.tick();
    repairs.tick();
    pubSub.tick();
    definitions.tick();
    finishChanges();
    for (Submitted each : List.copyOf(submitted)) {
      if (loop.nowNanos() - each.deadlineNanos > 0) {
        finish(each, each.ifLate);
      }
    }
  }
}
