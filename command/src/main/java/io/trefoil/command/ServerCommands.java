package io.trefoil.command;

import static io.trefoil.command.Flag.ADMIN;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.LOADING;
import static io.trefoil.command.Flag.NOSCRIPT;
import static io.trefoil.command.Flag.STALE;

import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What monitoring and clients ask of a server: figures, settings, and lists that are empty here.
 */
final class ServerCommands {
  private static final String DEPENDS = "Depends on subcommand.";
  private static final String PER_SETTING =
      "O(N) when N is the number of configuration parameters provided";
  private static final String NO_CLUSTER = "ERR This instance has cluster support disabled";

  private ServerCommands() {}

  static List<Command> rows() {
    return List.of(
        row("info", -1, "1.0.0", "Get information and statistics about the server")
            .flags(LOADING, STALE)
            .categories("dangerous")
            .differs(Difference.KEYS_HERE, Difference.ROLE_OF_A_PARTITION)
            .onConnection(ServerCommands::info),
        row("time", 1, "2.6.0", "Return the current server time")
            .flags(LOADING, STALE, FAST)
            .onConnection(ServerCommands::time),
        row("config", -2, "2.0.0", "A container for server configuration commands")
            .container(configRows()),
        row("slowlog", -2, "2.2.12", "The slow log, which is empty here").container(slowlogRows()),
        row("module", -2, "4.0.0", "The loaded modules, which are none")
            .container(
                List.of(
                    row("module|list", 2, "4.0.0", "List all modules: none")
                        .flags(ADMIN, NOSCRIPT)
                        .differs(Difference.NOTHING_RECORDED)
                        .onConnection(call -> call.reply().array(0)),
                    help("MODULE", "5.0.0", "LIST", "    Return a list of loaded modules."))),
        row("function", -2, "7.0.0", "Functions, which are none").container(functionRows()),
        row("latency", -2, "2.8.13", "Latency samples, which are none")
            .container(
                List.of(
                    row("latency|latest", 2, "2.8.13", "Return the latest latency samples: none")
                        .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                        .differs(Difference.NOTHING_RECORDED)
                        .onConnection(call -> call.reply().array(0)),
                    help("LATENCY", "2.8.13", "LATEST", "    Return the latest samples."))),
        row("acl", -2, "6.0.0", "Users, of which there is one")
            .container(
                List.of(
                    row("acl|whoami", 2, "6.0.0", "Return the user's name: default")
                        .flags(NOSCRIPT, LOADING, STALE)
                        .onConnection(call -> call.reply().bulkText("default")),
                    row("acl|list", 2, "6.0.0", "List the users and their rules")
                        .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                        .onConnection(ServerCommands::aclList),
                    help(
                        "ACL",
                        "6.0.0",
                        "LIST",
                        "    Show users details.",
                        "WHOAMI",
                        "    Return" + " the current connection username."))),
        new Row(
                "cluster",
                -2,
                Group.CLUSTER,
                "3.0.0",
                DEPENDS,
                "Answers that this port does not speak the cluster protocol")
            .container(clusterRows()));
  }

  private static Row row(String name, int arity, String since, String summary) {
    return new Row(name, arity, Group.SERVER, since, "O(1)", summary);
  }

  private static Command help(String container, String since, String... lines) {
    return row(container.toLowerCase(Locale.ROOT) + "|help", 2, since, Help.SUMMARY)
        .flags(LOADING, STALE)
        .onConnection(Help.of(container, lines));
  }

