package io.trefoil.command;

import static io.trefoil.command.Flag.ALLOW_BUSY;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.LOADING;
import static io.trefoil.command.Flag.NOSCRIPT;
import static io.trefoil.command.Flag.NO_AUTH;
import static io.trefoil.command.Flag.STALE;

import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.List;
import java.util.OptionalInt;

/** Logging in, the protocol's version, the selected database. */
final class ConnectionCommands {
  private static final String WRONG_PASSWORD =
      "WRONGPASS invalid username-password pair or user is disabled.";
  private static final String BAD_NAME =
      "ERR Client names cannot contain spaces, newlines or special characters.";
  private static final String NOT_AN_INT =
      "ERR value is out of range, value must between -2147483648 and 2147483647";
  private static final String DEFAULT_USER = "default";
  private static final Flag[] OPEN = {NOSCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY};

  private ConnectionCommands() {}

  static List<Command> rows() {
    return List.of(
        row("hello", -1, "6.0.0", "Handshake with Redis")
            .flags(OPEN)
            .onConnection(ConnectionCommands::hello),
        row("auth", -2, "1.0.0", "Authenticate to the server")
            .flags(OPEN)
            .onConnection(ConnectionCommands::auth),
        row("ping", -1, "1.0.0", "Ping the server")
            .flags(FAST)
            .whileListening()
            .onConnection(ConnectionCommands::ping),
        row("echo", 2, "1.0.0", "Echo the given string")
            .flags(LOADING, STALE, FAST)
            .onConnection(ConnectionCommands::echo),
        row("quit", -1, "1.0.0", "Close the connection")
            .flags(OPEN)
            .whileListening()
            .neverQueued()
            .onConnection(ConnectionCommands::quit),
        row("reset", 1, "6.2.0", "Reset the connection")
            .flags(OPEN)
            .whileListening()
            .neverQueued()
            .onConnection(ConnectionCommands::reset),
        row("select", 2, "1.0.0", "Change the selected database for the current connection")
            .flags(LOADING, STALE, FAST)
            .differs(Difference.DATABASE_NAMES)
            .onConnection(ConnectionCommands::select),
        new Row(
                "client",
                -2,
                Group.CONNECTION,
                "2.4.0",
                "Depends on subcommand.",
                "A container for client connection commands")
            .container(ClientCommands.rows()),
        new Row(
                "readonly",
                1,
                Group.CLUSTER,
                "3.0.0",
                "O(1)",
                "Lets the connection's reads be answered by any replica")
            .flags(LOADING, STALE, FAST)
            .categories("connection")
            .differs(Difference.WHO_ANSWERS)
            .onConnection(call -> readsAre(call, Consistency.EVENTUAL)),
        new Row(
                "readwrite",
                1,
                Group.CLUSTER,
                "3.0.0",
                "O(1)",
                "Gives the connection's reads the database's promise again")
            .flags(LOADING, STALE, FAST)
            .categories("connection")
            .differs(Difference.WHO_ANSWERS)
            .onConnection(call -> readsAre(call, Consistency.DATABASE_DEFAULT)));
  }

  private static Row row(String name, int arity, String since, String summary) {
    return new Row(name, arity, Group.CONNECTION, since, "O(1)", summary);
  }

  private static void hello(Call call) {
    Args args = call.args();
    int protocol = call.session().protocol();
    if (args.count() >= 2) {
      if (!args.parseLong(1)) {
        call.reply().error("ERR Protocol version is not an integer or out of range");
        return;
      }
      if (args.parsed() != 2 && args.parsed() != 3) {
        call.reply().error("NOPROTO unsupported protocol version");
        return;
      }
      protocol = (int) args.parsed();
    }
    if (!helloOptions(call)) {
      return;
    }
    if (!call.session().authenticated()) {
      call.reply()
          .error(
              "NOAUTH HELLO must be called with the client already authenticated, otherwise the"
                  + " HELLO AUTH <user> <pass> option can be used to authenticate the client and"
                  + " select the RESP protocol version at the same time");
      return;
    }
    call.session().setProtocol(protocol);
    call.reply().setProtocol(protocol);
    greet(call);
  }

