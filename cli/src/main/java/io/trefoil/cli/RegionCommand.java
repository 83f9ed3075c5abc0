package io.trefoil.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trefoil region}: the words of the server's REGION command, sent as they are. */
@Command(
    name = "region",
    description = {
      "Links the cluster to those of other regions, unlinks them, lists them.",
      "The words are those of the REGION command; 'help' lists them.",
      "Example: trefoil region link us n1.us.example.org:16379     trefoil region list"
    })
final class RegionCommand implements Callable<Integer> {
  @Mixin ServerOptions server;

  @Option(names = "--json", description = "Print the reply as JSON.")
  boolean json;

  @Parameters(
      arity = "1..*",
      paramLabel = "<word>",
      description = "link <name> <host:port>..., unlink <name>, list, or help.")
  List<String> words;

  private final Stdio stdio;

  RegionCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() throws IOException {
    return CommandSession.run("REGION", words, json, server, stdio);
  }
}
