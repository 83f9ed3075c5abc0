package io.trefoil.replication.multileader;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;

/**
 * Entries of one origin, or only a <em>word</em> of them: "what follows depends on this origin up
 * to this index". A word brings nothing; it is waited for.
 *
 * <p>An origin's indexes have gaps where the log that wrote them held entries of others. A piece
 * never spans a gap.
 *
 * @param origin see {@link RegionOrigin}
 * @param index of the last entry, in the log of the origin
 * @param count how many entries, with the indexes {@code index - count + 1} to {@code index}; 0 of
 *     a word
 * @param body {@code count} times a varint length and that many bytes; null of a word
 */
public record Piece(int origin, long index, int count, Bytes body) {
  /** What a piece takes beside its body, about: for bounds, so that words are bounded, too. */
  private static final int HEADER_BYTES = 16;

  public Piece {
    Invariants.check(origin > 0, "an origin has a number", origin, index);
    Invariants.check((body == null) == (count == 0), "a word has no entries", index, count);
    Invariants.check(count >= 0 && index >= Math.max(count, 1), "indexes from 1", index, count);
  }

  public static Piece word(int origin, long index) {
    return new Piece(origin, index, 0, null);
  }

  public boolean isWord() {
    return body == null;
  }

  public int region() {
    return RegionOrigin.regionOf(origin);
  }

  /** The entries after {@code upToIndex}, of which there must be some. */
  public Piece after(long upToIndex) {
    Invariants.check(!isWord() && upToIndex < index, "nothing is left", upToIndex, index);
    int left = (int) Math.min(count, index - upToIndex);
    if (left == count) {
      return this;
    }
    int start = offsetOf(count - left);
    Bytes rest = Bytes.copyOf(body.array(), start, body.length() - start);
    return new Piece(origin, index, left, rest);
  }

  private int offsetOf(int entry) {
    ByteSource source = new ByteSource(body.array());
    for (int i = 0; i < entry; i++) {
      source.skip(source.getBlockLength());
    }
    return source.position();
  }

  /** How much it counts for in windows and queues. */
  public long bytes() {
    return HEADER_BYTES + (isWord() ? 0 : body.length());
  }

  @Override
  public String toString() {
    String last = RegionOrigin.text(origin) + ":" + index;
    return isWord() ? "waits for " + last : count + " up to " + last;
  }
}
