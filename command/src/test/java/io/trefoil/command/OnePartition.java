package io.trefoil.command;

import io.trefoil.base.Clock;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import io.trefoil.resp.RespLimits;
import io.trefoil.resp.RespParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/** A server of one partition and one connection: bytes in, bytes out. */
final class OnePartition implements Server {
  static final int MAX_BULK_BYTES = 1 << 20;

  final MapCells cells = new MapCells();
  final CommandTable table = CommandTable.standard();
  final List<Session> sessions = new ArrayList<>();
  final List<Session> closed = new ArrayList<>();
  final List<Session> left = new ArrayList<>();
  final SortedMap<String, String> settings = new TreeMap<>();
  String password = "";
  long nowMillis = 1_000_000_000_000L;
  int statisticsResets;

  private final RespParser parser =
      new RespParser(new RespLimits(MAX_BULK_BYTES, 8 * MAX_BULK_BYTES));
  private final Call call = new Call(MAX_BULK_BYTES);
  private final ReplyWriter reply = new ReplyWriter();
  private byte[] input = new byte[0];
  private boolean open = true;
  Session session;

  OnePartition() {
    connect();
  }

  /** Starts over with a new connection. */
  void connect() {
    session =
        new Session(
            sessions.size() + 1,
            "127.0.0.1:5" + sessions.size(),
            "127.0.0.1:6379",
            nowMillis,
            !passwordRequired());
    sessions.add(session);
    reply.setProtocol(2);
  }

  boolean isOpen() {
    return open;
  }

  /** Runs what the bytes hold and returns what is sent back. */
  byte[] send(byte[] bytes) {
    input = Arrays.copyOf(input, input.length + bytes.length);
    System.arraycopy(bytes, 0, input, input.length - bytes.length, bytes.length);
    reply.clear();
    int from = 0;
    while (open) {
      parser.setAuthenticated(session.authenticated());
      RespParser.Outcome outcome = parser.parse(input, from, input.length);
      if (outcome == RespParser.Outcome.INCOMPLETE) {
        from += parser.consumed();
        break;
      }
      if (outcome == RespParser.Outcome.ERROR) {
        reply.errorEchoing(parser.error());
        open = false;
      } else {
        runOne();
        open = !session.closing();
      }
      from += parser.consumed();
    }
    input = Arrays.copyOfRange(input, from, input.length);
    return reply.toArray();
  }

  /** Runs one command given as words; answers in Latin-1. */
  String run(String... words) {
    byte[][] bytes = new byte[words.length][];
    for (int i = 0; i < words.length; i++) {
      bytes[i] = words[i].getBytes(StandardCharsets.ISO_8859_1);
    }
    return new String(send(Args.of(bytes).encoded()), StandardCharsets.ISO_8859_1);
  }

  private void runOne() {
    int start = reply.size();
    Command command = table.admit(parser.args(), session, reply);
    if (command != null) {
      session.commandBegins(command, nowMillis);
      if (session.queues() && command.isQueued()) {
        session.transaction().add(command, parser.args());
        reply.simple("QUEUED");
      } else {
        run(command);
      }
    }
    if (!session.commandEnds()) {
      reply.truncate(start);
    }
  }

  private void run(Command command) {
    switch (command.runs()) {
      case ON_CELLS -> call.onCells(command, parser.args(), cells, 0, 1, reply).run();
      case ON_CONNECTION -> call.onConnection(command, parser.args(), session, this, reply).run();
      case ON_NODE -> {
        if (command.name().equals("exec")) {
          exec();
        } else {
          reply.error("ERR run by the node");
        }
      }
    }
  }

  /** Of commands on cells. */
  private void exec() {
    Transaction transaction = session.transaction();
    if (!session.queues()) {
      reply.error("ERR EXEC without MULTI");
    } else if (transaction.isSpoiled()) {
      reply.error(Errors.EXEC_ABORT);
    } else {
      Args form = table.transactions().execOf(transaction, List.of(), session.protocol(), this);
      call.onCells(table.findForwarded(form), form, cells, 0, 1, reply).run();
    }
    session.endTransaction();
  }

  @Override
  public Clock clock() {
    return new Clock() {
      @Override
      public long wallMillis() {
        return nowMillis;
      }

      @Override
      public long monotonicNanos() {
        return nowMillis * 1_000_000;
      }
    };
  }

  @Override
  public boolean passwordRequired() {
    return !password.isEmpty();
  }

  @Override
  public boolean authenticate(String user, byte[] given) {
    return user.equals("default") && password.equals(new String(given, StandardCharsets.UTF_8));
  }

  @Override
  public OptionalInt database(String numberOrName) {
    if (numberOrName.matches("[0-9]|1[0-5]")) {
      return OptionalInt.of(Integer.parseInt(numberOrName));
    }
    return numberOrName.equals("orders") ? OptionalInt.of(7) : OptionalInt.empty();
  }

  @Override
  public String role(Session asking) {
    return "master";
  }

  @Override
  public String info(List<String> sections, Session asking) {
    return "# Server\r\nsections:" + sections + "\r\n";
  }

  @Override
  public SortedMap<String, String> settings() {
    return settings;
  }

  @Override
  public Optional<RefusedSetting> changeSettings(Map<String, String> changes) {
    if (changes.containsKey("port")) {
      return Optional.of(new RefusedSetting("port", "can't set immutable config"));
    }
    settings.putAll(changes);
    return Optional.empty();
  }

  @Override
  public void resetStatistics() {
    statisticsResets++;
  }

  @Override
  public List<Session> sessions() {
    return sessions;
  }

  @Override
  public void close(Session other) {
    closed.add(other);
  }

  @Override
  public boolean unblock(Session waiting, boolean error) {
    return false; // nobody waits: there is nobody else to put something there
  }

  @Override
  public void leaveChannels(Session leaving) {
    left.add(leaving);
    leaving.setSubscriptions(0, 0, 0);
  }
}
