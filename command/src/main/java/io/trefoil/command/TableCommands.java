package io.trefoil.command;

import static io.trefoil.command.Flag.LOADING;
import static io.trefoil.command.Flag.STALE;

import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** {@code COMMAND}: the table about itself. Tips and key specifications are left empty. */
final class TableCommands {
  private static final String MANY = "O(N) where N is the number of commands";
  private final Supplier<CommandTable> table;

  private TableCommands(Supplier<CommandTable> table) {
    this.table = table;
  }

  static List<Command> rows(Supplier<CommandTable> table) {
    TableCommands commands = new TableCommands(table);
    return List.of(
        row("command", -1, "2.8.13", MANY, "Get array of Redis command details")
            .subcommands(commands.subcommands())
            .differs(Difference.TABLE_WITHOUT_TIPS)
            .onConnection(call -> commands.infoOfAll(call.reply())));
  }

  private List<Command> subcommands() {
    return List.of(
        row("command|count", 2, "2.8.13", "O(1)", "Get total number of Redis commands")
            .onConnection(call -> call.reply().integer(table.get().commands().size())),
        row("command|info", -2, "2.8.13", MANY, "Get array of specific Redis command details")
            .differs(Difference.TABLE_WITHOUT_TIPS)
            .onConnection(this::info),
        row("command|docs", -2, "7.0.0", MANY, "Get array of specific Redis command documentation")
            .differs(Difference.TABLE_WITHOUT_ARGUMENTS)
            .onConnection(this::docs),
        row("command|list", -2, "7.0.0", MANY, "Get an array of Redis command names")
            .onConnection(this::list),
        row("command|getkeys", -4, "2.8.13", "O(N)", "Extract keys given a full Redis command")
            .onConnection(this::getKeys),
        row("command|help", 2, "5.0.0", "O(1)", Help.SUMMARY)
            .onConnection(
                Help.of(
                    "COMMAND",
                    "(no subcommand)",
                    "    Return details about all Redis commands.",
                    "COUNT",
                    "    Return the total number of commands in this Redis server.",
                    "LIST [FILTERBY (MODULE|ACLCAT|PATTERN) <value>]",
                    "    Return a list of all commands in this Redis server.",
                    "INFO [<command-name> ...]",
                    "    Return details about multiple Redis commands.",
                    "DOCS [<command-name> ...]",
                    "    Return documentation details about multiple Redis commands.",
                    "GETKEYS <full-command>",
                    "    Return the keys from a full Redis command.")));
  }

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.SERVER, since, cost, summary)
        .flags(LOADING, STALE)
        .categories("connection");
  }

  private void infoOfAll(ReplyWriter reply) {
    Collection<Command> commands = table.get().commands();
    reply.array(commands.size());
    commands.forEach(command -> writeInfo(reply, command));
  }

  private void info(Call call) {
    Args args = call.args();
    ReplyWriter reply = call.reply();
    if (args.count() == 2) {
      infoOfAll(reply);
      return;
    }
    reply.array(args.count() - 2);
    for (int i = 2; i < args.count(); i++) {
      Optional<Command> command = table.get().named(args.text(i));
      if (command.isPresent()) {
        writeInfo(reply, command.get());
      } else {
        reply.nil();
      }
    }
  }

  private static void writeInfo(ReplyWriter reply, Command command) {
    reply.array(10);
    reply.bulkText(command.name());
    reply.integer(command.arity());
    reply.set(command.flags().size());
    command.flags().forEach(flag -> reply.simple(flag.redisName()));
    reply.integer(command.firstKey());
    reply.integer(command.lastKey());
    reply.integer(command.keyStep());
    reply.set(command.categories().size());
    command.categories().forEach(category -> reply.simple("@" + category));
    reply.set(0);
    reply.set(0);
    reply.array(command.subcommands().size());
    command.subcommands().values().forEach(subcommand -> writeInfo(reply, subcommand));
  }

  private void docs(Call call) {
    Args args = call.args();
    ReplyWriter reply = call.reply();
    if (args.count() == 2) {
      writeDocs(reply, table.get().commands());
      return;
    }
    List<Command> found =
        IntStream.range(2, args.count())
            .mapToObj(i -> table.get().named(args.text(i)))
            .flatMap(Optional::stream)
            .toList();
    writeDocs(reply, found);
  }

  private static void writeDocs(ReplyWriter reply, Collection<Command> commands) {
    reply.map(commands.size());
    for (Command command : commands) {
      reply.bulkText(command.name());
      reply.map(command.subcommands().isEmpty() ? 4 : 5);
      writeDoc(reply, "summary", command.summary());
      writeDoc(reply, "since", command.since());
      writeDoc(reply, "group", command.group().redisName());
      writeDoc(reply, "complexity", command.complexity());
      if (!command.subcommands().isEmpty()) {
        reply.bulkText("subcommands");
        writeDocs(reply, command.subcommands().values());
      }
    }
  }

  private static void writeDoc(ReplyWriter reply, String name, String value) {
    reply.bulkText(name);
    reply.bulkText(value);
  }

  private void list(Call call) {
    Args args = call.args();
    Predicate<Command> filter = command -> true;
    if (args.count() > 2) {
      Optional<Predicate<Command>> named = args.count() == 5 ? filter(args) : Optional.empty();
      if (named.isEmpty()) {
        call.reply().error(Errors.SYNTAX);
        return;
      }
      filter = named.get();
    }
    List<Command> found = table.get().all().stream().filter(filter).toList();
    call.reply().array(found.size());
    found.forEach(command -> call.reply().bulkText(command.name()));
  }

  private static Optional<Predicate<Command>> filter(Args args) {
    if (!args.isWord(2, "FILTERBY")) {
      return Optional.empty();
    }
    if (args.isWord(3, "MODULE")) {
      return Optional.of(command -> false);
    }
    if (args.isWord(3, "ACLCAT")) {
      String category = args.text(4).toLowerCase(Locale.ROOT);
      return Optional.of(command -> command.categories().contains(category));
    }
    if (args.isWord(3, "PATTERN")) {
      Glob glob = new Glob(args.array(), args.offset(4), args.length(4), true);
      return Optional.of(
          command -> {
            byte[] name = command.name().getBytes(StandardCharsets.US_ASCII);
            return glob.matches(name, 0, name.length);
          });
    }
    return Optional.empty();
  }

  private void getKeys(Call call) {
    Args args = call.args();
    Args inner = new Args();
    for (int i = 2; i < args.count(); i++) {
      inner.addFrom(args, i);
    }
    ReplyWriter reply = call.reply();
    Command command = table.get().find(inner);
    if (command == null) {
      reply.error("ERR Invalid command specified");
    } else if (!command.hasKeys()) {
      reply.error("ERR The command has no key arguments");
    } else if (!command.takes(inner.count())) {
      reply.error("ERR Invalid number of arguments specified for command");
    } else {
      writeKeys(reply, command, inner);
    }
  }

  private static void writeKeys(ReplyWriter reply, Command command, Args args) {
    int count = command.keyCount(args);
    if (count == 0 || command.miscounts(args)) {
      reply.error("ERR Invalid arguments specified for command");
      return;
    }
    reply.array(count);
    for (int key = 0; key < count; key++) {
      int index = command.keyIndex(args, key);
      reply.bulk(args.array(), args.offset(index), args.length(index));
    }
  }
}
