package io.trefoil.node;

import io.trefoil.base.Clock;
import io.trefoil.command.Server;
import io.trefoil.command.Session;
import io.trefoil.resp.RespLimits;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BiFunction;

/** The clients that are connected. Connections are made and ended on the data loop. */
final class Clients {
  private static final byte[] TOO_MANY =
      "-ERR max number of clients reached\r\n".getBytes(StandardCharsets.US_ASCII);

  private final Clock clock;
  private final int maxConnections;
  private final BiFunction<Session, ClientSocket, ClientConnection> maker;
  private final Server server;
  private final UnreadPushes unread = UnreadPushes.ofHeap();
  private final Map<Long, ClientConnection> connections = new ConcurrentSkipListMap<>();
  private long lastId;
  private long accepted;
  private int count;
  private long commands;

  Clients(
      Clock clock,
      int maxConnections,
      Server server,
      BiFunction<Session, ClientSocket, ClientConnection> maker) {
    this.clock = clock;
    this.maxConnections = maxConnections;
    this.server = server;
    this.maker = maker;
  }

  static RespLimits limits(long maxBulkBytes) {
    return new RespLimits(
        (int) maxBulkBytes, (int) Math.min(Math.max(maxBulkBytes * 2, 1 << 20), 1 << 30));
  }

  /**
   * A client has connected.
   *
   * @param address of the client
   * @param localAddress that it connected to
   * @return null when there are too many: it was told so, and its socket closes
   */
  ClientConnection connect(ClientSocket socket, String address, String localAddress) {
    if (count >= maxConnections) {
      socket.write(TOO_MANY, TOO_MANY.length);
      socket.closeWhenSent();
      return null;
    }
    accepted++;
    count++;
    Session session =
        new Session(
            ++lastId, address, localAddress, clock.wallMillis(), !server.passwordRequired());
    ClientConnection connection = maker.apply(session, socket);
    connections.put(session.id(), connection);
    return connection;
  }

  void remove(ClientConnection connection) {
    if (connections.remove(connection.session().id()) != null) {
      count--;
    }
  }

  Collection<ClientConnection> all() {
    return connections.values();
  }

  ClientConnection find(Session session) {
    return connections.get(session.id());
  }

  /** What they have left unread of what was pushed to them. */
  UnreadPushes unread() {
    return unread;
  }

  void countCommand() {
    commands++;
  }

  /** Commands run since the node started. */
  long commandCount() {
    return commands;
  }

  /** Connections accepted since the node started. */
  long acceptedCount() {
    return accepted;
  }

  void resetCounts() {
    commands = 0;
    accepted = 0;
  }

  /** How many wait for something to come. */
  long waitingCount() {
    return connections.values().stream().filter(each -> each.session().isWaiting()).count();
  }

  int count() {
    return count;
  }
}
