package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Invariants;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.CommonHorizon;
import io.trefoil.replication.multileader.RegionOrigin;
import io.trefoil.storage.MergedState;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a copy that several origins write has heard of them: what is known of its cells as a whole,
 * up to which index of each origin's log everything came, and up to which position each region's
 * log is here.
 *
 * <p>It is of the committed entries. What is put in front of them is noted with its entry's index,
 * and taken over or forgotten with that.
 *
 * <pre>
 * state ({@link MergedState}) · origins (varint), then for each: origin (varint) · index (varint)
 * · has a gap (1) · last stamp (8) · last change (8) · adopted at (varint) · regions (varint), then for each: region
 * (varint) · epoch (varint) · index (varint) · horizon ({@link CommonHorizon})
 * </pre>
 */
final class Origins {
  private static final int MAX_ORIGINS = 1 << 16;
  private static final int NODE_BITS = 11;
  private static final int MAX_MAKING = (1 << 31 - NODE_BITS) - 1;

  private final MergedState state = new MergedState();
  private final SortedMap<Integer, Long> heard = new TreeMap<>();
  private final SortedSet<Integer> gaps = new TreeSet<>();
  private final SortedMap<Integer, Long> stamps = new TreeMap<>();
  private final SortedMap<Integer, Position> reached = new TreeMap<>();
  private final CommonHorizon horizon = new CommonHorizon();
  private long lastChange;

  /** Index of the entry from which on all keys are such as several origins write; 0 for none. */
  private long adoptedAt;

  private final ArrayDeque<Uncommitted> uncommitted = new ArrayDeque<>();

  /** What an entry that is not committed yet tells. */
  private record Uncommitted(long entry, Runnable taken) {}

  /**
   * The number of a stream that a node begins for a partition: no other has it, and a later one of
   * the node is larger, be it that a restart comes between, or that the node had no place in the
   * configurations between. Small, since each cell has it: there is room for 2,047 nodes and a
   * million starts and changes of configuration.
   *
   * @param configVersion of the partition, as the control plane has it since this start of the node
   */
  static int number(NodeId node, int incarnation, long configVersion) {
    long making = incarnation + configVersion;
    Invariants.check(
        node.number() < 1 << NODE_BITS && making <= MAX_MAKING,
        "no number is left for another stream: node, and starts and changes",
        node.number(),
        making);
    return (int) making << NODE_BITS | node.number();
  }

  MergedState state() {
    return state;
  }

  /** The node that began a stream. */
  static NodeId nodeOf(int origin) {
    return new NodeId(origin & (1 << NODE_BITS) - 1);
  }

  /** Whether a node began a stream. */
  static boolean isOf(int origin, NodeId node) {
    return (origin & (1 << NODE_BITS) - 1) == node.number();
  }

  /** Index of each origin's log up to which everything came, but for {@link #gaps()}. */
  SortedMap<Integer, Long> heard() {
    return Collections.unmodifiableSortedMap(heard);
  }

  /** Origins of whose logs something was left out. */
  SortedSet<Integer> gaps() {
    return Collections.unmodifiableSortedSet(gaps);
  }

  void hear(int origin, long index, boolean gap) {
    heard.merge(origin, index, Math::max);
    if (gap) {
      gaps.add(origin);
    }
  }

  /** What an origin left out came otherwise. */
  void closeGap(int origin) {
    gaps.remove(origin);
  }

  /** Up to where the log of each other region is here, by its number in the database. */
  SortedMap<Integer, Position> reached() {
    return Collections.unmodifiableSortedMap(reached);
  }

  /** The stamp of the last entry of an origin's log that came; 0 for none. */
  long lastStamp(int origin) {
    return stamps.getOrDefault(origin, 0L);
  }

  /** A stamp: no entry changed a cell since. */
  long lastChange() {
    return lastChange;
  }

  void changed(long stamp) {
    lastChange = Math.max(lastChange, stamp);
  }

  /**
   * Index of the entry that says that all keys are such as several origins write; 0 when none does.
   * Before it the log is one leader's, and nothing for other regions.
   */
  long adoptedAt() {
    return adoptedAt;
  }

