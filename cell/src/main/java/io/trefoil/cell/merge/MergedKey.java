package io.trefoil.cell.merge;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Hash64;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.cell.CellType;

/**
 * What a key that several origins write has beside its fields, or a change of it: a string or
 * counter, of which type its fields are, when it expires, and what was seen of its fields by those
 * who removed it.
 *
 * <p><b>Type.</b> A key may be given a string here and fields there at the same time. It is of the
 * type that was given last; the rest is kept out of sight.
 *
 * <p><b>Expiry</b> is given to a value: an overwritten key does not expire by what was said of its
 * former value. The later word counts.
 *
 * <p><b>Removing</b> a key with fields is one write however many there are: the fields' writes that
 * the remover may have seen are hidden, one that it can't have seen stays.
 *
 * <pre>
 * flags (1): 1 string, 2 fields, 4 expiry, 8 removed
 * · string: {@link Versions} · fields: type (1) · stamp (8) · origin (varint)
 * · expiry: at (varint) · stamp (8) · origin (varint) · removed: {@link SeenStamps}
 * </pre>
 */
public final class MergedKey {
  private static final int STRING = 1;
  private static final int FIELDS = 2;
  private static final int EXPIRY = 4;
  private static final int REMOVED = 8;

  private final Versions string = new Versions();
  private CellType fieldsType;
  private long fieldsStamp;
  private int fieldsOrigin;
  private long expireAt;
  private long expiryStamp;
  private int expiryOrigin;
  private final SeenStamps removed = new SeenStamps();

  public MergedKey clear() {
    string.clear();
    fieldsType = null;
    fieldsStamp = 0;
    fieldsOrigin = 0;
    expireAt = 0;
    expiryStamp = 0;
    expiryOrigin = 0;
    removed.clear();
    return this;
  }

  public Versions string() {
    return string;
  }

  /** Which of the fields' writes are hidden. */
  public SeenStamps removed() {
    return removed;
  }

  /**
   * What the key is.
   *
   * @param visibleFields how many fields of {@link #fieldsType()} there are to see
   * @return null when there is nothing to see
   */
  public CellType type(long visibleFields) {
    boolean hasString = string.isVisible();
    boolean hasFields = visibleFields > 0 && fieldsType != null;
    if (hasString && hasFields) {
      return string.visibleStamp() > fieldsStamp ? CellType.STRING : fieldsType;
    }
    return hasString ? CellType.STRING : hasFields ? fieldsType : null;
  }

  /** Type of the fields, or null when there were never any. */
  public CellType fieldsType() {
    return fieldsType;
  }

  /** When the fields were given their type, or 0. */
  public long fieldsStamp() {
    return fieldsStamp;
  }

  /** Who gave the fields their type, or 0. */
  public int fieldsOrigin() {
    return fieldsOrigin;
  }

  /** When a key of this type expires, in milliseconds since 1970; 0 when it does not. */
  public long expireAt(CellType type) {
    return expiryStamp >= bornStamp(type) ? expireAt : 0;
  }

  private long bornStamp(CellType type) {
    return type == CellType.STRING ? string.bornStamp() : fieldsStamp;
  }

  /** The largest stamp here, also of what is removed; 0 when there is none. */
  public long largestStamp() {
    return Math.max(string.largestStamp(), Math.max(fieldsStamp, expiryStamp));
  }

  /** Has {@code seen} know of every origin's last stamp here, but for those of the fields. */
  public void noteIn(SeenStamps seen) {
    string.noteIn(seen);
    if (fieldsOrigin > 0) {
      seen.saw(fieldsOrigin, fieldsStamp);
    }
    if (expiryStamp > 0) {
      seen.saw(expiryOrigin, expiryStamp);
    }
  }

  /** Whether it says when the key expires, or that it does not. */
  public boolean hasExpiry() {
    return expiryStamp > 0;
  }

  /** What it says of that: in milliseconds since 1970, or 0 for never. */
  public long expireAt() {
    return expireAt;
  }

  /** Says that the fields are of a type from now on. */
  public void putFields(CellType type, long stamp, int origin) {
    fieldsType = type;
    fieldsStamp = stamp;
    fieldsOrigin = origin;
  }

  /** Says when the key expires, in milliseconds since 1970, or 0 for never. */
  public void putExpiry(long atMillis, long stamp, int origin) {
    expireAt = atMillis;
    expiryStamp = stamp;
    expiryOrigin = origin;
  }

  /** Stamp of what was said of the expiry later than in a change that says something; else 0. */
  public long laterExpiry(MergedKey change) {
    boolean later =
        change.expiryStamp > 0
            && isLater(expiryStamp, expiryOrigin, change.expiryStamp, change.expiryOrigin);
    return later ? expiryStamp : 0;
  }

  /**
   * Takes in a change, or all that another replica has of the key.
   *
   * @return whether anything here is new
   */
  public boolean merge(MergedKey other) {
    return merge(other, 0);
  }

