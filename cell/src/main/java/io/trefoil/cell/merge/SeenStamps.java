package io.trefoil.cell.merge;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Hash64;
import io.trefoil.base.MalformedBytesException;
import java.util.Arrays;

/**
 * Up to which stamp somebody has seen what each origin wrote. Only grows.
 *
 * <pre>origins (varint), then for each in their order: origin (varint) · stamp (8)</pre>
 */
public final class SeenStamps {
  private int count;
  private int[] origins = new int[4];
  private long[] stamps = new long[4];

  public SeenStamps clear() {
    count = 0;
    return this;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  /** The last stamp seen of an origin, or 0. */
  public long of(int origin) {
    int at = Arrays.binarySearch(origins, 0, count, origin);
    return at < 0 ? 0 : stamps[at];
  }

  /** The largest stamp seen of any origin, or 0. */
  public long largest() {
    long largest = 0;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, stamps[i]);
    }
    return largest;
  }

  /**
   * Notes a stamp.
   *
   * @return whether it is later than what was seen before
   */
  public boolean saw(int origin, long stamp) {
    int at = Arrays.binarySearch(origins, 0, count, origin);
    if (at < 0) {
      insert(-at - 1, origin, stamp);
      return true;
    }
    boolean later = stamp > stamps[at];
    stamps[at] = Math.max(stamps[at], stamp);
    return later;
  }

  private void insert(int at, int origin, long stamp) {
    if (count == origins.length) {
      origins = Arrays.copyOf(origins, count * 2);
      stamps = Arrays.copyOf(stamps, count * 2);
    }
    System.arraycopy(origins, at, origins, at + 1, count - at);
    System.arraycopy(stamps, at, stamps, at + 1, count - at);
    origins[at] = origin;
    stamps[at] = stamp;
    count++;
  }

  /**
   * Takes in all that another has seen.
   *
   * @return whether that is more
   */
  public boolean merge(SeenStamps other) {
    boolean more = false;
    for (int i = 0; i < other.count; i++) {
      more |= saw(other.origins[i], other.stamps[i]);
    }
    return more;
  }

  /** Whether all that another has seen was seen here. */
  public boolean covers(SeenStamps other) {
    for (int i = 0; i < other.count; i++) {
      if (other.stamps[i] > of(other.origins[i])) {
        return false;
      }
    }
    return true;
  }

  /**
   * Forgets stamps up to the horizon: nothing that they are about comes any more.
   *
   * @return whether something went
   */
  public boolean purge(long horizon) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (stamps[i] > horizon) {
        origins[kept] = origins[i];
        stamps[kept++] = stamps[i];
      }
    }
    boolean purged = kept < count;
    count = kept;
    return purged;
  }

  /**
   * Drops what another has not seen, of stamps up to a horizon.
   *
   * @return whether something went
   */
  boolean dropUnseen(SeenStamps by, long horizon) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (stamps[i] > horizon || stamps[i] <= by.of(origins[i])) {
        origins[kept] = origins[i];
        stamps[kept++] = stamps[i];
      }
    }
    boolean dropped = kept < count;
    count = kept;
    return dropped;
  }

  /** Receives an origin and up to which stamp it was seen. */
  @FunctionalInterface
  public interface Visitor {
    void visit(int origin, long stamp);
  }

  /** Visits the origins in their order. */
  public void forEach(Visitor visitor) {
    for (int i = 0; i < count; i++) {
      visitor.visit(origins[i], stamps[i]);
    }
  }

  /** The same wherever the same was seen; 0 when nothing was. */
  long digest() {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Hash64.combine(origins[i], stamps[i]);
    }
    return sum;
  }

  public void write(ByteSink sink) {
    sink.putVarint(count);
    for (int i = 0; i < count; i++) {
      sink.putVarint(origins[i]).putLong(stamps[i]);
    }
  }

  /**
   * @throws MalformedBytesException when it is not what {@link #write} writes
   */
  public SeenStamps read(ByteSource source) {
    clear();
    int expected = source.getCount(source.remaining() / 9);
    int last = 0;
    for (int i = 0; i < expected; i++) {
      int origin = source.getCount(Integer.MAX_VALUE);
      long stamp = source.getLong();
      if (origin <= last || stamp <= 0) {
        throw new MalformedBytesException("origin " + origin + " seen up to " + stamp);
      }
      insert(count, origin, stamp);
      last = origin;
    }
    return this;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : ", ").append(origins[i]).append('=').append(stamps[i]);
    }
    return text.append('}').toString();
  }
}
