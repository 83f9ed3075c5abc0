package io.trefoil.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code trefoil status}: nodes, databases and partitions as one node sees them. */
@Command(
    name = "status",
    description = "Shows nodes, databases and partitions: who leads, who follows, how far behind.")
final class StatusCommand implements Callable<Integer> {
  private static final Duration REPLY_TIMEOUT = Duration.ofSeconds(5);
  private static final String CLEAR = "\u001b[H\u001b[2J\u001b[3J";

  @Mixin ServerOptions server;

  @Option(names = "--json", description = "Print the node's JSON.")
  boolean json;

  @Option(names = "--watch", description = "Show it again every second, until Ctrl-C.")
  boolean watch;

  private final Stdio stdio;

  StatusCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!watch) {
      stdio.out().print(page());
      stdio.out().flush();
      return 0;
    }
    while (!stdio.out().checkError()) {
      String page = pageOrComplaint();
      stdio.out().print(stdio.outIsTerminal() && !json ? CLEAR + page : page);
      stdio.out().flush();
      Thread.sleep(1_000);
    }
    return 0;
  }

  /** A watcher outlives the node that it watches. */
  private String pageOrComplaint() throws IOException {
    try {
      return page();
    } catch (CommandFailed e) {
      return e.getMessage() + "\n";
    }
  }

  private String page() throws IOException {
    try (RespClient client = server.connect(REPLY_TIMEOUT, 2, stdio.environment())) {
      Reply reply = client.call("STATUS");
      if (!(reply instanceof Reply.BulkString)) {
        throw new CommandFailed("this server answers no status: " + reply);
      }
      String text = reply.text();
      return json
          ? text.strip() + "\n"
          : String.join("\n", StatusPage.lines(ClusterStatus.parse(text))) + "\n";
    } catch (IOException e) {
      throw new CommandFailed(server.explain(e));
    }
  }
}
