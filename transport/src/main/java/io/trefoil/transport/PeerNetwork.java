package io.trefoil.transport;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.trefoil.base.MalformedBytesException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's connections to its peers: one listening port, and per lane a thread and a dialed
 * connection to each peer. {@code send} and {@code flush} belong to the lane's thread.
 */
public final class PeerNetwork implements Peers {
  private static final Logger LOG = LoggerFactory.getLogger(PeerNetwork.class);
  private static final int MAX_REFUSALS_LOGGED = 1_000;

  /** The first byte of what comes back on a dialed connection: why it was refused, or a reply. */
  static final int REFUSAL = 0;

  private static final int REPLY = 1;

  private final Sockets sockets;
  private final EventLoop controlLoop;
  private final EventLoop dataLoop;
  private final PeerListener listener;
  private final Map<Lane, Map<Integer, PeerLink>> links = new EnumMap<>(Lane.class);

  /** Those with replies that the data loop's next flush sends. */
  private final List<Incoming> replied = new ArrayList<>();

  private final Set<Channel> accepted = ConcurrentHashMap.newKeySet();
  private final Set<String> refusalsLogged = ConcurrentHashMap.newKeySet();
  private volatile Identity identity = new Identity("", "", 0, 0);
  private Channel server;

  private record Identity(String cluster, String region, int node, int incarnation) {}

  public PeerNetwork(
      Sockets sockets, EventLoop controlLoop, EventLoop dataLoop, PeerListener listener) {
    this.sockets = sockets;
    this.controlLoop = controlLoop;
    this.dataLoop = dataLoop;
    this.listener = listener;
    for (Lane lane : Lane.values()) {
      links.put(lane, new HashMap<>());
    }
  }

