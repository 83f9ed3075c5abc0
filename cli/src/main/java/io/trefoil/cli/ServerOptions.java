package io.trefoil.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which node to talk to, and as whom: the options of every command that connects. */
final class ServerOptions {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);

  @Option(
      names = {"-h", "--host"},
      paramLabel = "<host>",
      defaultValue = "127.0.0.1",
      description = "Node to connect to (default: 127.0.0.1).")
  String host = "127.0.0.1";

  @Option(
      names = {"-p", "--port"},
      paramLabel = "<port>",
      defaultValue = "6379",
      description = "Its client port (default: 6379).")
  int port = 6379;

  @Option(
      names = {"-a", "--pass"},
      paramLabel = "<password>",
      description =
          "Password. Better in the environment, where others do not see it: TREFOIL_PASSWORD or"
              + " REDISCLI_AUTH.")
  String password;

  /**
   * The same for another node.
   *
   * @param address host:port; an IPv6 address may be in brackets
   */
  ServerOptions at(String address) {
    int colon = address.lastIndexOf(':');
    ServerOptions other = new ServerOptions();
    other.host = address.substring(0, colon).replace("[", "").replace("]", "");
    other.port = Integer.parseInt(address.substring(colon + 1));
    other.password = password;
    return other;
  }

  /**
   * Connects and logs in.
   *
   * @param replyTimeout zero waits for ever
   * @param protocol 2 or 3, RESP's version
   * @throws CommandFailed when that fails, with a message for the user
   */
  RespClient connect(Duration replyTimeout, int protocol, Map<String, String> environment) {
    try {
      RespClient client = RespClient.connect(host, port, CONNECT_TIMEOUT, replyTimeout);
      try {
        greet(client, protocol, environment);
        return client;
      } catch (IOException | RuntimeException e) {
        client.close();
        throw e;
      }
    } catch (IOException e) {
      throw new CommandFailed(explain(e));
    } catch (IllegalArgumentException e) {
      throw new CommandFailed("no such port: " + port);
    }
  }

  private void greet(RespClient client, int protocol, Map<String, String> environment)
      throws IOException {
    String secret = password(environment);
    if (secret != null) {
      require(client.call("AUTH", secret), "the password was refused");
    }
    if (protocol == 3) {
      require(client.call("HELLO", "3"), "the server does not speak RESP3");
    }
  }

  private String password(Map<String, String> environment) {
    if (password != null) {
      return password;
    }
    return environment.getOrDefault("TREFOIL_PASSWORD", environment.get("REDISCLI_AUTH"));
  }

  private static void require(Reply reply, String complaint) {
    if (reply.bare() instanceof Reply.Failure) {
      throw new CommandFailed(complaint + ": " + reply.text());
    }
  }

  /** What went wrong with the connection, in one line for the user. */
  String explain(IOException e) {
    String where = host + ":" + port;
    if (e instanceof UnknownHostException) {
      return "no host is named '" + host + "'";
    } else if (e instanceof ConnectException) {
      return "nothing answers on "
          + where
          + " ("
          + lowerFirst(e.getMessage())
          + "); start nodes with ./trefoil demo or ./trefoil node";
    } else if (e instanceof SocketTimeoutException) {
      return where + " does not answer in time";
    }
    return "lost the connection to " + where + ": " + e.getMessage();
  }

  private static String lowerFirst(String message) {
    return message == null || message.isEmpty()
        ? "refused"
        : message.substring(0, 1).toLowerCase() + message.substring(1);
  }
}
