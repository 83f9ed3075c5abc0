package io.trefoil.command;

import static io.trefoil.command.Flag.ADMIN;
import static io.trefoil.command.Flag.LOADING;
import static io.trefoil.command.Flag.NOSCRIPT;
import static io.trefoil.command.Flag.STALE;

import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/** {@code CLIENT}: what a connection tells of itself, and who is connected. */
final class ClientCommands {
  private static final String MANY = "O(N) where N is the number of client connections";

  private ClientCommands() {}

  static List<Command> rows() {
    return List.of(
        own("setname", 3, "2.6.9", "Set the current connection name")
            .onConnection(ClientCommands::setName),
        own("getname", 2, "2.6.9", "Get the current connection name")
            .onConnection(ClientCommands::getName),
        own("setinfo", 4, "7.2.0", "Set information specific to the client or connection")
            .onConnection(ClientCommands::setInfo),
        own("id", 2, "5.0.0", "Returns the client ID for the current connection")
            .onConnection(call -> call.reply().integer(call.session().id())),
        own("info", 2, "6.2.0", "Returns information about the current client connection.")
            .onConnection(call -> list(call, session -> session == call.session())),
        row("list", -2, "2.4.0", MANY, "Get the list of client connections")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .onConnection(ClientCommands::list),
        row("kill", -3, "2.4.0", MANY, "Kill the connection of a client")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .onConnection(ClientCommands::kill),
        row(
                "unblock",
                -3,
                "5.0.0",
                "O(log N) where N is the number of client connections",
                "Unblock a client blocked in a blocking command from a different connection")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .differs(Difference.WAITING_CLIENTS)
            .onConnection(ClientCommands::unblock),
        own("reply", 3, "3.2.0", "Instruct the server whether to reply to commands")
            .differs(Difference.NOT_IN_TRANSACTIONS)
            .onConnection(ClientCommands::reply),
        own("no-evict", 3, "7.0.0", "Accepted; connections are never evicted")
            .flags(ADMIN)
            .differs(Difference.ACCEPTED_ONLY)
            .onConnection(call -> setSwitch(call, call.session()::setNoEvict)),
        own("no-touch", 3, "7.2.0", "Accepted; access times are not tracked")
            .differs(Difference.ACCEPTED_ONLY)
            .onConnection(call -> setSwitch(call, call.session()::setNoTouch)),
        own("tracking", -3, "6.0.0", "OFF is accepted; client side caching is not supported")
            .differs(Difference.TRACKING)
            .onConnection(ClientCommands::tracking),
        own("getredir", 2, "6.0.0", "Answers that tracking is off")
            .onConnection(call -> call.reply().integer(-1)),
        row("help", 2, "5.0.0", "O(1)", Help.SUMMARY)
            .flags(LOADING, STALE)
            .onConnection(Help.of("CLIENT", HELP)));
  }

  private static final String[] HELP = {
    "GETNAME",
    "    Return the name of the current connection.",
    "GETREDIR",
    "    Return -1: tracking is off.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections. Options are ADDR, LADDR, ID, TYPE, USER and SKIPME (YES|NO).",
    "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB) | ID <id> [<id> ...]]",
    "    Return information about client connections.",
    "NO-EVICT (ON|OFF)",
    "    Accepted; connections are never evicted.",
    "NO-TOUCH (ON|OFF)",
    "    Accepted; access times are not tracked.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETINFO (LIB-NAME|LIB-VER) <value>",
    "    Set client meta attr.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "TRACKING OFF",
    "    Accepted; tracking can't be turned on.",
    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
    "    Unblock the specified blocked client.",
  };