  /**
   * Starts to listen.
   *
   * @throws IOException when the address is taken or not this machine's
   */
  public void listen(String bind, int port) throws IOException {
    ServerBootstrap listening =
        new ServerBootstrap()
            .group(controlLoop)
            .channel(sockets.serverChannel())
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accepted.add(channel);
                    Sockets.boundReads(channel);
                    channel.pipeline().addLast(new Incoming());
                  }
                });
    // Accepted sockets inherit the listening one's receive buffer.
    sockets
        .bufferBytes()
        .ifPresent(bytes -> listening.option(ChannelOption.SO_RCVBUF, Math.toIntExact(bytes)));
    sockets.setBuffers(listening::childOption);
    try {
      server = listening.bind(bind, port).sync().channel();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while opening the peer port", e);
    } catch (Exception e) {
      throw new IOException(e.getMessage(), e); // Netty throws checked exceptions unchecked
    }
  }

  @Override
  public void identify(String cluster, String region, int node, int incarnation) {
    identity = new Identity(cluster, region, node, incarnation);
  }

  Hello hello(Lane lane, int to) {
    Identity now = identity;
    int meant = lane == Lane.REGION ? 0 : to;
    return new Hello(lane, now.cluster(), now.region(), now.node(), now.incarnation(), meant);
  }

  PeerListener listener() {
    return listener;
  }

  @Override
  public void connect(Lane lane, PeerAddress address) {
    PeerLink old = links(lane).get(address.node());
    if (old != null && old.address().equals(address)) {
      return;
    }
    if (old != null) {
      old.close();
    }
    PeerLink link = new PeerLink(address, lane, loop(lane), sockets, this);
    links(lane).put(address.node(), link);
    link.dial();
  }

  @Override
  public void redial(Lane lane) {
    links(lane).values().forEach(PeerLink::redial);
  }

  @Override
  public void send(Lane lane, int node, byte[] frame, int offset, int length) {
    PeerLink link = links(lane).get(node);
    if (link != null) {
      link.frame(frame, offset, length);
    }
  }

  @Override
  public void flush(Lane lane) {
    for (PeerLink link : links(lane).values()) {
      link.flush();
    }
    if (lane != Lane.CONTROL) {
      replied.forEach(Incoming::flush);
      replied.clear();
    }
  }

  @Override
  public boolean isConnected(Lane lane, int node) {
    PeerLink link = links(lane).get(node);
    return link != null && link.isConnected();
  }

  void refused(PeerAddress peer, String reason) {
    if (isNews(peer + reason)) {
      LOG.warn("peer={} refused this node: {}", peer, reason);
    }
  }

  /** Whether a refusal is to be logged: peers dial again and again. */
  private boolean isNews(String refusal) {
    if (refusalsLogged.size() >= MAX_REFUSALS_LOGGED) {
      refusalsLogged.clear();
    }
    return refusalsLogged.add(refusal);
  }

  private Map<Integer, PeerLink> links(Lane lane) {
    return links.get(lane);
  }

  private EventLoop loop(Lane lane) {
    return lane == Lane.CONTROL ? controlLoop : dataLoop;
  }

  /** Stops listening and closes every connection. Call from any thread but the lanes'. */
  public void close() throws InterruptedException {
    if (server != null) {
      server.close().sync();
    }
    for (Lane lane : Lane.values()) {
      loop(lane).submit(() -> links(lane).values().forEach(PeerLink::close)).sync();
    }
    accepted.forEach(Channel::close);
  }

  /** An accepted connection. It begins on the control loop and moves to its lane's. */
  private final class Incoming extends ChannelInboundHandlerAdapter implements PeerConnection {
    private final FrameDecoder decoder = new FrameDecoder();
    private volatile Channel channel;
    private Hello hello;
    private boolean moving;
    private boolean flushing;

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      channel = context.channel();
    }

    @Override
    public Hello hello() {
      return hello;
    }

    @Override
    public boolean isOpen() {
      return channel.isActive();
    }

    @Override
    public void reply(byte[] frame, int offset, int length) {
      channel.writeAndFlush(framed(REPLY, frame, offset, length), channel.voidPromise());
    }

    @Override
    public void replyLater(byte[] frame, int offset, int length) {
      channel.write(framed(REPLY, frame, offset, length), channel.voidPromise());
      if (!flushing) {
        flushing = true;
        replied.add(this);
      }
    }

    private void flush() {
      flushing = false;
      channel.flush();
    }

    private ByteBuf framed(int kind, byte[] frame, int offset, int length) {
      ByteBuf bytes = channel.alloc().buffer(5 + length);
      return bytes.writeIntLE(length + 1).writeByte(kind).writeBytes(frame, offset, length);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ByteBuf bytes = (ByteBuf) message;
      try {
        decoder.add(bytes);
      } finally {
        bytes.release();
      }
      if (!moving) {
        deliver();
      }
    }

    private void deliver() {
      try {
        while (decoder.next()) {
          if (hello != null) {
            listener.onFrame(this, decoder.array(), decoder.frameOffset(), decoder.frameLength());
          } else if (!greet()) {
            return;
          }
        }
      } catch (MalformedBytesException e) {
        LOG.warn("peer={} sent what is no frame: {}", channel.remoteAddress(), e.getMessage());
        channel.close();
      }
    }

    /** Reads the hello. False when reading goes on elsewhere, or not at all. */
    private boolean greet() {
      int from = decoder.frameOffset();
      Hello greeting =
          Hello.decode(Arrays.copyOfRange(decoder.array(), from, from + decoder.frameLength()));
      String refusal = listener.refuse(greeting);
      if (refusal != null) {
        if (isNews("from " + greeting.from() + " " + refusal)) {
          LOG.warn(
              "peer={} address={} refused: {}", greeting.from(), channel.remoteAddress(), refusal);
        }
        byte[] text = refusal.getBytes(StandardCharsets.UTF_8);
        channel
            .writeAndFlush(framed(REFUSAL, text, 0, text.length))
            .addListener(ChannelFutureListener.CLOSE);
        return false;
      }
      hello = greeting;
      if (greeting.lane() == Lane.CONTROL) {
        return true;
      }
      moveTo(dataLoop);
      return false;
    }

    private void moveTo(EventLoop loop) {
      moving = true;
      channel.config().setAutoRead(false);
      channel
          .deregister()
          .addListener(
              left ->
                  loop.register(channel)
                      .addListener(
                          arrived -> {
                            moving = false;
                            deliver();
                            channel.config().setAutoRead(true);
                          }));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      accepted.remove(context.channel());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (!(cause instanceof IOException)) {
        LOG.error("peer={} handling a frame failed", context.channel().remoteAddress(), cause);
      }
      context.close();
    }
  }
}
