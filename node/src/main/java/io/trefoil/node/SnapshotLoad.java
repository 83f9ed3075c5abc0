package io.trefoil.node;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.storage.SnapshotLoader;
import io.trefoil.storage.Storage;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;

/**
 * A snapshot that is coming in: which chunks are there, and that they are what was sent. Belongs to
 * the data loop's thread.
 */
final class SnapshotLoad {
  enum Stage {
    /** Chunks are to come, or to be made durable. */
    COMING,
    /** All of it is durable: no word of the sender is needed any more. */
    WHOLE,
    /** It is this node's copy; kept so that the sender can be told once more. */
    INSTALLED
  }

  private final NodeId from;
  private final long stream;
  private final long epoch;
  private final Position position;
  private final long keyCount;
  private final Bytes meta;
  private final long copy;
  private final SnapshotLoader loader;
  private final CRC32C whole = new CRC32C();
  private Stage stage = Stage.COMING;
  private int received;
  private int durable;
  private boolean ended;
  private long heardNanos;

  /**
   * @param head what {@link SnapshotFrame#BEGIN} says
   */
  SnapshotLoad(NodeId from, long stream, byte[] head, long copy, Storage storage) {
    ByteSource source = new ByteSource(head);
    this.from = from;
    this.stream = stream;
    this.epoch = source.getVarint();
    this.position = ReplicationCodec.getPosition(source);
    this.keyCount = source.getVarint();
    this.meta = Bytes.wrap(source.getBlock());
    source.expectEnd();
    this.copy = copy;
    this.loader = storage.load(copy);
    whole.update(head, 0, head.length);
  }

  boolean isOf(NodeId sender, long number) {
    return from.equals(sender) && stream == number;
  }

  NodeId from() {
    return from;
  }

  long stream() {
    return stream;
  }

  long epoch() {
    return epoch;
  }

  Position position() {
    return position;
  }

  Bytes meta() {
    return meta;
  }

  long copy() {
    return copy;
  }

  Stage stage() {
    return stage;
  }

  void reached(Stage newStage) {
    stage = newStage;
  }

  /** How many chunks are durable. */
  int durable() {
    return durable;
  }

  void oneMoreDurable() {
    durable++;
  }

  void heard(long nowNanos) {
    heardNanos = nowNanos;
  }

  boolean isSilent(long nowNanos) {
    return nowNanos - heardNanos > SnapshotFrame.SILENCE_NANOS;
  }

  /**
   * Takes a chunk.
   *
   * @param source its number, checksum and bytes
   * @return done once it is durable; null when it was there already, as it is after a connection
   *     broke
   * @throws MalformedBytesException when it is not the next, or not what was sent
   */
  CompletableFuture<Void> addChunk(ByteSource source) {
    int number = source.getCount(Integer.MAX_VALUE);
    int checksum = source.getInt();
    if (number < received) {
      return null;
    }
    if (number > received || ended) {
      throw new MalformedBytesException("chunk " + number + " came after " + received);
    }
    byte[] chunk = source.getBytes(source.remaining());
    CRC32C actual = new CRC32C();
    actual.update(chunk, 0, chunk.length);
    check("chunk " + number + " of " + chunk.length + " bytes", checksum, actual);
    whole.update(chunk, 0, chunk.length);
    received++;
    return loader.addChunk(chunk);
  }

  /**
   * Takes the end.
   *
   * @param source how many chunks there were, and the checksum of all
   * @return done once all of it is durable; null when it has ended already
   * @throws MalformedBytesException when this is not all that was sent
   */
  CompletableFuture<Void> end(ByteSource source) {
    int chunks = source.getCount(Integer.MAX_VALUE);
    if (ended) {
      return null;
    }
    if (chunks != received) {
      throw new MalformedBytesException("it ends after " + chunks + ", not " + received);
    }
    check("the whole of " + chunks + " chunks", source.getInt(), whole);
    ended = true;
    return loader.finish(position, keyCount, meta);
  }

  private static void check(String what, int expected, CRC32C actual) {
    int is = (int) actual.getValue();
    if (is != expected) {
      throw new MalformedBytesException(
          String.format("%s is damaged: its checksum is %08x, sent was %08x", what, is, expected));
    }
  }

  /** What came is removed. */
  void abandon() {
    loader.abandon();
  }
}
