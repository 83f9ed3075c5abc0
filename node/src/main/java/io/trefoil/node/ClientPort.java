package io.trefoil.node;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.trefoil.transport.Sockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The port that clients connect to, and their sockets. All of it on the data loop. */
final class ClientPort {
  private static final Logger LOG = LoggerFactory.getLogger(ClientPort.class);
  private static final int BACKLOG = 1024;

  private ClientPort() {}

  /**
   * Opens the port.
   *
   * @throws IOException when the address is taken or not this machine's
   */
  static Channel open(Sockets sockets, EventLoop loop, Clients clients, String bind, int port)
      throws IOException {
    try {
      return new ServerBootstrap()
          .group(loop)
          .channel(sockets.serverChannel())
          .option(ChannelOption.SO_REUSEADDR, true)
          .option(ChannelOption.SO_BACKLOG, BACKLOG)
          .childOption(ChannelOption.TCP_NODELAY, true)
          .childOption(ChannelOption.SO_KEEPALIVE, true)
          .childHandler(
              new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                  channel.pipeline().addLast(new Socket(clients));
                }
              })
          .bind(bind, port)
          .syncUninterruptibly()
          .channel();
    } catch (Exception e) {
      throw new IOException(e.getMessage(), e); // Netty throws checked exceptions unchecked
    }
  }

  private static final class Socket extends ChannelInboundHandlerAdapter implements ClientSocket {
    private final Clients clients;
    private ChannelHandlerContext context;
    private ClientConnection connection;

    Socket(Clients clients) {
      this.clients = clients;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext newContext) {
      context = newContext;
      Channel channel = context.channel();
      connection =
          clients.connect(this, address(channel.remoteAddress()), address(channel.localAddress()));
    }

    private static String address(SocketAddress address) {
      if (address instanceof InetSocketAddress inet) {
        return inet.getAddress().getHostAddress() + ":" + inet.getPort();
      }
      return String.valueOf(address);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf bytes = (ByteBuf) message;
      try {
        if (connection == null) {
          return; // it was refused
        }
        int count = bytes.readableBytes();
        byte[] input = connection.roomFor(count);
        bytes.readBytes(input, connection.inputEnd(), count);
        connection.received(count);
      } finally {
        bytes.release();
      }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      if (connection != null) {
        connection.writable();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (connection != null) {
        connection.disconnected();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (!(cause instanceof IOException)) {
        LOG.error("client={} failed", connection, cause);
      }
      ctx.close();
    }

    @Override
    public void write(byte[] array, int length) {
      ByteBuf bytes = context.alloc().directBuffer(length);
      bytes.writeBytes(array, 0, length);
      context.write(bytes, context.voidPromise());
    }

    @Override
    public void flush() {
      context.flush();
    }

    @Override
    public boolean isWritable() {
      return context.channel().isWritable();
    }

    @Override
    public void read(boolean wanted) {
      context.channel().config().setAutoRead(wanted);
    }

    @Override
    public void closeWhenSent() {
      context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void close() {
      context.close();
    }
  }
}
