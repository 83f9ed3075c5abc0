package io.trefoil.node;

/**
 * What clients of this node have left unread of pushes, all together: what many share counts once.
 * Owner thread only.
 */
final class UnreadPushes {
  private final long maxBytes;
  private long bytes;

  /**
   * @param maxBytes beyond, clients that leave something unread are closed
   */
  UnreadPushes(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** As much as a node bears beside all else: a quarter of its heap. */
  static UnreadPushes ofHeap() {
    return new UnreadPushes(Runtime.getRuntime().maxMemory() / 4);
  }

  void add(Push push) {
    if (push.keep()) {
      bytes += push.cost();
    }
  }

  void remove(Push push) {
    if (push.letGo()) {
      bytes -= push.cost();
    }
  }

  boolean areTooMany() {
    return bytes > maxBytes;
  }
}
