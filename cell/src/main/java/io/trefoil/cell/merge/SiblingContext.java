package io.trefoil.cell.merge;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Hash64;
import io.trefoil.base.MalformedBytesException;
import java.util.Base64;
import java.util.Optional;

/**
 * What somebody has seen of a key's siblings, as a token that a client is given and gives back.
 *
 * <p>Of each origin the last live write and the last count. All that the origin did before was
 * known where the token was made, so that it was seen, too, or removed.
 *
 * <pre>in base64url: check (8), of the key and what follows · writes ({@link SeenStamps}) · counts
 * ({@link SeenStamps})</pre>
 */
public final class SiblingContext {
  /** No token is longer, in characters: there is room for thousands of origins. */
  public static final int MAX_LENGTH = 1 << 16;

  private final SeenStamps writes = new SeenStamps();
  private final SeenStamps counts = new SeenStamps();

  private SiblingContext() {}

  /** What there is to see of a cell. */
  public static SiblingContext of(Versions cell) {
    SiblingContext context = new SiblingContext();
    cell.noteSeen(context.writes, context.counts);
    return context;
  }

  /**
   * Reads a token that {@link #token} made for this key; empty when it is none. It is not protected
   * against forging: who may write may overwrite anyway.
   */
  public static Optional<SiblingContext> read(byte[] token, byte[] key) {
    if (token.length > MAX_LENGTH) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(token);
      ByteSource source = new ByteSource(bytes);
      SiblingContext context = new SiblingContext();
      long check = source.getLong();
      context.writes.read(source);
      context.counts.read(source);
      source.expectEnd();
      return check == check(key, bytes) ? Optional.of(context) : Optional.empty();
    } catch (IllegalArgumentException | MalformedBytesException e) {
      return Optional.empty();
    }
  }

  public byte[] token(byte[] key) {
    ByteSink sink = new ByteSink();
    sink.putLong(0);
    writes.write(sink);
    counts.write(sink);
    byte[] bytes = sink.toArray();
    ByteSink whole = new ByteSink(bytes.length);
    whole.putLong(check(key, bytes)).putBytes(bytes, Long.BYTES, bytes.length - Long.BYTES);
    return Base64.getUrlEncoder().withoutPadding().encode(whole.toArray());
  }

  private static long check(byte[] key, byte[] bytes) {
    return Hash64.combine(Hash64.of(key), Hash64.of(bytes, Long.BYTES, bytes.length - Long.BYTES));
  }

  /** Whether all that is to be seen of a cell was seen. */
  public boolean covers(Versions cell) {
    return !cell.hasUnseen(writes, counts);
  }

  /** The largest stamp of what was seen, or 0. */
  public long largestStamp() {
    return Math.max(writes.largest(), counts.largest());
  }

  /** Of each origin, up to which stamp its writes were seen. */
  SeenStamps writes() {
    return writes;
  }
}
