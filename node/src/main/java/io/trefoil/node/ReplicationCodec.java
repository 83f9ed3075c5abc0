package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Message;

/** The bytes of the messages between replicas: partition, tag, epoch, fields. */
public final class ReplicationCodec {
  private static final int APPEND = 1;
  private static final int APPENDED = 2;
  private static final int MISMATCH = 3;
  private static final int NEED_SNAPSHOT = 4;
  private static final int WHOLE = 5;
  private static final int STALE = 6;

  private ReplicationCodec() {}

  public static void putPartition(ByteSink sink, PartitionId partition) {
    sink.putVarint(partition.database()).putVarint(partition.number());
  }

  public static PartitionId getPartition(ByteSource source) {
    return new PartitionId(source.getCount(Integer.MAX_VALUE), source.getCount(Integer.MAX_VALUE));
  }

  /**
   * A time of a follower's own, which its leader sends back; see {@link Freshness}.
   *
   * @param incarnation of the follower; 0 for no time
   * @param millis since that incarnation began
   */
  public record Echo(int incarnation, long millis) {
    public static final Echo NONE = new Echo(0, 0);
  }

  public static void putEcho(ByteSink sink, Echo echo) {
    sink.putVarint(echo.incarnation());
    if (echo.incarnation() > 0) {
      sink.putVarint(echo.millis());
    }
  }

  public static Echo getEcho(ByteSource source) {
    int incarnation = source.getCount(Integer.MAX_VALUE);
    return incarnation == 0 ? Echo.NONE : new Echo(incarnation, getNumber(source));
  }

  public static void encode(ByteSink sink, Message message) {
    if (message instanceof Message.Append append) {
      begin(sink, APPEND, message);
      putPosition(sink, append.previous());
      sink.putVarint(append.commitIndex()).putVarint(append.everywhereIndex());
      sink.putVarint(append.logTimeMillis());
      putBatch(sink, append.batch());
    } else if (message instanceof Message.Appended appended) {
      begin(sink, APPENDED, message);
      sink.putVarint(appended.index()).putByte(appended.counts() ? 1 : 0);
      sink.putVarint(appended.synced());
    } else if (message instanceof Message.Mismatch mismatch) {
      begin(sink, MISMATCH, message);
      putPosition(sink, mismatch.rejected());
      putPosition(sink, mismatch.last());
    } else if (message instanceof Message.NeedSnapshot) {
      begin(sink, NEED_SNAPSHOT, message);
    } else if (message instanceof Message.Whole) {
      begin(sink, WHOLE, message);
    } else if (message instanceof Message.Stale) {
      begin(sink, STALE, message);
    } else {
      throw new IllegalArgumentException("no format for " + message);
    }
  }

  /** Reads a message to the end of {@code source}. */
  public static Message decode(ByteSource source) {
    int tag = source.getByte();
    long epoch = getNumber(source);
    Message message =
        switch (tag) {
          case APPEND -> {
            Position previous = getPosition(source);
            long commitIndex = getNumber(source);
            long everywhereIndex = getNumber(source);
            long logTimeMillis = getNumber(source);
            EntryBatch batch = getBatch(source, epoch);
            yield new Message.Append(
                epoch, previous, batch, commitIndex, everywhereIndex, logTimeMillis);
          }
          case APPENDED ->
              new Message.Appended(
                  epoch, getNumber(source), source.getByte() == 1, getNumber(source));
          case MISMATCH -> new Message.Mismatch(epoch, getPosition(source), getPosition(source));
          case NEED_SNAPSHOT -> new Message.NeedSnapshot(epoch);
          case WHOLE -> new Message.Whole(epoch);
          case STALE -> new Message.Stale(epoch);
          default ->
              throw new MalformedBytesException(
                  "replication message " + tag + " is not known to this version");
        };
    source.expectEnd();
    return message;
  }

  private static void begin(ByteSink sink, int tag, Message message) {
    sink.putByte(tag).putVarint(message.epoch());
  }

  static void putPosition(ByteSink sink, Position position) {
    sink.putVarint(position.epoch()).putVarint(position.index());
  }

  public static Position getPosition(ByteSource source) {
    return new Position(getNumber(source), getNumber(source));
  }

  /** No number here is negative; one that is would be taken for a bug of this node's own. */
  private static long getNumber(ByteSource source) {
    long number = source.getVarint();
    if (number < 0) {
      throw new MalformedBytesException(number + " is negative");
    }
    return number;
  }

  private static void putBatch(ByteSink sink, EntryBatch batch) {
    if (batch == null) {
      sink.putVarint(0);
      return;
    }
    sink.putVarint(batch.count()).putVarint(batch.epoch()).putVarint(batch.firstIndex());
    sink.putVarint(batch.logTimeMillis()).putVarint(batch.issuer());
    sink.putBytes(batch.body().array(), 0, batch.body().length());
  }

  private static EntryBatch getBatch(ByteSource source, long epoch) {
    int count = source.getCount(Integer.MAX_VALUE);
    if (count == 0) {
      return null;
    }
    long batchEpoch = getNumber(source);
    long firstIndex = getNumber(source);
    long logTimeMillis = getNumber(source);
    int issuer = source.getCount(Integer.MAX_VALUE);
    int length = source.remaining();
    int start = source.skip(length);
    checkFraming(source.array(), start, length, count);
    if (batchEpoch == 0 || batchEpoch > epoch) {
      throw new MalformedBytesException("entries of epoch " + batchEpoch + " in " + epoch);
    }
    if (firstIndex == 0 || firstIndex > Long.MAX_VALUE - count) {
      throw new MalformedBytesException(count + " entries at index " + firstIndex);
    }
    Bytes body = Bytes.copyOf(source.array(), start, length);
    return new EntryBatch(batchEpoch, firstIndex, count, logTimeMillis, issuer, body);
  }

  /** A body that does not hold what it says must not get into the journal. */
  private static void checkFraming(byte[] array, int start, int length, int count) {
    ByteSource entries = new ByteSource(array, start, length);
    for (int i = 0; i < count; i++) {
      entries.skip(entries.getBlockLength());
    }
    entries.expectEnd();
  }
}