  /** Carries the options out; false when the reply is an error. */
  private static boolean helloOptions(Call call) {
    Args args = call.args();
    for (int i = 2; i < args.count(); i++) {
      int more = args.count() - 1 - i;
      if (args.isWord(i, "AUTH") && more >= 2) {
        if (!logIn(call, args.text(i + 1), i + 2)) {
          return false;
        }
        i += 2;
      } else if (args.isWord(i, "SETNAME") && more >= 1) {
        if (!setName(call, i + 1)) {
          return false;
        }
        i++;
      } else {
        String option = Errors.echo(args, i, Integer.MAX_VALUE);
        call.reply().errorEchoing("ERR Syntax error in HELLO option '" + option + "'");
        return false;
      }
    }
    return true;
  }

  private static void greet(Call call) {
    ReplyWriter reply = call.reply();
    reply.map(7);
    reply.bulkText("server");
    reply.bulkText("redis");
    reply.bulkText("version");
    reply.bulkText(Server.REDIS_VERSION);
    reply.bulkText("proto");
    reply.integer(call.session().protocol());
    reply.bulkText("id");
    reply.integer(call.session().id());
    reply.bulkText("mode");
    reply.bulkText("standalone");
    reply.bulkText("role");
    reply.bulkText(call.server().role(call.session()));
    reply.bulkText("modules");
    reply.array(0);
  }

  private static void auth(Call call) {
    Args args = call.args();
    if (args.count() > 3) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    if (args.count() == 2 && !call.server().passwordRequired()) {
      call.reply()
          .error(
              "ERR AUTH <password> called without any password configured for the default user."
                  + " Are you sure your configuration is correct?");
      return;
    }
    String user = args.count() == 2 ? DEFAULT_USER : args.text(1);
    if (logIn(call, user, args.count() - 1)) {
      call.reply().ok();
    }
  }

  private static boolean logIn(Call call, String user, int passwordIndex) {
    // Without a password every password is right, but only for the one user there is.
    boolean right =
        call.server().passwordRequired()
            ? call.server().authenticate(user, call.args().copy(passwordIndex))
            : user.equals(DEFAULT_USER);
    if (right) {
      call.session().setAuthenticated(true);
    } else {
      call.reply().error(WRONG_PASSWORD);
    }
    return right;
  }

  static boolean setName(Call call, int index) {
    boolean right = call.session().setName(call.args().latin1(index));
    if (!right) {
      call.reply().error(BAD_NAME);
    }
    return right;
  }

  private static void ping(Call call) {
    int words = call.args().count();
    if (words > 2) {
      call.reply().error(Errors.wrongArity(call.command()));
    } else if (call.session().listensOnly()) {
      pingOfListener(call);
    } else if (words == 2) {
      echo(call);
    } else {
      call.reply().simple("PONG");
    }
  }

  /** What is published are arrays in RESP2; so is this. */
  private static void pingOfListener(Call call) {
    call.reply().array(2);
    call.reply().bulkText("pong");
    if (call.args().count() == 2) {
      echo(call);
    } else {
      call.reply().bulkText("");
    }
  }

  private static void echo(Call call) {
    Args args = call.args();
    call.reply().bulk(args.array(), args.offset(1), args.length(1));
  }

  private static void quit(Call call) {
    call.session().closeAfterReplies();
    call.reply().ok();
  }

  private static void reset(Call call) {
    call.server().leaveChannels(call.session());
    call.session().reset(call.server().passwordRequired());
    call.reply().setProtocol(2);
    call.reply().simple("RESET");
  }

  private static void select(Call call) {
    OptionalInt number = call.server().database(call.args().text(1));
    if (number.isPresent()) {
      call.session().setDatabase(number.getAsInt());
      call.reply().ok();
    } else if (call.parseLong(1)) {
      boolean isInt = call.args().parsed() == (int) call.args().parsed();
      call.reply().error(isInt ? "ERR DB index is out of range" : NOT_AN_INT);
    }
  }

  private static void readsAre(Call call, Consistency consistency) {
    call.session().setConsistency(consistency);
    call.reply().ok();
  }
}
