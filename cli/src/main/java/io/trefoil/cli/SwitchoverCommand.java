package io.trefoil.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trefoil switchover}: the words of the server's SWITCHOVER command, sent as they are. */
@Command(
    name = "switchover",
    description = {
      "Hands partitions over to another node, without a refused or uncertain write.",
      "The words are those of the SWITCHOVER command; 'help' lists them.",
      "Example: trefoil switchover orders to n2     trefoil switchover from n1"
    })
final class SwitchoverCommand implements Callable<Integer> {
  @Mixin ServerOptions server;

  @Option(names = "--json", description = "Print the reply as JSON.")
  boolean json;

  @Parameters(
      arity = "1..*",
      paramLabel = "<word>",
      description = "<database> [partition <p>] to <node>, from <node>, to <node>, or help.")
  List<String> words;

  private final Stdio stdio;

  SwitchoverCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() throws IOException {
    return CommandSession.run("SWITCHOVER", words, json, server, stdio);
  }
}