  /** With an entry, all keys are such. */
  void adoptedIn(long entry) {
    uncommitted.add(new Uncommitted(entry, () -> adoptedAt = entry));
  }

  /** Up to which stamp all regions have everything. */
  CommonHorizon horizon() {
    return horizon;
  }

  /**
   * Whether everything is here that a region's log has up to a position. What is here of a later
   * epoch proves nothing by itself: the region may have lost the end of the epoch before.
   */
  boolean covers(int region, Position position) {
    if (position.epoch() < 1 || position.epoch() > RegionOrigin.MAX_EPOCH) {
      return position.index() == 0; // a client says what it likes
    }
    int origin = RegionOrigin.number(region, position.epoch());
    Position here = reached.get(region);
    boolean sameEpoch = here != null && here.epoch() == position.epoch();
    return heard.getOrDefault(origin, 0L) >= position.index()
        || sameEpoch && here.index() >= position.index()
        || horizon.toldLog(region).getOrDefault(origin, 0L) >= position.index();
  }

  /** An entry brings an origin's log up to an index, whose stamp this is. */
  void hearIn(long entry, int origin, long index, long stamp) {
    uncommitted.add(
        new Uncommitted(
            entry,
            () -> {
              hear(origin, index, false);
              stamps.merge(origin, stamp, Math::max);
            }));
  }

  /** With an entry, a region tells what it has, in one of this stamp. */
  void toldIn(long entry, int region, CommonHorizon.Told what, long stamp) {
    uncommitted.add(
        new Uncommitted(
            entry,
            () -> {
              horizon.told(region, what, stamp);
              state.reach(horizon.horizon());
            }));
  }

  /** With an entry, everything is here that a region's log has up to a position. */
  void reachIn(long entry, int region, Position position) {
    uncommitted.add(new Uncommitted(entry, () -> reached.put(region, position)));
  }

  /** Entries up to an index are committed. */
  void committed(long index) {
    while (!uncommitted.isEmpty() && uncommitted.peek().entry() <= index) {
      uncommitted.poll().taken().run();
    }
  }

  /** Entries after an index are no more. */
  void undoAfter(long index) {
    while (!uncommitted.isEmpty() && uncommitted.peekLast().entry() > index) {
      uncommitted.pollLast();
    }
  }

  boolean isEmpty() {
    return state.isEmpty()
        && heard.isEmpty()
        && reached.isEmpty()
        && horizon.isEmpty()
        && adoptedAt == 0;
  }

  Origins copy() {
    ByteSink sink = new ByteSink();
    write(sink);
    return read(new ByteSource(sink.toArray()));
  }

  void write(ByteSink sink) {
    state.write(sink);
    sink.putVarint(heard.size());
    heard.forEach(
        (origin, index) ->
            sink.putVarint(origin)
                .putVarint(index)
                .putByte(gaps.contains(origin) ? 1 : 0)
                .putLong(lastStamp(origin)));
    sink.putLong(lastChange).putVarint(adoptedAt).putVarint(reached.size());
    reached.forEach(
        (region, position) -> {
          sink.putVarint(region);
          ReplicationCodec.putPosition(sink, position);
        });
    horizon.write(sink);
  }

  static Origins read(ByteSource source) {
    Origins origins = new Origins();
    origins.state.read(source);
    int count = source.getCount(MAX_ORIGINS);
    for (int i = 0; i < count; i++) {
      int origin = source.getCount(Integer.MAX_VALUE);
      long index = source.getVarint();
      if (origin <= 0 || index < 0) {
        throw new MalformedBytesException("origin " + origin + " heard up to " + index);
      }
      origins.hear(origin, index, source.getByte() != 0);
      origins.stamps.put(origin, source.getLong());
    }
    origins.lastChange = source.getLong();
    origins.adoptedAt = source.getVarint();
    int regions = source.getCount(MAX_ORIGINS);
    for (int i = 0; i < regions; i++) {
      int region = source.getCount(Integer.MAX_VALUE);
      origins.reached.put(region, ReplicationCodec.getPosition(source));
    }
    origins.horizon.read(source);
    return origins;
  }
}
