package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.leaderless.LeaderlessMessage;

/** The bytes of the messages between replicas that have no leader: tag, then fields. */
public final class LeaderlessCodec {
  private static final int SHARE = 1;
  private static final int SHARED = 2;
  private static final int LACKING = 3;
  private static final int REFUSED = 4;
  private static final int ASK = 5;
  private static final int TOLD = 6;

  private static final int SKIPPED = 1;
  private static final int WITH_BATCH = 2;
  private static final int COUNTS = 1;
  private static final int DIFFERS = 2;

  private LeaderlessCodec() {}

  public static void encode(ByteSink sink, LeaderlessMessage message) {
    if (message instanceof LeaderlessMessage.Share share) {
      int flags = (share.skipped() ? SKIPPED : 0) | (share.batch() != null ? WITH_BATCH : 0);
      sink.putByte(SHARE).putVarint(share.origin()).putVarint(share.version());
      sink.putVarint(share.fromIndex()).putVarint(share.upToIndex()).putByte(flags);
      if (share.batch() != null) {
        putBatch(sink, share.batch());
      }
    } else if (message instanceof LeaderlessMessage.Shared shared) {
      sink.putByte(SHARED).putVarint(shared.origin()).putVarint(shared.index());
      sink.putByte(shared.counts() ? COUNTS : 0);
    } else if (message instanceof LeaderlessMessage.Lacking lacking) {
      sink.putByte(LACKING).putVarint(lacking.origin());
      sink.putVarint(lacking.rejectedFrom()).putVarint(lacking.index());
    } else if (message instanceof LeaderlessMessage.Refused refused) {
      sink.putByte(REFUSED).putVarint(refused.version());
    } else if (message instanceof LeaderlessMessage.Ask ask) {
      sink.putByte(ASK).putVarint(ask.id()).putVarint(ask.version());
      sink.putBytes(ask.question().array(), 0, ask.question().length());
    } else if (message instanceof LeaderlessMessage.Told told) {
      int flags = (told.counts() ? COUNTS : 0) | (told.differing() != null ? DIFFERS : 0);
      sink.putByte(TOLD).putVarint(told.id()).putByte(flags);
      if (told.differing() != null) {
        sink.putBytes(told.differing().array(), 0, told.differing().length());
      }
    } else {
      throw new IllegalArgumentException("no format for " + message);
    }
  }

  /**
   * Reads a message to the end of {@code source}.
   *
   * @throws MalformedBytesException when it is none
   */
  public static LeaderlessMessage decode(ByteSource source) {
    int tag = source.getByte();
    LeaderlessMessage message =
        switch (tag) {
          case SHARE -> share(source);
          case SHARED ->
              new LeaderlessMessage.Shared(
                  origin(source), number(source), (source.getByte() & COUNTS) != 0);
          case LACKING -> lacking(source);
          case REFUSED -> new LeaderlessMessage.Refused(number(source));
          case ASK -> new LeaderlessMessage.Ask(number(source), number(source), rest(source));
          case TOLD -> {
            long id = number(source);
            int flags = source.getByte();
            Bytes differing = (flags & DIFFERS) != 0 ? rest(source) : null;
            yield new LeaderlessMessage.Told(id, (flags & COUNTS) != 0, differing);
          }
          default ->
              throw new MalformedBytesException(
                  "leaderless message " + tag + " is not known to this version");
        };
    source.expectEnd();
    return message;
  }

  private static LeaderlessMessage share(ByteSource source) {
    int origin = origin(source);
    long version = number(source);
    long from = number(source);
    long upTo = number(source);
    int flags = source.getByte();
    EntryBatch batch = (flags & WITH_BATCH) != 0 ? batch(source) : null;
    boolean fits =
        from > 0
            && upTo >= from - 1
            && (batch == null || batch.firstIndex() >= from && batch.lastIndex() == upTo);
    if (!fits) {
      throw new MalformedBytesException("a share from " + from + " to " + upTo + " of " + batch);
    }
    return new LeaderlessMessage.Share(origin, version, from, upTo, batch, (flags & SKIPPED) != 0);
  }

  private static LeaderlessMessage lacking(ByteSource source) {
    int origin = origin(source);
    long rejectedFrom = number(source);
    long index = number(source);
    if (index + 1 >= rejectedFrom) {
      throw new MalformedBytesException(index + " lacks nothing before " + rejectedFrom);
    }
    return new LeaderlessMessage.Lacking(origin, rejectedFrom, index);
  }

  private static void putBatch(ByteSink sink, EntryBatch batch) {
    sink.putVarint(batch.count()).putVarint(batch.epoch()).putVarint(batch.firstIndex());
    sink.putVarint(batch.logTimeMillis()).putVarint(batch.issuer());
    sink.putBytes(batch.body().array(), 0, batch.body().length());
  }

  private static EntryBatch batch(ByteSource source) {
    int count = source.getCount(Integer.MAX_VALUE);
    long epoch = number(source);
    long first = number(source);
    long logTime = number(source);
    int issuer = source.getCount(Integer.MAX_VALUE);
    if (count == 0 || epoch == 0 || first == 0 || first > Long.MAX_VALUE - count) {
      throw new MalformedBytesException("a batch of " + count + " entries from " + first);
    }
    return new EntryBatch(epoch, first, count, logTime, issuer, rest(source));
  }

  private static Bytes rest(ByteSource source) {
    return Bytes.wrap(source.getBytes(source.remaining()));
  }

  private static int origin(ByteSource source) {
    int origin = source.getCount(Integer.MAX_VALUE);
    if (origin == 0) {
      throw new MalformedBytesException("a message of no origin");
    }
    return origin;
  }

  private static long number(ByteSource source) {
    long number = source.getVarint();
    if (number < 0) {
      throw new MalformedBytesException(number + " is negative");
    }
    return number;
  }
}
