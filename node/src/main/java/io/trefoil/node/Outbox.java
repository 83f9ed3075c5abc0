package io.trefoil.node;

import java.util.ArrayDeque;

/**
 * Pushes on their way to one client, as fast as it takes them. The socket gets one only when it has
 * taken enough of what it got before; the others wait here, where clients share their bytes.
 */
final class Outbox {
  /** As in Redis, by default: a subscriber that leaves so much unread is closed at once ... */
  static final long MAX_BYTES = 32L << 20;

  /** ... and one that has left so much unread for so long. */
  static final long MANY_BYTES = 8L << 20;

  static final long MANY_NANOS = 60_000_000_000L;

  private final ClientSocket socket;
  private final UnreadPushes unread;
  private final ArrayDeque<Push> waiting = new ArrayDeque<>();
  private long bytes;
  private long manySinceNanos;

  /**
   * @param unread what waits for all clients
   */
  Outbox(ClientSocket socket, UnreadPushes unread) {
    this.socket = socket;
    this.unread = unread;
  }

  /** Sends a push, or keeps it until the client takes more. */
  void add(Push push, long nowNanos) {
    if (waiting.isEmpty() && socket.isWritable()) {
      socket.write(push.bytes(), push.bytes().length);
      return;
    }
    waiting.add(push);
    unread.add(push);
    boolean few = bytes <= MANY_BYTES;
    bytes += push.cost();
    if (few && bytes > MANY_BYTES) {
      manySinceNanos = nowNanos;
    }
  }

  /**
   * Sends what the client takes by now; the caller then has the socket flushed.
   *
   * @return whether something was sent
   */
  boolean drain() {
    boolean sent = false;
    while (!waiting.isEmpty() && socket.isWritable()) {
      Push push = waiting.poll();
      bytes -= push.cost();
      unread.remove(push);
      socket.write(push.bytes(), push.bytes().length);
      sent = true;
    }
    return sent;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** What waits here. */
  long bytes() {
    return bytes;
  }

  /**
   * Whether the client takes too little, for itself or for the node's memory.
   *
   * @param more bytes that wait for it elsewhere
   */
  boolean isOverfull(long more, long nowNanos) {
    return bytes + more > MAX_BYTES
        || bytes > 0 && unread.areTooMany()
        || bytes > MANY_BYTES && nowNanos - manySinceNanos > MANY_NANOS;
  }

  void clear() {
    waiting.forEach(unread::remove);
    waiting.clear();
    bytes = 0;
  }
}