  private static List<Command> configRows() {
    return List.of(
        new Row(
                "config|get",
                -3,
                Group.SERVER,
                "2.0.0",
                PER_SETTING,
                "Get the values of configuration parameters")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .differs(Difference.FEW_SETTINGS)
            .onConnection(ServerCommands::configGet),
        new Row(
                "config|set",
                -4,
                Group.SERVER,
                "2.0.0",
                PER_SETTING,
                "Set configuration parameters to the given values")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .differs(Difference.SETTINGS_STAY)
            .onConnection(ServerCommands::configSet),
        row("config|resetstat", 2, "2.0.0", "Reset the stats returned by INFO")
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .onConnection(ServerCommands::resetStatistics),
        help(
            "CONFIG",
            "5.0.0",
            "GET <pattern>",
            "    Return parameters matching the glob-like <pattern> and their values.",
            "SET <directive> <value>",
            "    Set the configuration <directive> to <value>.",
            "RESETSTAT",
            "    Reset statistics reported by the INFO command."));
  }

  private static List<Command> slowlogRows() {
    return List.of(
        row("slowlog|get", -2, "2.2.12", "Get the slow log's entries: none")
            .flags(ADMIN, LOADING, STALE)
            .differs(Difference.NOTHING_RECORDED)
            .onConnection(ServerCommands::slowlogGet),
        row("slowlog|len", 2, "2.2.12", "Get the slow log's length: 0")
            .flags(ADMIN, LOADING, STALE)
            .differs(Difference.NOTHING_RECORDED)
            .onConnection(call -> call.reply().integer(0)),
        row("slowlog|reset", 2, "2.2.12", "Clear all entries from the slow log")
            .flags(ADMIN, LOADING, STALE)
            .onConnection(call -> call.reply().ok()),
        help(
            "SLOWLOG",
            "6.2.0",
            "GET [<count>]",
            "    Return top <count> entries from the slowlog: none.",
            "LEN",
            "    Return the length of the slowlog.",
            "RESET",
            "    Reset the slowlog."));
  }

  private static List<Command> functionRows() {
    return List.of(
        row("function|list", -2, "7.0.0", "List all functions: none")
            .flags(NOSCRIPT)
            .categories("scripting")
            .onConnection(ServerCommands::listFunctions),
        row("function|flush", -2, "7.0.0", "Delete all functions, of which there are none")
            .flags(NOSCRIPT)
            .categories("scripting")
            .onConnection(ServerCommands::flushFunctions),
        row("function|help", 2, "7.0.0", Help.SUMMARY)
            .flags(LOADING, STALE)
            .categories("scripting")
            .onConnection(
                Help.of(
                    "FUNCTION",
                    "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
                    "    Return general information on all the libraries: none.",
                    "FLUSH [ASYNC|SYNC]",
                    "    Delete all the libraries, of which there are none.")));
  }

  private static void listFunctions(Call call) {
    Args args = call.args();
    boolean named = false;
    boolean withCode = false;
    for (int i = 2; i < args.count(); i++) {
      if (!withCode && args.isWord(i, "WITHCODE")) {
        withCode = true;
      } else if (!named && args.isWord(i, "LIBRARYNAME")) {
        named = true;
        if (++i == args.count()) {
          call.reply().error("ERR library name argument was not given");
          return;
        }
      } else {
        call.reply()
            .errorEchoing("ERR Unknown argument " + Errors.echo(args, i, Integer.MAX_VALUE));
        return;
      }
    }
    call.reply().array(0);
  }

  private static void flushFunctions(Call call) {
    Args args = call.args();
    boolean understood =
        args.count() == 2
            || args.count() == 3 && (args.isWord(2, "ASYNC") || args.isWord(2, "SYNC"));
    if (understood) {
      call.reply().ok();
    } else {
      call.reply().error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
    }
  }

  private static List<Command> clusterRows() {
    List<Command> rows = new ArrayList<>();
    rows.add(cluster("info", 2, "3.0.0", STALE));
    rows.add(cluster("myid", 2, "3.0.0", STALE));
    rows.add(cluster("keyslot", 3, "3.0.0", STALE));
    rows.add(cluster("nodes", 2, "3.0.0", STALE));
    rows.add(cluster("slots", 2, "3.0.0", STALE));
    rows.add(cluster("shards", 2, "7.0.0", STALE));
    return rows;
  }

