package io.trefoil.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trefoil cli}: as redis-cli, and it can say who answered and how old the answer is. */
@Command(
    name = "cli",
    description = {
      "Sends commands to a node, as redis-cli does.",
      "One command from the arguments; without arguments, lines of the input, or a prompt."
    })
final class CliCommand implements Callable<Integer> {
  @Mixin ServerOptions server;

  @Option(
      names = "-n",
      paramLabel = "<database>",
      description = "Number or name of the database (default: 0).")
  String database;

  @ArgGroup Protocol protocol;

  @Option(names = "--json", description = "Print replies as JSON, one line each.")
  boolean json;

  @Option(
      names = "--raw",
      negatable = true,
      description = "Print values as they are (default when the output is no terminal).")
  Boolean raw;

  @Option(
      names = "--readonly",
      description = "Let the connected node answer reads from its own copy, which may be behind.")
  boolean readonly;

  @Option(
      names = "--explain",
      description = "Say after each command who answered, at which position, and how old it was.")
  boolean explain;

  @Parameters(paramLabel = "<word>", description = "A command and its arguments.")
  List<String> words = List.of();

  /** RESP's version. */
  static final class Protocol {
    @Option(names = "-2", description = "Speak RESP2 (default).")
    boolean two;

    @Option(names = "-3", description = "Speak RESP3.")
    boolean three;
  }

  private final Stdio stdio;

  CliCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() throws IOException {
    CommandSession session =
        new CommandSession(
            server,
            new CommandSession.Settings(database, protocolVersion(), readonly, explain, format()),
            stdio);
    try (session) {
      if (!words.isEmpty()) {
        return exitCode(session.execute(RespClient.words(words.toArray(String[]::new))));
      } else if (stdio.inIsTerminal() && stdio.outIsTerminal()) {
        return InteractivePrompt.run(session, stdio);
      }
      return exitCode(executeLines(session));
    }
  }

  private int protocolVersion() {
    return protocol != null && protocol.three ? 3 : 2;
  }

  private ReplyFormat format() {
    if (json) {
      return ReplyFormat.JSON;
    }
    boolean plain = raw == null ? !stdio.outIsTerminal() : raw;
    return plain ? ReplyFormat.RAW : ReplyFormat.PRETTY;
  }

  /** Goes on after a failed command, as redis-cli does; false when one failed. */
  private boolean executeLines(CommandSession session) throws IOException {
    boolean good = true;
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(stdio.in(), StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      good &= session.executeLine(line);
    }
    return good;
  }

  private static int exitCode(boolean good) {
    return good ? 0 : 1;
  }
}
