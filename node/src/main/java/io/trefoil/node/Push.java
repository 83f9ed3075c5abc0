package io.trefoil.node;

import io.trefoil.resp.ReplyWriter;
import java.util.function.Consumer;

/**
 * What a client gets without having asked just now: a published message, or the confirmation of a
 * subscription. Many clients may be sent the same; none changes it.
 */
final class Push {
  /** What one costs while it waits, beside its bytes. */
  private static final int OVERHEAD_BYTES = 64;

  private final byte[] bytes;
  private int keepers;

  Push(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The message of {@code writing}, in a version of RESP. */
  static Push of(int protocol, int capacity, Consumer<ReplyWriter> writing) {
    ReplyWriter writer = new ReplyWriter(capacity);
    writer.setProtocol(protocol);
    writing.accept(writer);
    return new Push(writer.toArray());
  }

  byte[] bytes() {
    return bytes;
  }

  /** Another client has it wait; whether that is the first. */
  boolean keep() {
    return ++keepers == 1;
  }

  /** A client has it wait no longer; whether that was the last. */
  boolean letGo() {
    return --keepers == 0;
  }

  /** What it costs while it waits, in bytes. */
  long cost() {
    return bytes.length + OVERHEAD_BYTES;
  }
}