  private static Command cluster(String name, int arity, String since, Flag... flags) {
    return new Row(
            "cluster|" + name,
            arity,
            Group.CLUSTER,
            since,
            "O(1)",
            "Answers that this port does not speak the cluster protocol")
        .flags(flags)
        .differs(Difference.NO_CLUSTER)
        .onConnection(call -> call.reply().error(NO_CLUSTER));
  }

  private static void info(Call call) {
    List<String> sections = new ArrayList<>();
    for (int i = 1; i < call.args().count(); i++) {
      sections.add(call.args().text(i));
    }
    call.reply().verbatim("txt", call.server().info(sections, call.session()));
  }

  private static void time(Call call) {
    long millis = call.server().clock().wallMillis();
    call.reply().array(2);
    call.reply().bulkLong(Math.floorDiv(millis, 1000));
    call.reply().bulkLong(Math.floorMod(millis, 1000) * 1000L);
  }

  private static void configGet(Call call) {
    Args args = call.args();
    Map<String, String> settings = call.server().settings();
    Map<String, String> found = new LinkedHashMap<>();
    for (int i = 2; i < args.count(); i++) {
      String name = args.text(i);
      String exact = settings.get(name.toLowerCase(Locale.ROOT));
      if (exact != null) {
        found.putIfAbsent(name, exact);
        continue;
      }
      Glob glob = new Glob(args.array(), args.offset(i), args.length(i), true);
      settings.forEach(
          (setting, value) -> {
            byte[] bytes = setting.getBytes(StandardCharsets.UTF_8);
            if (glob.matches(bytes, 0, bytes.length)) {
              found.putIfAbsent(setting, value);
            }
          });
    }
    call.reply().map(found.size());
    found.forEach(
        (name, value) -> {
          call.reply().bulkText(name);
          call.reply().bulkText(value);
        });
  }

  private static void configSet(Call call) {
    Args args = call.args();
    if (args.count() % 2 == 1) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    Map<String, String> settings = call.server().settings();
    Map<String, String> changes = new LinkedHashMap<>();
    String refused = null;
    for (int i = 2; i < args.count(); i += 2) {
      String name = args.text(i).toLowerCase(Locale.ROOT);
      if (!settings.containsKey(name)) {
        String echo = Errors.echo(args, i, Integer.MAX_VALUE);
        call.reply()
            .errorEchoing(
                "ERR Unknown option or number of arguments for CONFIG SET - '" + echo + "'");
        return;
      }
      if (changes.put(name, args.text(i + 1)) != null && refused == null) {
        refused = notSet(args.text(i), "duplicate parameter");
      }
    }
    if (refused == null) {
      refused =
          call.server()
              .changeSettings(changes)
              .map(setting -> notSet(setting.name(), setting.reason()))
              .orElse(null);
    }
    Optional.ofNullable(refused).ifPresentOrElse(call.reply()::error, call.reply()::ok);
  }

  private static String notSet(String name, String reason) {
    return "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason;
  }

  private static void resetStatistics(Call call) {
    call.server().resetStatistics();
    call.reply().ok();
  }

  private static void slowlogGet(Call call) {
    Args args = call.args();
    if (args.count() > 3) {
      call.reply()
          .errorEchoing(
              "ERR unknown subcommand or wrong number of arguments for '"
                  + Errors.echo(args, 1, 128)
                  + "'. Try SLOWLOG HELP.");
      return;
    }
    if (args.count() == 3 && (!args.parseLong(2) || args.parsed() < -1)) {
      call.reply().error("ERR count should be greater than or equal to -1");
      return;
    }
    call.reply().array(0);
  }

  private static void aclList(Call call) {
    String password = call.server().passwordRequired() ? "" : "nopass ";
    call.reply().array(1);
    call.reply().bulkText("user default on " + password + "~* &* +@all");
  }
}
