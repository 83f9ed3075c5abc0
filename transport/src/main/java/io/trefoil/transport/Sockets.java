package io.trefoil.transport;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Which sockets Netty uses: epoll where the machine has it, else NIO.
 *
 * @param bufferBytes of connections between nodes, each way; empty for the system's choice
 */
public record Sockets(
    IoHandlerFactory handler,
    Class<? extends ServerChannel> serverChannel,
    Class<? extends SocketChannel> socketChannel,
    Optional<Long> bufferBytes) {

  /** The best this machine has. */
  public static Sockets best() {
    return Epoll.isAvailable()
        ? new Sockets(
            EpollIoHandler.newFactory(),
            EpollServerSocketChannel.class,
            EpollSocketChannel.class,
            Optional.empty())
        : new Sockets(
            NioIoHandler.newFactory(),
            NioServerSocketChannel.class,
            NioSocketChannel.class,
            Optional.empty());
  }

  public Sockets withBuffers(Optional<Long> bytes) {
    return new Sockets(handler, serverChannel, socketChannel, bytes);
  }

  /** Before a connection is made: TCP agrees on its window then. */
  void setBuffers(BiConsumer<ChannelOption<Integer>, Integer> option) {
    bufferBytes.ifPresent(
        bytes -> {
          option.accept(ChannelOption.SO_RCVBUF, Math.toIntExact(bytes));
          option.accept(ChannelOption.SO_SNDBUF, Math.toIntExact(bytes));
        });
  }

  /**
   * At most 128 KiB are read from another node before others have their turn: a follower applies
   * what it reads as it reads it, and with more would not answer for long.
   */
  static void boundReads(Channel channel) {
    channel
        .config()
        .setRecvByteBufAllocator(new AdaptiveRecvByteBufAllocator().maxMessagesPerRead(2));
  }

  /** One event loop with a thread of this name. */
  public MultiThreadIoEventLoopGroup loop(String threadName) {
    return new MultiThreadIoEventLoopGroup(
        1, new DefaultThreadFactory(threadName, Thread.NORM_PRIORITY), handler);
  }
}
