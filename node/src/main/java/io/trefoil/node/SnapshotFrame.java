package io.trefoil.node;

/** What the pieces of a snapshot's stream are. The codes never change. */
public final class SnapshotFrame {
  /** Epoch, position, number of keys, the copy's meta. */
  static final int BEGIN = 1;

  /** How many chunks came before it, the CRC32C of its bytes, its bytes. */
  static final int CHUNK = 2;

  /** How many chunks there were, and the CRC32C of what BEGIN said and of all their bytes. */
  static final int END = 3;

  /** Asks how far the receiver is, after the connection broke. */
  public static final int RESUME = 4;

  /** The receiver has made so many chunks durable. */
  static final int GOES_ON = 1;

  static final int INSTALLED = 2;

  /** The receiver does not want the stream, or knows nothing of it. */
  static final int GIVEN_UP = 3;

  /** How long either side waits for the other before it lets go of what it holds for a stream. */
  static final long SILENCE_NANOS = 30_000_000_000L;

  private SnapshotFrame() {}
}
