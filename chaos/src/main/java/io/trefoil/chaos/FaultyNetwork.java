package io.trefoil.chaos;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.trefoil.cli.CommandFailed;
import java.io.Closeable;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Stands between the nodes and does to their connections what {@link Links} say. Each node tells
 * the others an address of its own out of 127.0.0.0/8; this listens there and passes on to the
 * node.
 *
 * <p>As on a real network nothing that a cut holds up is lost: it comes when the cut is over,
 * unless one of the ends has given up. Neither end hears of the other's end through a cut. All in
 * one thread, beside {@link #reset} and {@link #close}, which may come from any.
 */
final class FaultyNetwork implements Closeable {
  /** What a way holds up before it no longer reads, as the buffers of real connections do. */
  private static final long HELD_BYTES_MAX = 1 << 20;

  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** After which a lost packet is sent again, at least (RFC 6298 and Linux: 200 ms). */
  private static final int REPEAT_MILLIS = 200;

  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Links links;
  private final SocketOwners owners;
  private final SplittableRandom random = new SplittableRandom();
  private final Set<Connection> connections = new HashSet<>();

  FaultyNetwork(Links links, SocketOwners owners) {
    this.links = links;
    this.owners = owners;
  }

  /**
   * Listens for those that dial a node.
   *
   * @param to the node's index
   * @param address at which others dial it; the node itself has the same port on 127.0.0.1
   * @throws CommandFailed when nobody can listen there
   */
  void listen(int to, InetSocketAddress address) throws InterruptedException {
    ServerBootstrap server =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.AUTO_READ, false)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel dialer) {
                    accept(dialer, to, address.getPort());
                  }
                });
    try {
      server.bind(address).sync();
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        throw e;
      }
      throw new CommandFailed(
          "can't listen between the nodes on " + address + ": " + e.getMessage());
    }
  }

  private void accept(Channel dialer, int to, int port) {
    int dialed = ((InetSocketAddress) dialer.remoteAddress()).getPort();
    OptionalInt from = owners.nodeOf(dialed, port);
    if (from.isEmpty()) {
      dialer.close();
      return;
    }
    Connection connection = new Connection(dialer, from.getAsInt(), to, port);
    connections.add(connection);
    dialer.pipeline().addLast(connection.forth);
    dialer.closeFuture().addListener(it -> connections.remove(connection));
    connection.dial();
  }

  /** Breaks every connection between nodes, once. */
  void reset() {
    loop.execute(() -> Set.copyOf(connections).forEach(Connection::reset));
  }

  @Override
  public void close() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  /** Between the node that dialed and the one that it dialed. */
  private final class Connection {
    private final Channel dialer;
    private final int port;
    private final Way forth;
    private final Way back;

    Connection(Channel dialer, int from, int to, int port) {
      this.dialer = dialer;
      this.port = port;
      this.forth = new Way(from, to);
      this.back = new Way(to, from);
      forth.back = back;
      back.back = forth;
      back.out = dialer;
    }

    /** Through a cut nobody gets a connection, either way. */
    void dial() {
      if (!dialer.isOpen()) {
        return;
      }
      if (forth.isCut() || back.isCut()) {
        loop.schedule(this::dial, LOOK_AGAIN_NANOS, TimeUnit.NANOSECONDS);
        return;
      }
      new Bootstrap()
          .group(loop)
          .channel(NioSocketChannel.class)
          .option(ChannelOption.TCP_NODELAY, true)
          .handler(back)
          .connect("127.0.0.1", port)
          .addListener(
              (ChannelFutureListener)
                  dialed -> {
                    if (dialed.isSuccess()) {
                      forth.out = dialed.channel();
                      dialer.config().setAutoRead(true);
                      forth.deliver();
                    } else {
                      dialer.close();
                    }
                  });
    }

    void reset() {
      reset(dialer);
      if (forth.out != null) {
        reset(forth.out);
      }
    }

    /** With no time to linger the system sends a reset rather than an end. */
    private void reset(Channel channel) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
      channel.close();
    }
  }

  /** Bytes, or null for the end, and from when on they may be delivered. */
  private record Parcel(ByteBuf bytes, long dueNanos) {}

  /** One way of a connection. */
  private final class Way extends ChannelInboundHandlerAdapter {
    private final int from;
    private final int to;
    private final ArrayDeque<Parcel> parcels = new ArrayDeque<>();
    private Channel in;
    private Channel out;
    private Way back;
    private long heldBytes;
    private long lastDueNanos = System.nanoTime();
    private boolean scheduled;
    private boolean ended;

    Way(int from, int to) {
      this.from = from;
      this.to = to;
    }

    boolean isCut() {
      return links.between(from, to).cut();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      in = context.channel();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ByteBuf bytes = (ByteBuf) message;
      heldBytes += bytes.readableBytes();
      if (heldBytes > HELD_BYTES_MAX) {
        in.config().setAutoRead(false);
      }
      parcels.add(new Parcel(bytes, due()));
      deliver();
    }

    /** What comes later is never delivered earlier. */
    private long due() {
      Links.State state = links.between(from, to);
      long delayMillis = 0;
      if (state.delayMillis() > 0) {
        delayMillis += state.delayMillis() / 2 + random.nextInt(state.delayMillis());
      }
      if (random.nextInt(1_000) < state.lostPerMille()) {
        delayMillis += REPEAT_MILLIS + random.nextInt(REPEAT_MILLIS);
      }
      long due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(delayMillis);
      lastDueNanos = Math.max(lastDueNanos, due);
      return lastDueNanos;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      end();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable reset) {
      context.close();
    }

    private void end() {
      if (!ended) {
        ended = true;
        parcels.add(new Parcel(null, due()));
        deliver();
      }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      back.deliver();
    }

    void deliver() {
      if (scheduled || out == null) {
        return;
      }
      boolean any = false;
      while (!parcels.isEmpty() && out.isOpen()) {
        long wait = isCut() ? LOOK_AGAIN_NANOS : parcels.peek().dueNanos - System.nanoTime();
        if (wait > 0) {
          scheduled = true;
          loop.schedule(this::look, wait, TimeUnit.NANOSECONDS);
          break;
        }
        if (!out.isWritable()) {
          break; // goes on when it is
        }
        Parcel parcel = parcels.remove();
        if (parcel.bytes == null) {
          out.flush();
          out.close();
        } else {
          heldBytes -= parcel.bytes.readableBytes();
          out.write(parcel.bytes, out.voidPromise());
          any = true;
        }
      }
      if (any) {
        out.flush();
      }
      if (!out.isOpen()) {
        parcels.forEach(Way::release);
        parcels.clear();
        heldBytes = 0;
      }
      if (heldBytes <= HELD_BYTES_MAX) {
        in.config().setAutoRead(true);
      }
    }

    private void look() {
      scheduled = false;
      deliver();
    }

    private static void release(Parcel parcel) {
      if (parcel.bytes != null) {
        parcel.bytes.release();
      }
    }
  }
}
