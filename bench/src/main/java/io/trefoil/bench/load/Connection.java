package io.trefoil.bench.load;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.function.Predicate;

/**
 * A connection to a node, with so many requests in flight at most. It blocks until it is given to a
 * selector, and not from then on. Not thread-safe.
 */
public final class Connection {
  private static final int SPARE_BYTES = 16 * 1024;
  private static final int IN_BYTES_MIN = 64 * 1024;

  private final InetSocketAddress node;
  private final SocketChannel channel;
  private final Protocol protocol;
  private final int replyBytesMax;
  private final ByteBuffer out;
  private final ByteBuffer in;

  /** Slots of requests that are not in flight. */
  private final IntRing free;

  /** When the request of a slot was due, in nanoseconds of {@link System#nanoTime}. */
  private final long[] due;

  private SelectionKey key;
  private int inFlight;

  private Connection(
      InetSocketAddress node,
      SocketChannel channel,
      Protocol protocol,
      int pipelineMax,
      int valueMax) {
    this.node = node;
    this.channel = channel;
    this.protocol = protocol;
    this.replyBytesMax = protocol.frameBytes(valueMax);
    out = ByteBuffer.allocateDirect(SPARE_BYTES + pipelineMax * replyBytesMax);
    in = ByteBuffer.allocateDirect(Math.max(IN_BYTES_MIN, 2 * replyBytesMax));
    due = new long[pipelineMax];
    free = new IntRing(pipelineMax);
    for (int slot = 0; slot < pipelineMax; slot++) {
      free.add(slot);
    }
  }

  /**
   * Connects and says what a server has to hear first.
   *
   * @param pipelineMax so many requests are in flight at most
   * @param valueMax no value is larger, in bytes
   */
  public static Connection open(
      InetSocketAddress node, Protocol protocol, int pipelineMax, int valueMax) throws IOException {
    Connection connection = connect(node, protocol, pipelineMax, valueMax);
    try {
      protocol.begin(connection);
      return connection;
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  /** Connects, and says nothing yet. */
  public static Connection connect(
      InetSocketAddress node, Protocol protocol, int pipelineMax, int valueMax) throws IOException {
    SocketChannel channel;
    try {
      channel = SocketChannel.open(node);
    } catch (IOException e) {
      throw new IOException("cannot connect to " + name(node) + ": " + e.getMessage(), e);
    }
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return new Connection(node, channel, protocol, pipelineMax, valueMax);
  }

  /** What {@link #ask} sends. */
  public ByteBuffer out() {
    return out;
  }

  /** Sends what is in {@link #out} and waits for a reply. */
  public ByteBuffer ask(Predicate<ByteBuffer> isWhole) throws IOException {
    out.flip();
    while (out.hasRemaining()) {
      channel.write(out);
    }
    out.clear();
    in.clear();
    while (true) {
      fill();
      ByteBuffer reply = in.duplicate().flip();
      if (isWhole.test(reply)) {
        in.clear();
        return reply;
      }
    }
  }

  private void fill() throws IOException {
    if (!in.hasRemaining()) {
      throw new IOException(name(node) + " sent a reply of more than " + in.capacity() + " bytes");
    }
    if (channel.read(in) < 0) {
      throw new EOFException(name(node) + " closed the connection");
    }
  }

  void register(Selector selector) throws IOException {
    channel.configureBlocking(false);
    key = channel.register(selector, SelectionKey.OP_READ, this);
  }

  int inFlight() {
    return inFlight;
  }

  /** Whether a request can be sent now. */
  boolean hasRoom(int pipeline, int valueSize) {
    return inFlight < pipeline
        && out.remaining() >= replyBytesMax + SPARE_BYTES / 2
        && protocol.hasRoom(valueSize);
  }

  /** Appends a request; {@link #flush} sends it. */
  void add(Requests request, long dueNanos) {
    int slot = free.remove();
    due[slot] = dueNanos;
    inFlight++;
    if (request.isRead()) {
      protocol.read(out, slot, request.key());
    } else {
      protocol.write(
          out, slot, request.key(), request.values(), request.valueFrom(), request.valueSize());
    }
  }

  /** When the request of this slot was due; the slot is free from now on. */
  long done(int slot) {
    free.add(slot);
    inFlight--;
    return due[slot];
  }

  /** Sends what was appended; what the socket does not take now is sent when it does. */
  void flush() throws IOException {
    protocol.end(out);
    write();
  }

  /** Goes on sending what the socket did not take. */
  void write() throws IOException {
    if (out.position() > 0) {
      out.flip();
      channel.write(out);
      out.compact();
    }
    int wanted =
        out.position() > 0 ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
    if (key.interestOps() != wanted) {
      key.interestOps(wanted);
    }
  }

  /** Reads what there is and tells of the requests that are done with it. */
  void receive(Replies replies) throws IOException {
    fill();
    in.flip();
    protocol.receive(in, replies);
    in.compact();
  }

  /** Where it leads. */
  String node() {
    return name(node);
  }

  private static String name(InetSocketAddress node) {
    return node.getHostString() + ":" + node.getPort();
  }

  public void close() throws IOException {
    channel.close();
  }
}
