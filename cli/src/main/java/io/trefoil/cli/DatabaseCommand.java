package io.trefoil.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trefoil database}: the words of the server's DATABASE command, sent as they are. */
@Command(
    name = "database",
    description = {
      "Creates, alters, moves, lists, shows, drops and verifies databases.",
      "The words are those of the DATABASE command; 'help' lists them.",
      "Example: trefoil database create orders REPLICAS 3 COMMIT SEMI-SYNC 1"
    })
final class DatabaseCommand implements Callable<Integer> {
  @Mixin ServerOptions server;

  @Option(names = "--json", description = "Print the reply as JSON.")
  boolean json;

  @Parameters(
      arity = "1..*",
      paramLabel = "<word>",
      description = "create, alter, move, list, info, drop, verify or help, and what follows it.")
  List<String> words;

  private final Stdio stdio;

  DatabaseCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() throws IOException {
    return CommandSession.run("DATABASE", words, json, server, stdio);
  }
}
