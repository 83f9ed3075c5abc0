package io.trefoil.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** The prompt: line editing, history in {@code ~/.trefoil_history}, completion of command names. */
final class InteractivePrompt {
  private static final int HISTORY_LINES_MAX = 2_000;
  private static final int COMMAND_NAMES_MAX = 2_000;

  private InteractivePrompt() {}

  /** Reads and executes lines until the user leaves; 0, whatever the commands answered. */
  static int run(CommandSession session, Stdio stdio) throws IOException {
    try (Terminal terminal = TerminalBuilder.builder().system(true).build()) {
      LineReader reader = reader(terminal, commandNames(session, stdio), stdio);
      while (true) {
        String line = readLine(reader, session.place() + "> ");
        if (line == null || isLeaving(line)) {
          return 0;
        }
        execute(session, line, stdio);
      }
    }
  }

  private static LineReader reader(Terminal terminal, List<String> names, Stdio stdio) {
    // Quotes and backslashes are the session's business: the editor must hand over what was typed.
    DefaultParser parser = new DefaultParser();
    parser.setEscapeChars(new char[0]);
    parser.setQuoteChars(new char[0]);
    String home = stdio.environment().getOrDefault("HOME", System.getProperty("user.home"));
    return LineReaderBuilder.builder()
        .terminal(terminal)
        .parser(parser)
        .completer(new StringsCompleter(names))
        .variable(LineReader.HISTORY_FILE, Path.of(home, ".trefoil_history"))
        .variable(LineReader.HISTORY_SIZE, HISTORY_LINES_MAX)
        .variable(LineReader.HISTORY_FILE_SIZE, HISTORY_LINES_MAX)
        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
        .option(LineReader.Option.CASE_INSENSITIVE, true)
        .build();
  }

  /** The line; null when the user left with Ctrl-D. Ctrl-C throws away what was typed. */
  private static String readLine(LineReader reader, String prompt) {
    try {
      return reader.readLine(prompt);
    } catch (UserInterruptException e) {
      return "";
    } catch (EndOfFileException e) {
      return null;
    }
  }

  private static boolean isLeaving(String line) {
    String word = line.strip().toLowerCase(Locale.ROOT);
    return word.equals("quit") || word.equals("exit");
  }

  private static void execute(CommandSession session, String line, Stdio stdio) throws IOException {
    try {
      session.executeLine(line);
    } catch (CommandFailed e) {
      stdio.err().println(e.getMessage());
    }
  }

  /** What the server's {@code COMMAND} lists; none when it does not answer, which is no failure. */
  static List<String> commandNames(CommandSession session, Stdio stdio) throws IOException {
    try {
      return commandNames(session.ask("COMMAND"));
    } catch (CommandFailed e) {
      stdio.err().println(e.getMessage());
      return List.of();
    }
  }

  private static List<String> commandNames(Reply reply) {
    List<String> names = new ArrayList<>();
    if (reply instanceof Reply.Items) {
      for (Reply command : ((Reply.Items) reply).values()) {
        if (names.size() < COMMAND_NAMES_MAX && command instanceof Reply.Items) {
          List<Reply> parts = ((Reply.Items) command).values();
          if (!parts.isEmpty() && parts.get(0).bare() instanceof Reply.BulkString) {
            names.add(parts.get(0).text());
          }
        }
      }
    }
    return names;
  }
}
