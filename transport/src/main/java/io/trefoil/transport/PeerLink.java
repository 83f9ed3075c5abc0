package io.trefoil.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.trefoil.base.ByteSink;
import io.trefoil.base.MalformedBytesException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection that this node dials to one other node on one lane. It keeps dialing until it is
 * closed. What is sent while it does not stand is dropped: the protocols above repeat what matters.
 *
 * <p>Used by the lane's thread only.
 */
final class PeerLink {
  private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);
  private static final long REDIAL_MILLIS = 100;
  private static final int CONNECT_TIMEOUT_MILLIS = 1_000;

  /** A peer that takes so little that this much waits is treated as lost. */
  private static final long MAX_WAITING_BYTES = 512L << 20;

  private final PeerAddress address;
  private final EventLoop loop;
  private final Sockets sockets;
  private final PeerNetwork network;
  private final Lane lane;
  private final ByteSink waiting = new ByteSink(4096);
  private Channel channel;
  private long redialMillis = REDIAL_MILLIS;
  private boolean closed;
  private boolean lostTold;

  PeerLink(PeerAddress address, Lane lane, EventLoop loop, Sockets sockets, PeerNetwork network) {
    this.address = address;
    this.lane = lane;
    this.loop = loop;
    this.sockets = sockets;
    this.network = network;
  }

  PeerAddress address() {
    return address;
  }

  void dial() {
    if (closed) {
      return;
    }
    Bootstrap dialing =
        new Bootstrap()
            .group(loop)
            .channel(sockets.socketChannel())
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .handler(new Watch());
    sockets.setBuffers(dialing::option);
    ChannelFuture dialed = dialing.connect(address.host(), address.port());
    dialed.addListener(
        done -> {
          if (closed) {
            dialed.channel().close();
          } else if (done.isSuccess()) {
            channel = dialed.channel();
            byte[] hello = network.hello(lane, address.node()).encode();
            frame(hello, 0, hello.length);
            flush();
            lostTold = false;
            network.listener().onConnected(lane, address);
          } else {
            lost();
          }
        });
  }

  boolean isConnected() {
    return channel != null && channel.isActive();
  }

  /** Adds a frame to what {@link #flush} sends. */
  void frame(byte[] body, int offset, int length) {
    if (isConnected()) {
      waiting.putInt(length).putBytes(body, offset, length);
    }
  }

  void flush() {
    if (waiting.size() == 0 || !isConnected()) {
      waiting.clear();
      return;
    }
    ByteBuf bytes = channel.alloc().directBuffer(waiting.size());
    bytes.writeBytes(waiting.array(), 0, waiting.size());
    waiting.clear();
    channel.writeAndFlush(bytes, channel.voidPromise());
    if (channel.unsafe().outboundBuffer() != null
        && channel.unsafe().outboundBuffer().totalPendingWriteBytes() > MAX_WAITING_BYTES) {
      LOG.warn(
          "peer={} lane={} takes nothing, {} bytes wait: closing",
          address,
          lane,
          MAX_WAITING_BYTES);
      channel.close();
    }
  }

  /** Dials anew, at once where a connection stands. */
  void redial() {
    if (isConnected()) {
      redialMillis = 0;
      channel.close();
    }
  }

  void close() {
    closed = true;
    if (channel != null) {
      channel.close();
    }
  }

  private void lost() {
    channel = null;
    waiting.clear();
    if (closed) {
      return;
    }
    if (!lostTold) {
      lostTold = true;
      network.listener().onLost(lane, address);
    }
    loop.schedule(this::dial, redialMillis, TimeUnit.MILLISECONDS);
    redialMillis = REDIAL_MILLIS;
  }

  /** Reads what comes back: replies, or why the other node refused this one. */
  private final class Watch extends ChannelInboundHandlerAdapter {
    private final FrameDecoder decoder = new FrameDecoder();
    private boolean wasActive;

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      Sockets.boundReads(context.channel());
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      wasActive = true;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ByteBuf bytes = (ByteBuf) message;
      try {
        decoder.add(bytes);
        while (decoder.next()) {
          onFrame(decoder.array(), decoder.frameOffset(), decoder.frameLength());
        }
      } catch (MalformedBytesException e) {
        LOG.warn("peer={} answered what is no frame: {}", address, e.getMessage());
        context.close();
      } finally {
        bytes.release();
      }
    }

    private void onFrame(byte[] frame, int offset, int length) {
      if (length > 0 && frame[offset] == PeerNetwork.REFUSAL) {
        network.refused(address, new String(frame, offset + 1, length - 1, StandardCharsets.UTF_8));
      } else if (length > 0) {
        network.listener().onReply(lane, address, frame, offset + 1, length - 1);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      if (wasActive) {
        lost();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
