package io.trefoil.node;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.trefoil.base.Clock;
import io.trefoil.command.Server;
import io.trefoil.command.Session;
import io.trefoil.resp.RespLimits;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;

/** The clients that are connected. Connections are made and ended on the data loop. */
final class Clients extends ChannelInitializer<Channel> {
  private final Clock clock;
  private final int maxConnections;
  private final Function<Session, ClientConnection> maker;
  private final Server server;
  private final Map<Long, ClientConnection> connections = new ConcurrentSkipListMap<>();
  private long lastId;
  private long accepted;
  private int count;
  private long commands;

  Clients(
      Clock clock, int maxConnections, Server server, Function<Session, ClientConnection> maker) {
    this.clock = clock;
    this.maxConnections = maxConnections;
    this.server = server;
    this.maker = maker;
  }

  static RespLimits limits(long maxBulkBytes) {
    return new RespLimits(
        (int) maxBulkBytes, (int) Math.min(Math.max(maxBulkBytes * 2, 1 << 20), 1 << 30));
  }

  @Override
  protected void initChannel(Channel channel) {
    if (count >= maxConnections) {
      byte[] refusal = "-ERR max number of clients reached\r\n".getBytes(StandardCharsets.US_ASCII);
      channel
          .writeAndFlush(Unpooled.wrappedBuffer(refusal))
          .addListener(ChannelFutureListener.CLOSE);
      return;
    }
    accepted++;
    count++;
    Session session =
        new Session(
            ++lastId,
            address(channel.remoteAddress()),
            address(channel.localAddress()),
            clock.wallMillis(),
            !server.passwordRequired());
    ClientConnection connection = maker.apply(session);
    connections.put(session.id(), connection);
    channel.pipeline().addLast(connection);
  }

  private static String address(java.net.SocketAddress address) {
    if (address instanceof java.net.InetSocketAddress inet) {
      return inet.getAddress().getHostAddress() + ":" + inet.getPort();
    }
    return String.valueOf(address);
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

  int count() {
    return count;
  }
}
