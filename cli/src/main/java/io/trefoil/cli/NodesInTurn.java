package io.trefoil.cli;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A connection to one node of a cluster, and to the next one when that one does not answer. Which
 * nodes there are, each says that is connected to. Not thread-safe.
 */
final class NodesInTurn implements Closeable {
  private static final Duration REPLY_TIMEOUT = Duration.ofSeconds(5);

  private final ServerOptions first;
  private final Map<String, String> environment;
  private ServerOptions current;
  private ClusterStatus status;
  private RespClient client;

  NodesInTurn(ServerOptions first, Map<String, String> environment) {
    this.first = first;
    this.environment = environment;
    this.current = first;
  }

  /**
   * What the connected node said of its cluster.
   *
   * @throws CommandFailed when nothing answers; the next call tries another node
   */
  ClusterStatus status() {
    connected();
    return status;
  }

  /**
   * Sends a command to the node that answered last.
   *
   * @throws CommandFailed when it does not answer; the next call tries another node
   */
  Reply call(String... words) {
    try {
      return connected().call(words).bare();
    } catch (IOException e) {
      String problem = current.explain(e);
      goOn();
      throw new CommandFailed(problem);
    }
  }

  private RespClient connected() {
    if (client == null) {
      try {
        client = current.connect(REPLY_TIMEOUT, 2, environment);
        status = ask(client);
      } catch (IOException e) {
        String problem = current.explain(e);
        goOn();
        throw new CommandFailed(problem);
      } catch (CommandFailed e) {
        goOn();
        throw e;
      }
    }
    return client;
  }

  private static ClusterStatus ask(RespClient client) throws IOException {
    Reply reply = client.call("STATUS");
    if (!(reply instanceof Reply.BulkString)) {
      throw new CommandFailed("this server answers no status: " + reply.text());
    }
    return ClusterStatus.parse(reply.text());
  }

  /** The next node is the one after this in the cluster's list, or the one that the user named. */
  private void goOn() {
    close();
    List<String> addresses =
        status == null
            ? List.of()
            : status.nodes().stream().map(ClusterStatus.Node::client).toList();
    int next = addresses.indexOf(current.host + ":" + current.port) + 1;
    current = next < addresses.size() ? first.at(addresses.get(next)) : first;
  }

  @Override
  public void close() {
    try {
      if (client != null) {
        client.close();
      }
    } catch (IOException e) {
      // It was of no use any more.
    } finally {
      client = null;
    }
  }
}
