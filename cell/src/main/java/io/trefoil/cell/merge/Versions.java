package io.trefoil.cell.merge;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Hash64;
import io.trefoil.base.Invariants;
import io.trefoil.base.MalformedBytesException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a cell holds, or a change of it: for each origin its live writes, and its part of a counter.
 *
 * <p><b>A write</b> is a stamp and a value. It is <em>live</em> until somebody who has seen it
 * removes or overwrites it. Of an origin, the last stamp is kept: whatever it wrote up to there is
 * known here, and what of that is not live was removed, wherever it arrives later. Of several live
 * writes, made by origins that had not seen each other's, the one with the largest stamp is the
 * cell's value; all of them are its siblings.
 *
 * <p><b>An origin's earlier write</b> stays live beside a later one only where the later one took
 * the place of somebody else's: see {@link #replace}. Mostly there is none, and an origin's last
 * write is all there is of it.
 *
 * <p><b>A counter</b> is a running total for each origin, and the total that a remover had seen.
 * The cell's number is its written number plus the sum of what each origin has added since.
 *
 * <p>Values are ranges of the arrays that were read or given, and not copied. Used again by {@link
 * #clear()}. Not thread-safe.
 *
 * <pre>
 * parts (varint), then for each in the order of origins:
 * origin (varint) · flags (1): 1 written, 2 live, 4 counted, 8 uncounted, 16 earlier ones live
 * · written: stamp (8) · live: value (block)
 * · earlier ones live: how many (varint), then for each, the latest first: stamp (8) · value (block)
 * · counted: since (8) · stamp (8) · total (8) · uncounted: stamp (8) · total (8)
 * </pre>
 *
 * @see "Almeida et al. 2014, Scalable and Accurate Causality Tracking for Eventually Consistent
 *     Stores (dotted version vector sets)"
 */
public final class Versions {
  private static final int WRITTEN = 1;
  private static final int LIVE = 2;
  private static final int COUNTED = 4;
  private static final int UNCOUNTED = 8;
  private static final int EARLIER = 16;
  private static final int KNOWN_FLAGS = 31;

  /**
   * In the place of an origin, in digests: far from any, also from their negatives, as combining
   * the negatives of two numbers comes to the same.
   */
  private static final long COUNTER = 0x9e3779b97f4a7c15L;

  /** An earlier write takes at least its stamp, and the length of its value. */
  private static final int MIN_EARLIER_BYTES = 9;

  /** In the order of origins; those from {@code count} on are spare. */
  private final List<Part> parts = new ArrayList<>();

  private int count;

  /** One origin's. A stamp of 0 stands for none. */
  private static final class Part {
    int origin;

    /** Of its last write; all that it wrote before is known here, too. */
    long stamp;

    /** Whether the last write is live. */
    boolean live;

    byte[] array;
    int offset;
    int length;

    /** Live writes before the last one, the latest first. */
    List<Write> earlier = List.of();

    /** When the running total began: removers of what was before don't concern it. */
    long since;

    long counted;
    long total;
    long uncounted;
    long uncountedTotal;

    void reset(int newOrigin) {
      origin = newOrigin;
      stamp = 0;
      live = false;
      array = null;
      offset = 0;
      length = 0;
      earlier = List.of();
      since = 0;
      counted = 0;
      total = 0;
      uncounted = 0;
      uncountedTotal = 0;
    }

    boolean counts() {
      return counted > uncounted;
    }

    long contribution() {
      if (!counts()) {
        return 0;
      }
      return uncounted >= since ? total - uncountedTotal : total;
    }

    /** Whether the larger of the two states is another one than this part's. */
    boolean join(Part other, long horizon) {
      boolean changed =
          earlier.isEmpty() && other.earlier.isEmpty()
              ? joinLast(other, horizon)
              : joinAll(other, horizon);
      boolean forgottenCount = other.counts() && other.counted <= horizon;
      if (other.counted > counted && !forgottenCount) {
        since = other.since;
        counted = other.counted;
        total = other.total;
        changed = true;
      }
      if (other.uncounted > uncounted) {
        uncounted = other.uncounted;
        uncountedTotal = other.uncountedTotal;
        changed = true;
      }
      return changed;
    }

    /** What the other has none of, or an older one, was superseded there, and forgotten. */
    boolean dropUntold(Part told, long horizon) {
      boolean dropped = false;
      if (stamp > 0 && stamp <= horizon && (told == null || told.stamp < stamp)) {
        setWrites(0, List.of());
        dropped = true;
      }
      List<Write> kept =
          earlier.stream()
              .filter(it -> it.stamp() > horizon || told != null && told.hasLive(it.stamp()))
              .toList();
      dropped |= kept.size() < earlier.size();
      earlier = kept;
      if (counted > 0 && counted <= horizon && (told == null || told.counted < counted)) {
        since = 0;
        counted = 0;
        total = 0;
        dropped = true;
      }
      if (uncounted > 0 && uncounted <= horizon && (told == null || told.uncounted < uncounted)) {
        uncounted = 0;
        uncountedTotal = 0;
        dropped = true;
      }
      return dropped;
    }

    /** Where there is one live write at most on either side. */
    private boolean joinLast(Part other, long horizon) {
      boolean forgotten = other.live && other.stamp <= horizon;
      if (other.stamp > stamp && !forgotten) {
        stamp = other.stamp;
        live = other.live;
        array = other.array;
        offset = other.offset;
        length = other.length;
        return true;
      }
      boolean removed = other.stamp == stamp && live && !other.live;
      live &= !removed;
      return removed;
    }

    /**
     * A live write stays if it is live on both sides, or if the side that lacks it has not come so
     * far.
     */
    private boolean joinAll(Part other, long horizon) {
      boolean later = other.stamp > stamp;
      List<Write> theirs = other.writes();
      if (later && other.stamp <= horizon && theirs.stream().anyMatch(this::isBefore)) {
        return false; // it was all here, and was forgotten
      }
      List<Write> ours = writes();
      List<Write> joined = new ArrayList<>(theirs);
      joined.removeIf(write -> !isBefore(write) || write.stamp() <= horizon);
      for (Write write : ours) {
        if (other.isBefore(write) || other.hasLive(write.stamp())) {
          joined.add(write);
        }
      }
      boolean changed = later || joined.size() < ours.size();
      setWrites(Math.max(stamp, other.stamp), joined);
      return changed;
    }

    /** Whether what is known here ends before a write of this origin. */
    private boolean isBefore(Write write) {
      return write.stamp() > stamp;
    }

    private boolean hasLive(long writeStamp) {
      return live && stamp == writeStamp
          || earlier.stream().anyMatch(write -> write.stamp() == writeStamp);
    }

    /** The live writes, the latest first. */
    List<Write> writes() {
      if (!live) {
        return earlier;
      }
      Write last = new Write(origin, stamp, array, offset, length);
      if (earlier.isEmpty()) {
        return List.of(last);
      }
      List<Write> all = new ArrayList<>(earlier.size() + 1);
      all.add(last);
      all.addAll(earlier);
      return all;
    }

    /**
     * @param newStamp up to which all is known
     * @param writes those of them that are live, the latest first
     */
    void setWrites(long newStamp, List<Write> writes) {
      stamp = newStamp;
      live = !writes.isEmpty() && writes.get(0).stamp() == newStamp;
      if (live) {
        Write last = writes.get(0);
        array = last.array();
        offset = last.offset();
        length = last.length();
      }
      earlier = writes.subList(live ? 1 : 0, writes.size());
    }

    boolean hasLive() {
      return live || !earlier.isEmpty();
    }

    int liveCount() {
      return (live ? 1 : 0) + earlier.size();
    }

    /** The last live write's stamp, or 0. */
    long lastLive() {
      return live ? stamp : earlier.isEmpty() ? 0 : earlier.get(0).stamp();
    }

    boolean isLive() {
      return hasLive() || counts();
    }

    long largest() {
      return Math.max(stamp, Math.max(counted, uncounted));
    }

    /** An origin's stamp decides what it wrote and had counted. */
    long digest() {
      long digest = stamp == 0 ? 0 : Hash64.combine(live ? stamp : ~stamp, origin);
      for (Write write : earlier) {
        digest += Hash64.combine(write.stamp(), origin);
      }
      if (counted > 0 || uncounted > 0) {
        digest += Hash64.combine(Hash64.combine(counted, uncounted), ~(long) origin);
      }
      return digest;
    }

    boolean hideWrites(long upTo) {
      int before = liveCount();
      live &= stamp > upTo;
      if (!earlier.isEmpty()) {
        earlier = earlier.stream().filter(write -> write.stamp() > upTo).toList();
      }
      return liveCount() < before;
    }

    void uncount(Part seen) {
      uncounted = seen.counted;
      uncountedTotal = seen.total;
    }
  }

  public Versions clear() {
    count = 0;
    return this;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  // What a reader sees.

  /** Whether there is anything to see: a live write, or a counter. */
  public boolean isVisible() {
    for (int i = 0; i < count; i++) {
      if (parts.get(i).isLive()) {
        return true;
      }
    }
    return false;
  }

  /** Whether something is left of an origin of whom nothing is to be seen. */
  public boolean hasRemoved() {
    for (int i = 0; i < count; i++) {
      if (!parts.get(i).isLive()) {
        return true;
      }
    }
    return false;
  }

  /**
   * The same wherever the same is held, also of what was removed; 0 when nothing is. Of stamps, not
   * of values: large values cost no more.
   */
  public long digest() {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += parts.get(i).digest();
    }
    return sum;
  }

  /**
   * The same wherever the same is to be seen, whatever of what was removed is held; 0 of nothing.
   */
  public long visibleDigest() {
    long sum = hasCounter() ? Hash64.combine(counterSum(), COUNTER) : 0;
    for (int i = 0; i < count; i++) {
      for (Write write : parts.get(i).writes()) {
        sum += Hash64.combine(write.stamp(), write.origin());
      }
    }
    return sum;
  }

  /** As {@link #visibleDigest()}, of values, too. */
  public long shownDigest() {
    long sum = visibleDigest();
    for (int i = 0; i < count; i++) {
      for (Write write : parts.get(i).writes()) {
        long value = Hash64.of(write.array(), write.offset(), write.length());
        sum += Hash64.combine(write.stamp(), value);
      }
    }
    return sum;
  }

  /** How many live writes there are that had not seen each other. */
  public int siblings() {
    int live = 0;
    for (int i = 0; i < count; i++) {
      live += parts.get(i).liveCount();
    }
    return live;
  }

  /** Whether some origin counts here. */
  public boolean hasCounter() {
    for (int i = 0; i < count; i++) {
      if (parts.get(i).counts()) {
        return true;
      }
    }
    return false;
  }

  /** Whether some origin counts here, or did. */
  public boolean isCounter() {
    for (int i = 0; i < count; i++) {
      if (parts.get(i).counted > 0 || parts.get(i).uncounted > 0) {
        return true;
      }
    }
    return false;
  }

  /** What the origins have added; wraps around like a long. */
  public long counterSum() {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += parts.get(i).contribution();
    }
    return sum;
  }

  /** The live write with the largest stamp, or null; good until the next change. */
  public Write written() {
    Part best = null;
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      if (part.hasLive() && (best == null || part.lastLive() >= best.lastLive())) {
        best = part;
      }
    }
    return best == null ? null : best.writes().get(0);
  }

  /** All live writes, the latest first. */
  public List<Write> liveWrites() {
    List<Write> writes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      writes.addAll(parts.get(i).writes());
    }
    writes.sort((a, b) -> a.isLaterThan(b) ? -1 : 1);
    return writes;
  }

  /** Whether a write is here that nobody who had seen it has removed or overwritten. */
  public boolean isLive(Write write) {
    Part part = find(write.origin());
    return part != null && part.hasLive(write.stamp());
  }

  /** When what is visible was written or counted last, or 0. */
  public long visibleStamp() {
    long latest = 0;
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      latest = Math.max(latest, part.lastLive());
      latest = Math.max(latest, part.counts() ? part.counted : 0);
    }
    return latest;
  }

  /** The origin of what is visible and was written or counted last, or 0. */
  public int visibleOrigin() {
    long latest = visibleStamp();
    int origin = 0;
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      if (part.lastLive() == latest || part.counts() && part.counted == latest) {
        origin = part.origin;
      }
    }
    return latest == 0 ? 0 : origin;
  }

  /**
   * Stamp from which an expiry is this value's: of the write that is seen, or when the counter
   * began. Those before it were given to a value that is gone.
   */
  public long bornStamp() {
    long written = 0;
    long began = Long.MAX_VALUE;
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      written = Math.max(written, part.lastLive());
      if (part.counts()) {
        began = Math.min(began, part.since);
      }
    }
    return written > 0 ? written : began == Long.MAX_VALUE ? 0 : began;
  }

  /** The largest stamp here, also of what is removed; 0 when there is none. */
  public long largestStamp() {
    long largest = 0;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, parts.get(i).largest());
    }
    return largest;
  }

  /**
   * What somebody sees who looks at all siblings.
   *
   * @param writes is told of each origin's last live write
   * @param counts is told of each origin's last count
   */
  void noteSeen(SeenStamps writes, SeenStamps counts) {
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      if (part.hasLive()) {
        writes.saw(part.origin, part.lastLive());
      }
      if (part.counts()) {
        counts.saw(part.origin, part.counted);
      }
    }
  }

  /** Whether there is more to see than somebody had seen: see {@link #noteSeen}. */
  boolean hasUnseen(SeenStamps writes, SeenStamps counts) {
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      if (part.lastLive() > writes.of(part.origin)
          || part.counts() && part.counted > counts.of(part.origin)) {
        return true;
      }
    }
    return false;
  }

  /** Has {@code seen} know of every origin's last stamp here. */
  public void noteIn(SeenStamps seen) {
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      long last = part.largest();
      if (last > 0) {
        seen.saw(part.origin, last);
      }
    }
  }

  // Changes.

  /**
   * Takes in a change, or a whole cell.
   *
   * @return whether anything here is new
   */
  public boolean merge(Versions other) {
    return merge(other, 0);
  }

  /**
   * As {@link #merge(Versions)}, where what was removed up to a stamp may have been forgotten.
   *
   * <p><b>A write</b> up to the horizon was here, since everybody had it. If neither it nor a later
   * one of its origin is, then it was removed, and forgotten since: it is ignored. So is an earlier
   * live one that comes with a later one above the horizon.
   *
   * <p><b>A count</b> up to the horizon likewise. One above it is taken whenever it began: an
   * origin that did not know of a removal goes on with its old total. What of that was removed is
   * told by {@code uncounted}, which the origin keeps while its counter is seen, and which is part
   * of {@link #digest()}: so it comes here again at the latest when replicas compare. Nobody is
   * misled until then if removals are forgotten only when every count that could not know of them
   * is here, too: see {@link #purge}.
   *
   * <p><b>What says that something was removed</b> is taken: it can be news, however old the
   * removed is. But not of an origin of whom nothing is here, up to the horizon: it is about what
   * can't come any more.
   *
   * @param horizon every replica had all that was written up to this stamp; 0 for none
   */
  public boolean merge(Versions other, long horizon) {
    boolean changed = false;
    for (int i = 0; i < other.count; i++) {
      Part from = other.parts.get(i);
      Part here = find(from.origin);
      if (here != null || from.largest() > horizon) {
        changed |= part(from.origin).join(from, horizon);
      }
    }
    return changed;
  }

  /**
   * Writes into {@code change} that an origin sets this cell, instead of all that is seen here.
   *
   * @param stamp larger than all that the origin has used
   */
  public void put(int origin, long stamp, byte[] value, int offset, int length, Versions change) {
    remove(change);
    Part part = change.part(origin);
    checkLater(origin, stamp);
    part.setWrites(stamp, List.of(new Write(origin, stamp, value, offset, length)));
  }

  /**
   * As {@link #put}, but instead of the cell's value only: its other siblings stay.
   *
   * @param stamp larger than all that the origin has used
   */
  public void replace(
      int origin, long stamp, byte[] value, int offset, int length, Versions change) {
    change.clear();
    checkLater(origin, stamp);
    Write seen = written();
    for (int i = 0; i < count; i++) {
      Part known = parts.get(i);
      if (known.stamp > 0 && !known.hasLive()) {
        change.part(known.origin).stamp = known.stamp; // as remove does
      }
      uncount(known, change);
    }
    if (seen != null && seen.origin() != origin) {
      Part of = find(seen.origin());
      change.part(seen.origin()).setWrites(of.stamp, without(seen, of));
    }
    // What an origin says of itself is all that there is of it: its earlier writes, too.
    List<Write> writes = new ArrayList<>();
    writes.add(new Write(origin, stamp, value, offset, length));
    writes.addAll(without(seen, find(origin)));
    change.part(origin).setWrites(stamp, writes);
  }

  /** A part's live writes but one, which may be another's. */
  private static List<Write> without(Write one, Part part) {
    List<Write> others = new ArrayList<>(part == null ? List.of() : part.writes());
    others.removeIf(write -> one != null && write.isSame(one));
    return others;
  }

  /**
   * As {@link #put}, by somebody who had seen more than is here: that is overwritten, too.
   *
   * @param seen stamps in it above {@code stamp} are left out
   */
  public void resolve(
      SiblingContext seen,
      int origin,
      long stamp,
      byte[] value,
      int offset,
      int length,
      Versions change) {
    put(origin, stamp, value, offset, length, change);
    seen.writes()
        .forEach(
            (of, upTo) -> {
              Part here = find(of);
              if (of != origin && upTo <= stamp && (here == null || here.stamp < upTo)) {
                change.part(of).stamp = upTo;
              }
            });
  }

  /**
   * Writes into {@code change} that all that is seen here is removed.
   *
   * <p>What is not seen any more is told again: it was overwritten by something that is removed
   * now, and which may never come to where the overwritten is still seen.
   */
  public void remove(Versions change) {
    change.clear();
    for (int i = 0; i < count; i++) {
      Part known = parts.get(i);
      if (known.stamp > 0) {
        change.part(known.origin).stamp = known.stamp;
      }
      uncount(known, change);
    }
  }

  /**
   * As {@link #remove}, of a field of a key that was removed: what its removers had seen of the
   * field is told again, too.
   */
  public void remove(SeenStamps hidden, Versions change) {
    remove(change);
    hidden.forEach(
        (origin, stamp) -> {
          Part told = change.part(origin);
          told.stamp = Math.max(told.stamp, stamp);
        });
  }

  private static void uncount(Part known, Versions change) {
    if (known.counts()) {
      change.part(known.origin).uncount(known);
    } else if (known.uncounted > 0) {
      Part told = change.part(known.origin);
      told.uncounted = known.uncounted;
      told.uncountedTotal = known.uncountedTotal;
    }
  }

  /**
   * Writes into {@code change} that an origin adds to this cell.
   *
   * @param stamp larger than all that the origin has used
   */
  public void add(int origin, long stamp, long delta, Versions change) {
    change.clear();
    checkLater(origin, stamp);
    Part seen = find(origin);
    // A total that was removed is not gone on with: the counter is born anew.
    boolean goesOn = seen != null && seen.counts();
    Part part = change.part(origin);
    part.since = goesOn ? seen.since : stamp;
    part.counted = stamp;
    part.total = goesOn ? seen.total + delta : delta;
  }

  private void checkLater(int origin, long stamp) {
    Part seen = find(origin);
    Invariants.check(
        seen == null || stamp > seen.stamp && stamp > seen.counted && stamp > seen.uncounted,
        "an origin's stamps grow",
        stamp,
        seen == null ? 0 : Math.max(seen.stamp, seen.counted));
  }

  /**
   * Hides what a remover of the whole key had seen.
   *
   * @return whether something was hidden by it
   */
  public boolean hide(SeenStamps removed) {
    boolean hidden = false;
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      long upTo = removed.of(part.origin);
      hidden |= part.hideWrites(upTo);
      if (part.counts() && part.counted <= upTo) {
        part.uncount(part);
        hidden = true;
      }
    }
    return hidden;
  }

  /**
   * Whether nothing is left here that {@code removed} does not say, too. A removed counter has more
   * to say: the total that its remover had seen.
   */
  public boolean isCoveredBy(SeenStamps removed) {
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      if (part.hasLive() || part.stamp > removed.of(part.origin)) {
        return false;
      }
    }
    return !isCounter();
  }

  /**
   * Forgets what was removed up to a stamp: everybody knows, and nobody has the removed any more.
   * From then on it must be merged with that horizon.
   *
   * <p>An origin may have gone on counting before it knew of the removal, with stamps above the
   * horizon. Before a removed count is forgotten, all that was counted until its origin knew must
   * be here.
   *
   * @return whether something went
   */
  public boolean purge(long horizon) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      boolean gone = !part.isLive() && part.largest() <= horizon;
      if (!gone) {
        parts.set(i, parts.get(kept));
        parts.set(kept++, part);
      }
    }
    boolean purged = kept < count;
    count = kept;
    return purged;
  }

  /**
   * Drops what another copy does not hold, of stamps up to a horizon that was purged there.
   *
   * @param told all that the other copy holds of this cell
   * @return whether something went
   */
  public boolean dropUntold(Versions told, long horizon) {
    boolean dropped = false;
    int kept = 0;
    for (int i = 0; i < count; i++) {
      Part part = parts.get(i);
      dropped |= part.dropUntold(told.find(part.origin), horizon);
      if (part.largest() > 0) {
        parts.set(i, parts.get(kept));
        parts.set(kept++, part);
      }
    }
    count = kept;
    return dropped;
  }

  private Part find(int origin) {
    for (int i = 0; i < count; i++) {
      if (parts.get(i).origin == origin) {
        return parts.get(i);
      }
    }
    return null;
  }

  /** The origin's part, made if it is not there. */
  private Part part(int origin) {
    int at = 0;
    while (at < count && parts.get(at).origin < origin) {
      at++;
    }
    if (at < count && parts.get(at).origin == origin) {
      return parts.get(at);
    }
    Part part = count < parts.size() ? parts.remove(count) : new Part();
    part.reset(origin);
    parts.add(at, part);
    count++;
    return part;
  }

  // Format.

  public void write(ByteSink sink) {
    sink.putVarint(count);
    for (int i = 0; i < count; i++) {
      write(parts.get(i), sink);
    }
  }

  private static void write(Part part, ByteSink sink) {
    int flags =
        (part.stamp > 0 ? WRITTEN : 0)
            | (part.live ? LIVE : 0)
            | (part.earlier.isEmpty() ? 0 : EARLIER)
            | (part.counted > 0 ? COUNTED : 0)
            | (part.uncounted > 0 ? UNCOUNTED : 0);
    sink.putVarint(part.origin).putByte(flags);
    if (part.stamp > 0) {
      sink.putLong(part.stamp);
    }
    if (part.live) {
      sink.putBlock(part.array, part.offset, part.length);
    }
    if (!part.earlier.isEmpty()) {
      sink.putVarint(part.earlier.size());
      for (Write write : part.earlier) {
        sink.putLong(write.stamp()).putBlock(write.array(), write.offset(), write.length());
      }
    }
    if (part.counted > 0) {
      sink.putLong(part.since).putLong(part.counted).putLong(part.total);
    }
    if (part.uncounted > 0) {
      sink.putLong(part.uncounted).putLong(part.uncountedTotal);
    }
  }

  /**
   * Reads what {@link #write} wrote; values stay in the source's array.
   *
   * @throws MalformedBytesException when it is no such thing
   */
  public Versions read(ByteSource source) {
    clear();
    int expected = source.getCount(source.remaining() / 2);
    int last = 0;
    for (int i = 0; i < expected; i++) {
      int origin = source.getCount(Integer.MAX_VALUE);
      int flags = source.getByte();
      boolean known =
          (flags & ~KNOWN_FLAGS) == 0
              && ((flags & (LIVE | EARLIER)) == 0 || (flags & WRITTEN) != 0);
      if (origin <= last || !known) {
        throw new MalformedBytesException("origin " + origin + " of flags " + flags);
      }
      read(part(origin), flags, source);
      last = origin;
    }
    return this;
  }

  private static void read(Part part, int flags, ByteSource source) {
    if ((flags & WRITTEN) != 0) {
      part.stamp = stamp(source);
    }
    if ((flags & LIVE) != 0) {
      part.live = true;
      part.length = source.getBlockLength();
      part.array = source.array();
      part.offset = source.skip(part.length);
    }
    if ((flags & EARLIER) != 0) {
      readEarlier(part, source);
    }
    if ((flags & COUNTED) != 0) {
      part.since = stamp(source);
      part.counted = stamp(source);
      part.total = source.getLong();
    }
    if ((flags & UNCOUNTED) != 0) {
      part.uncounted = stamp(source);
      part.uncountedTotal = source.getLong();
    }
  }

  private static void readEarlier(Part part, ByteSource source) {
    int expected = source.getCount(source.remaining() / MIN_EARLIER_BYTES);
    List<Write> earlier = new ArrayList<>(expected);
    long last = part.stamp;
    for (int i = 0; i < expected; i++) {
      long stamp = stamp(source);
      if (stamp >= last) {
        throw new MalformedBytesException("a write of stamp " + stamp + " after one of " + last);
      }
      int length = source.getBlockLength();
      earlier.add(new Write(part.origin, stamp, source.array(), source.skip(length), length));
      last = stamp;
    }
    if (earlier.isEmpty()) {
      throw new MalformedBytesException("0 earlier writes of origin " + part.origin);
    }
    part.earlier = earlier;
  }

  private static long stamp(ByteSource source) {
    long stamp = source.getLong();
    if (stamp <= 0) {
      throw new MalformedBytesException("a stamp of " + stamp);
    }
    return stamp;
  }
}