  private static Row own(String name, int arity, String since, String summary) {
    return row(name, arity, since, "O(1)", summary).flags(NOSCRIPT, LOADING, STALE);
  }

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row("client|" + name, arity, Group.CONNECTION, since, cost, summary);
  }

  private static void setName(Call call) {
    if (ConnectionCommands.setName(call, 2)) {
      call.reply().ok();
    }
  }

  private static void getName(Call call) {
    String name = call.session().name();
    if (name.isEmpty()) {
      call.reply().nil();
    } else {
      call.reply().bulkText(name);
    }
  }

  private static void setInfo(Call call) {
    Args args = call.args();
    String value = args.latin1(3);
    boolean isName = args.isWord(2, "LIB-NAME");
    String option = Errors.echo(args, 2, Integer.MAX_VALUE);
    if (!isName && !args.isWord(2, "LIB-VER")) {
      call.reply().errorEchoing("ERR Unrecognized option '" + option + "'");
    } else if (!Session.isVisible(value)) {
      call.reply()
          .errorEchoing(
              "ERR " + option + " cannot contain spaces, newlines or special characters.");
    } else {
      if (isName) {
        call.session().setLibraryName(value);
      } else {
        call.session().setLibraryVersion(value);
      }
      call.reply().ok();
    }
  }

  private static void list(Call call) {
    Args args = call.args();
    if (args.count() == 2) {
      list(call, session -> true);
    } else if (args.count() == 4 && args.isWord(2, "TYPE")) {
      if (isType(call, 3)) {
        list(call, ofType(args, 3));
      }
    } else if (args.count() > 3 && args.isWord(2, "ID")) {
      listIds(call);
    } else {
      call.reply().error(Errors.SYNTAX);
    }
  }

  private static void listIds(Call call) {
    Args args = call.args();
    StringBuilder text = new StringBuilder();
    for (int i = 3; i < args.count(); i++) {
      if (!args.parseLong(i)) {
        call.reply().error("ERR Invalid client ID");
        return;
      }
      long id = args.parsed();
      append(text, call, session -> session.id() == id);
    }
    call.reply().verbatim("txt", text.toString());
  }

  private static void list(Call call, Predicate<Session> which) {
    StringBuilder text = new StringBuilder();
    append(text, call, which);
    call.reply().verbatim("txt", text.toString());
  }

  private static void append(StringBuilder text, Call call, Predicate<Session> which) {
    long now = call.server().clock().wallMillis();
    for (Session session : call.server().sessions()) {
      if (which.test(session)) {
        text.append(session.describe(now)).append('\n');
      }
    }
  }

  /** No client is a master or a replica. */
  private static Predicate<Session> ofType(Args args, int index) {
    if (args.isWord(index, "PUBSUB")) {
      return Session::isSubscribed;
    }
    boolean normal = args.isWord(index, "NORMAL");
    return session -> normal && !session.isSubscribed();
  }

  /** Whether an argument is a type of client; if not, replies so. */
  private static boolean isType(Call call, int index) {
    String type = Errors.echo(call.args(), index, Integer.MAX_VALUE);
    if (List.of("normal", "master", "replica", "slave", "pubsub")
        .contains(type.toLowerCase(Locale.ROOT))) {
      return true;
    }
    call.reply().errorEchoing("ERR Unknown client type '" + type + "'");
    return false;
  }

  private static void kill(Call call) {
    Args args = call.args();
    if (args.count() == 3) {
      String address = args.text(2);
      int killed = kill(call, session -> session.address().equals(address));
      if (killed == 0) {
        call.reply().error("ERR No such client");
      } else {
        call.reply().ok();
      }
      return;
    }
    KillFilter filter = new KillFilter();
    if (filter.parse(call)) {
      call.reply().integer(kill(call, filter));
    }
  }

  private static int kill(Call call, Predicate<Session> which) {
    int killed = 0;
    for (Session session : call.server().sessions()) {
      if (!which.test(session)) {
        continue;
      }
      killed++;
      if (session == call.session()) {
        session.closeAfterReplies();
      } else {
        call.server().close(session);
      }
    }
    return killed;
  }

  /** The options of {@code CLIENT KILL}: a client must pass all. */
  private static final class KillFilter implements Predicate<Session> {
    private Predicate<Session> filter = session -> true;
    private boolean skipMe = true;

    boolean parse(Call call) {
      for (int i = 2; i < call.args().count(); i += 2) {
        if (i + 1 == call.args().count()) {
          call.reply().error(Errors.SYNTAX);
          return false;
        }
        if (!parse(call, i)) {
          return false;
        }
      }
      if (skipMe) {
        filter = filter.and(session -> session != call.session());
      }
      return true;
    }

    private boolean parse(Call call, int i) {
      Args args = call.args();
      String value = args.text(i + 1);
      if (args.isWord(i, "ID")) {
        if (!args.parseLong(i + 1) || args.parsed() < 1) {
          call.reply().error("ERR client-id should be greater than 0");
          return false;
        }
        long id = args.parsed();
        filter = filter.and(session -> session.id() == id);
      } else if (args.isWord(i, "TYPE")) {
        filter = filter.and(ofType(args, i + 1));
        return isType(call, i + 1);
      } else if (args.isWord(i, "ADDR")) {
        filter = filter.and(session -> session.address().equals(value));
      } else if (args.isWord(i, "LADDR")) {
        filter = filter.and(session -> session.localAddress().equals(value));
      } else if (args.isWord(i, "USER")) {
        return isUser(call, i + 1);
      } else if (args.isWord(i, "SKIPME")
          && (args.isWord(i + 1, "YES") || args.isWord(i + 1, "NO"))) {
        skipMe = args.isWord(i + 1, "YES");
      } else {
        call.reply().error(Errors.SYNTAX);
        return false;
      }
      return true;
    }

    private static boolean isUser(Call call, int index) {
      String user = Errors.echo(call.args(), index, Integer.MAX_VALUE);
      if (!user.equals("default")) {
        call.reply().errorEchoing("ERR No such user '" + user + "'");
        return false;
      }
      return true;
    }

    @Override
    public boolean test(Session session) {
      return filter.test(session);
    }
  }

  private static void unblock(Call call) {
    Args args = call.args();
    if (args.count() > 4) {
      call.reply()
          .errorEchoing(
              "ERR unknown subcommand or wrong number of arguments for '"
                  + Errors.echo(args, 1, Integer.MAX_VALUE)
                  + "'. Try CLIENT HELP.");
      return;
    }
    boolean error = args.count() == 4 && args.isWord(3, "ERROR");
    if (args.count() == 4 && !error && !args.isWord(3, "TIMEOUT")) {
      call.reply().error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    } else if (call.parseLong(2)) {
      long id = args.parsed();
      boolean unblocked =
          call.server().sessions().stream()
              .anyMatch(session -> session.id() == id && call.server().unblock(session, error));
      call.reply().integer(unblocked ? 1 : 0);
    }
  }

  private static void reply(Call call) {
    Args args = call.args();
    if (args.isWord(2, "ON")) {
      call.session().replyOn();
      call.reply().ok();
    } else if (args.isWord(2, "OFF")) {
      call.session().replyOff();
    } else if (args.isWord(2, "SKIP")) {
      call.session().replySkip();
    } else {
      call.reply().error(Errors.SYNTAX);
    }
  }

  private interface Switch {
    void set(boolean on);
  }

  private static void setSwitch(Call call, Switch target) {
    boolean on = call.args().isWord(2, "ON");
    if (on || call.args().isWord(2, "OFF")) {
      target.set(on);
      call.reply().ok();
    } else {
      call.reply().error(Errors.SYNTAX);
    }
  }

  private static void tracking(Call call) {
    if (call.args().isWord(2, "OFF") && call.args().count() == 3) {
      call.reply().ok();
    } else if (call.args().isWord(2, "ON")) {
      call.reply().error("ERR client side caching is not supported");
    } else {
      call.reply().error(Errors.SYNTAX);
    }
  }
}