  /**
   * As {@link #merge(MergedKey)}, where what was removed up to a stamp may have been forgotten: of
   * the string, see {@link Versions#merge(Versions, long)}.
   *
   * <p>The rest is taken however old it is. It shows nothing by itself, so that nothing removed can
   * come back with it:
   *
   * <ul>
   *   <li>A type or an expiry is forgotten only with a key of which nothing is left. A later value
   *       begins after it, and is not concerned. But an origin that did not know of the removal may
   *       have gone on with its fields or its counter, without saying again what type they are and
   *       when they expire: then both are needed.
   *   <li>What a remover had seen is news when the removal is, however old the removed.
   * </ul>
   *
   * @param horizon every replica had all that was written up to this stamp; 0 for none
   */
  public boolean merge(MergedKey other, long horizon) {
    boolean changed = string.merge(other.string, horizon);
    if (isLater(other.fieldsStamp, other.fieldsOrigin, fieldsStamp, fieldsOrigin)) {
      putFields(other.fieldsType, other.fieldsStamp, other.fieldsOrigin);
      changed = true;
    }
    if (isLater(other.expiryStamp, other.expiryOrigin, expiryStamp, expiryOrigin)) {
      putExpiry(other.expireAt, other.expiryStamp, other.expiryOrigin);
      changed = true;
    }
    return removed.merge(other.removed) | changed;
  }

  /**
   * Forgets up to a stamp what was removed of the string, and what was seen by those who removed
   * fields; these must be hidden and merged with that horizon from then on.
   *
   * @return whether something went
   */
  public boolean purge(long horizon) {
    return string.purge(horizon) | removed.purge(horizon);
  }

  /**
   * Drops what another copy does not hold, of stamps up to a horizon that was purged there.
   *
   * @param told all that the other copy holds of this key, but for its fields
   * @return whether something went
   */
  public boolean dropUntold(MergedKey told, long horizon) {
    boolean dropped = string.dropUntold(told.string, horizon);
    if (fieldsStamp > told.fieldsStamp && fieldsStamp <= horizon) {
      putFields(null, 0, 0);
      dropped = true;
    }
    if (expiryStamp > told.expiryStamp && expiryStamp <= horizon) {
      putExpiry(0, 0, 0);
      dropped = true;
    }
    return removed.dropUnseen(told.removed, horizon) | dropped;
  }

  /** Whether there is something that {@link #purge} may forget one day. */
  public boolean hasRemoved() {
    return string.hasRemoved() || !removed.isEmpty();
  }

  /** The same wherever the same is held, but for the fields themselves; 0 when nothing is. */
  public long digest() {
    long digest = string.digest() + removed.digest();
    if (fieldsOrigin > 0) { // else the type was not told, but is taken for granted here
      digest += Hash64.combine(fieldsStamp, (long) fieldsOrigin << 8 | fieldsType.code());
    }
    if (expiryStamp > 0) {
      digest += Hash64.combine(Hash64.combine(~expiryStamp, expiryOrigin), expireAt);
    }
    return digest;
  }

  private static boolean isLater(long stamp, int origin, long thanStamp, int thanOrigin) {
    return stamp != thanStamp ? stamp > thanStamp : origin > thanOrigin;
  }

  public boolean isEmpty() {
    return string.isEmpty() && fieldsType == null && expiryStamp == 0 && removed.isEmpty();
  }

  public void write(ByteSink sink) {
    int flags =
        (string.isEmpty() ? 0 : STRING)
            | (fieldsType == null ? 0 : FIELDS)
            | (expiryStamp == 0 ? 0 : EXPIRY)
            | (removed.isEmpty() ? 0 : REMOVED);
    sink.putByte(flags);
    if (!string.isEmpty()) {
      string.write(sink);
    }
    if (fieldsType != null) {
      sink.putByte(fieldsType.code()).putLong(fieldsStamp).putVarint(fieldsOrigin);
    }
    if (expiryStamp > 0) {
      sink.putVarint(expireAt).putLong(expiryStamp).putVarint(expiryOrigin);
    }
    if (!removed.isEmpty()) {
      removed.write(sink);
    }
  }

  /**
   * Reads what {@link #write} wrote; values stay in the source's array.
   *
   * @throws MalformedBytesException when it is no such thing
   */
  public MergedKey read(ByteSource source) {
    clear();
    int flags = source.getByte();
    if ((flags & ~(STRING | FIELDS | EXPIRY | REMOVED)) != 0) {
      throw new MalformedBytesException("a key of flags " + flags);
    }
    if ((flags & STRING) != 0) {
      string.read(source);
    }
    if ((flags & FIELDS) != 0) {
      CellType type = CellType.of(source.getByte());
      if (!type.hasFields()) {
        throw new MalformedBytesException("fields of a " + type.redisName());
      }
      putFields(type, stamp(source), source.getCount(Integer.MAX_VALUE));
    }
    if ((flags & EXPIRY) != 0) {
      putExpiry(source.getVarint(), stamp(source), source.getCount(Integer.MAX_VALUE));
    }
    if ((flags & REMOVED) != 0) {
      removed.read(source);
    }
    return this;
  }

  private static long stamp(ByteSource source) {
    long stamp = source.getLong();
    if (stamp <= 0) {
      throw new MalformedBytesException("a stamp of " + stamp);
    }
    return stamp;
  }
}
