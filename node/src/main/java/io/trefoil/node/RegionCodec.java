package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.Piece;
import io.trefoil.replication.multileader.RegionMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * The bytes of the messages between leaders of different regions: tag, number of the pull, fields.
 * What entries there are is compressed: lines between regions are long and thin.
 *
 * <pre>
 * 1 pull    after (position) · regions wanted (varint), then each (varint)
 * 2 batch   after (position) · up to (position) · end (varint) · sent (varint) · bytes of the
 *           pieces (varint) · how (1): 0 as they are, 1 deflated · pieces
 * 3 acked   up to (position)
 * 4 too old
 * piece: origin (varint) · index (varint) · entries (varint), then if there are some: body (block)
 * </pre>
 */
public final class RegionCodec {
  private static final int PULL = 1;
  private static final int BATCH = 2;
  private static final int ACKED = 3;
  private static final int TOO_OLD = 4;

  private static final int PLAIN = 0;
  private static final int DEFLATED = 1;

  /** Less is not worth the work. */
  private static final int COMPRESSED_FROM_BYTES = 256;

  /** Of the pieces of one batch; a sender keeps far below. */
  private static final int MAX_PIECES_BYTES = 600 << 20;

  private static final int MAX_REGIONS = 15;

  private final ByteSink pieces = new ByteSink();
  private final Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
  private byte[] deflated = new byte[1 << 16];

  /** Writes a message. */
  public void encode(ByteSink sink, RegionMessage message) {
    if (message instanceof RegionMessage.Pull pull) {
      begin(sink, PULL, pull.id());
      ReplicationCodec.putPosition(sink, pull.after());
      sink.putVarint(pull.wants().size());
      pull.wants().forEach(sink::putVarint);
    } else if (message instanceof RegionMessage.Batch batch) {
      begin(sink, BATCH, batch.id());
      ReplicationCodec.putPosition(sink, batch.after());
      ReplicationCodec.putPosition(sink, batch.upTo());
      sink.putVarint(batch.endIndex()).putVarint(batch.sentMillis());
      putPieces(sink, batch.pieces());
    } else if (message instanceof RegionMessage.Acked acked) {
      begin(sink, ACKED, acked.id());
      ReplicationCodec.putPosition(sink, acked.upTo());
    } else if (message instanceof RegionMessage.TooOld old) {
      begin(sink, TOO_OLD, old.id());
    } else {
      throw new IllegalArgumentException("no format for " + message);
    }
  }

  private static void begin(ByteSink sink, int tag, long id) {
    sink.putByte(tag).putVarint(id);
  }

  private void putPieces(ByteSink sink, List<Piece> list) {
    pieces.clear();
    for (Piece piece : list) {
      pieces.putVarint(piece.origin()).putVarint(piece.index()).putVarint(piece.count());
      if (piece.count() > 0) {
        pieces.putBlock(piece.body().array(), 0, piece.body().length());
      }
    }
    sink.putVarint(pieces.size());
    int compressed = pieces.size() < COMPRESSED_FROM_BYTES ? pieces.size() : deflate();
    if (compressed < pieces.size()) {
      sink.putByte(DEFLATED).putBytes(deflated, 0, compressed);
    } else {
      sink.putByte(PLAIN).putBytes(pieces.array(), 0, pieces.size());
    }
  }

  /** Returns how many bytes it took: as many as before when it does not get shorter. */
  private int deflate() {
    if (deflated.length < pieces.size()) {
      deflated = new byte[pieces.size()];
    }
    deflater.reset();
    deflater.setInput(pieces.array(), 0, pieces.size());
    deflater.finish();
    int length = deflater.deflate(deflated, 0, pieces.size());
    return deflater.finished() ? length : pieces.size();
  }

  /** Reads a message to the end of {@code source}. */
  public static RegionMessage decode(ByteSource source) {
    int tag = source.getByte();
    long id = source.getVarint();
    RegionMessage message =
        switch (tag) {
          case PULL ->
              new RegionMessage.Pull(id, ReplicationCodec.getPosition(source), wants(source));
          case BATCH -> batch(id, source);
          case ACKED -> new RegionMessage.Acked(id, ReplicationCodec.getPosition(source));
          case TOO_OLD -> new RegionMessage.TooOld(id);
          default ->
              throw new MalformedBytesException(
                  "message " + tag + " between regions is not known to this version");
        };
    source.expectEnd();
    return message;
  }

  private static SortedSet<Integer> wants(ByteSource source) {
    int count = source.getCount(MAX_REGIONS);
    SortedSet<Integer> wants = new TreeSet<>();
    for (int i = 0; i < count; i++) {
      wants.add(source.getCount(MAX_REGIONS));
    }
    return wants;
  }

  private static RegionMessage.Batch batch(long id, ByteSource source) {
    Position after = ReplicationCodec.getPosition(source);
    Position upTo = ReplicationCodec.getPosition(source);
    long endIndex = source.getVarint();
    long sentMillis = source.getVarint();
    int bytes = source.getCount(MAX_PIECES_BYTES);
    int how = source.getByte();
    byte[] plain = source.getBytes(source.remaining());
    if (how == DEFLATED) {
      plain = inflate(plain, bytes);
    }
    if (plain.length != bytes) {
      throw new MalformedBytesException(plain.length + " bytes of pieces, not " + bytes);
    }
    List<Piece> pieces = pieces(plain);
    boolean heartbeat = after.equals(upTo);
    if (upTo.compareTo(after) < 0
        || endIndex < upTo.index()
        || sentMillis < 0
        || heartbeat && !pieces.isEmpty()) {
      throw new MalformedBytesException(
          pieces.size() + " pieces from " + after + " to " + upTo + " of " + endIndex);
    }
    return new RegionMessage.Batch(id, after, upTo, endIndex, sentMillis, pieces);
  }

  private static byte[] inflate(byte[] compressed, int bytes) {
    // Deflate makes a thousandth of its input at best, so a lie about the length takes no memory.
    if (bytes / 1_100 > compressed.length) {
      throw new MalformedBytesException(compressed.length + " bytes can't hold " + bytes);
    }
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(compressed);
      byte[] plain = new byte[bytes];
      int length = 0;
      while (length < bytes && !inflater.finished() && !inflater.needsInput()) {
        length += inflater.inflate(plain, length, bytes - length);
      }
      if (length < bytes) {
        throw new MalformedBytesException("pieces end after " + length + " of " + bytes + " bytes");
      }
      return plain;
    } catch (DataFormatException e) {
      throw new MalformedBytesException("pieces that are not deflated: " + e.getMessage());
    } finally {
      inflater.end();
    }
  }

  private static List<Piece> pieces(byte[] plain) {
    ByteSource source = new ByteSource(plain);
    List<Piece> pieces = new ArrayList<>();
    while (source.remaining() > 0) {
      int origin = source.getCount(Integer.MAX_VALUE);
      long index = source.getVarint();
      int count = source.getCount(source.remaining());
      Bytes body = count == 0 ? null : body(source, count);
      if (origin == 0 || index < count || index <= 0) {
        throw new MalformedBytesException(
            count + " entries up to " + index + " of origin " + origin);
      }
      pieces.add(new Piece(origin, index, count, body));
    }
    return pieces;
  }

  /** A body that does not hold what it says must not get into the journal. */
  private static Bytes body(ByteSource source, int count) {
    Bytes body = Bytes.wrap(source.getBlock());
    ByteSource entries = new ByteSource(body.array());
    for (int i = 0; i < count; i++) {
      entries.skip(entries.getBlockLength());
    }
    entries.expectEnd();
    return body;
  }
}
