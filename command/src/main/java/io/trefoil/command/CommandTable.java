package io.trefoil.command;

import io.trefoil.base.Invariants;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** All commands. Immutable; shared by all threads. */
public final class CommandTable {
  private final Map<String, Command> commands = new LinkedHashMap<>();
  private final NameIndex index;
  private final Map<Command, NameIndex> subcommands = new LinkedHashMap<>();
  private final Transactions transactions = new Transactions(this);

  private CommandTable(List<Command> rows) {
    rows.forEach(this::add);
    index = new NameIndex(commands);
    for (Command command : rows) {
      if (!command.subcommands().isEmpty()) {
        subcommands.put(command, new NameIndex(command.subcommands()));
      }
    }
  }

  /** The table of this version. */
  public static CommandTable standard() {
    // COMMAND answers from the table that it is itself a row of.
    CommandTable[] table = new CommandTable[1];
    Supplier<CommandTable> itself = () -> table[0];
    List<Command> rows =
        Stream.of(
                ConnectionCommands.rows(),
                KeyCommands.rows(),
                ExpiryCommands.rows(),
                KeyspaceCommands.rows(),
                StringCommands.rows(),
                NumberCommands.rows(),
                BitCommands.rows(),
                BitFieldCommands.rows(),
                HashCommands.rows(),
                SetCommands.rows(),
                SetAlgebraCommands.rows(),
                ZSetCommands.rows(),
                ZRangeCommands.rows(),
                ZSetAlgebraCommands.rows(),
                ListCommands.rows(),
                BlockingCommands.rows(),
                SortCommands.rows(),
                LcsCommands.rows(),
                SiblingCommands.rows(),
                ServerCommands.rows(),
                TransactionCommands.rows(),
                TableCommands.rows(itself),
                PubSubCommands.rows(),
                NodeCommands.rows(),
                DivergedCommands.rows())
            .flatMap(List::stream)
            .toList();
    table[0] = new CommandTable(rows);
    return table[0];
  }

  private void add(Command command) {
    Command before = commands.put(command.name(), command);
    Invariants.check(before == null, "two rows of " + command.name());
  }

  /** The commands without their sub-commands, in the table's order. */
  public Collection<Command> commands() {
    return Collections.unmodifiableCollection(commands.values());
  }

  /** The commands, each followed by its sub-commands. */
  public List<Command> all() {
    List<Command> all = new ArrayList<>();
    for (Command command : commands.values()) {
      all.add(command);
      all.addAll(command.subcommands().values());
    }
    return all;
  }

  /**
   * The row of {@code args}' command or sub-command; null when there is none. Allocates nothing.
   */
  public Command find(Args args) {
    Command command = index.find(args, 0);
    if (command == null || command.subcommands().isEmpty() || args.count() == 1) {
      return command;
    }
    return subcommands.get(command).find(args, 1);
  }

  /**
   * As {@link #find}, of a command that another node sent: it may be one that nodes send each other
   * only.
   */
  public Command findForwarded(Args args) {
    Command command = find(args);
    return command == null ? transactions.find(args) : command;
  }

  /** The rows of commands that nodes send each other for transactions. */
  public Transactions transactions() {
    return transactions;
  }

  /** The row of a name such as {@code get} or {@code client|list}, in any case. */
  public Optional<Command> named(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    int bar = lower.indexOf('|');
    if (bar < 0) {
      return Optional.ofNullable(commands.get(lower));
    }
    return Optional.ofNullable(commands.get(lower.substring(0, bar)))
        .map(container -> container.subcommands().get(lower.substring(bar + 1)));
  }

  /**
   * Finds a command's row and checks that the command may run at all: that it exists, has the right
   * number of words, that the client has logged in, and that it does not listen only.
   *
   * @return the row; or null, and then the reply is written
   */
  public Command admit(Args args, Session session, ReplyWriter reply) {
    Command command = find(args);
    if (command == null) {
      Command container = index.find(args, 0);
      reply.errorEchoing(
          container == null
              ? Errors.unknownCommand(args)
              : Errors.unknownSubcommand(args, container));
      spoil(session);
      return null;
    }
    if (!command.takes(args.count())) {
      refuse(command, Errors.wrongArity(command), session, reply);
      return null;
    }
    if (!session.authenticated() && !command.has(Flag.NO_AUTH)) {
      refuse(command, Errors.NO_AUTH, session, reply);
      return null;
    }
    if (session.listensOnly() && !command.runsWhileListening()) {
      reply.error(Errors.listensOnly(command));
      return null;
    }
    return command;
  }

  /** As in Redis, an {@code EXEC} that can't run ends its transaction. */
  private static void refuse(Command command, String error, Session session, ReplyWriter reply) {
    if (command.name().equals(TransactionCommands.EXEC)) {
      session.endTransaction();
      reply.error(Errors.abortedBy(error));
    } else {
      spoil(session);
      reply.error(error);
    }
  }

  private static void spoil(Session session) {
    if (session.queues()) {
      session.transaction().spoil();
    }
  }

  /** Rows by name: open addressing over the capitals of the name's bytes. */
  private static final class NameIndex {
    private final byte[][] names;
    private final Command[] rows;
    private int longest;

    NameIndex(Map<String, Command> commands) {
      int size = Integer.highestOneBit(Math.max(commands.size(), 1)) * 4;
      names = new byte[size][];
      rows = new Command[size];
      commands.forEach(this::add);
    }

    private void add(String name, Command command) {
      byte[] upper = name.toUpperCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
      int at = hash(upper, 0, upper.length) & names.length - 1;
      while (names[at] != null) {
        at = at + 1 & names.length - 1;
      }
      names[at] = upper;
      rows[at] = command;
      longest = Math.max(longest, upper.length);
    }

    Command find(Args args, int word) {
      int length = args.length(word);
      if (length > longest) {
        return null;
      }
      int offset = args.offset(word);
      int at = hash(args.array(), offset, length) & names.length - 1;
      while (names[at] != null) {
        if (same(names[at], args.array(), offset, length)) {
          return rows[at];
        }
        at = at + 1 & names.length - 1;
      }
      return null;
    }

    private static int hash(byte[] array, int offset, int length) {
      int h = length;
      for (int i = 0; i < length; i++) {
        h = h * 31 + Args.upper(array[offset + i]);
      }
      return h ^ h >>> 15;
    }

    private static boolean same(byte[] name, byte[] array, int offset, int length) {
      if (name.length != length) {
        return false;
      }
      for (int i = 0; i < length; i++) {
        if (name[i] != (byte) Args.upper(array[offset + i])) {
          return false;
        }
      }
      return true;
    }
  }
}
