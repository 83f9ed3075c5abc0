package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.replication.multileader.NeighbourView;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.MergedTree;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Compares this node's copy of a partition with that of the leader in another region, while both go
 * on. First the sums of all that is held, by ranges of hashes; where they differ, what is to be
 * seen of each key: what was removed each side forgets in its own time. A range that was equal once
 * is equal; a key that differs is looked at again. If it stays the same on both sides for {@link
 * RegionLooks#STAYS_NANOS}, while nothing of either log is known to be on its way, it has
 * <em>diverged</em>; else it is in flight.
 *
 * <p>Belongs to the data loop's thread.
 *
 * <pre>
 * asked:    id (8) · leaf (varint), or the number of leaves for the sums · key to go on after (block)
 * answered: id (8) · leaf (varint) · key (block) · of sums: how many entries of the asking region's
 *           log have yet to come (varint), all sums (8 each) · of a leaf: next key (block, empty at
 *           the end), then for each key: key (block) · digest (8)
 * </pre>
 */
final class RegionVerification {
  private static final long ASK_AGAIN_NANOS = 1_000_000_000L;
  private static final long NEXT_LOOK_NANOS = 500_000_000L;
  private static final long GIVE_UP_NANOS = 10_000_000_000L;

  /** So many leaves are asked for at a time: the other region may be far away. */
  private static final int LEAVES_AT_ONCE = 64;

  private static final int BYTES_A_PIECE = 256 << 10;
  private static final Bytes FIRST = Bytes.wrap(new byte[0]);

  private final DataLoop loop;
  private final RegionLinks links;
  private final PartitionRoute route;
  private final String region;
  private final long id;
  private final Consumer<RegionReport> then;
  private final ArrayDeque<Integer> leaves = new ArrayDeque<>();
  private final RegionLooks looks;

  /** Leaves that were equal at no look yet. */
  private BitSet open = new BitSet();

  /** Those of them in which this look found keys that differ. */
  private BitSet differing = new BitSet();

  /** Leaves that are asked for, each after a key. */
  private final SortedMap<Integer, Bytes> asked = new TreeMap<>();

  private boolean isStill;
  private long askedNanos;
  private long heardNanos;
  private long nextLookNanos;
  private boolean sums = true;

  /**
   * @param id of this comparison, drawn at random
   * @param then gets the report, once
   */
  RegionVerification(
      DataLoop loop,
      RegionLinks links,
      PartitionRoute route,
      String region,
      long id,
      Consumer<RegionReport> then) {
    this.loop = loop;
    this.links = links;
    this.route = route;
    this.region = region;
    this.id = id;
    this.then = then;
    this.looks = new RegionLooks(region);
    this.heardNanos = loop.nowNanos();
    open.set(0, MergedTree.LEAVES);
    lookAt(heardNanos);
  }

  /** The next look is not before a moment, and then at once. */
  private void lookAt(long nanos) {
    nextLookNanos = nanos;
    askedNanos = nanos - ASK_AGAIN_NANOS - 1;
  }

  long id() {
    return id;
  }

  /** Goes on, or gives up. Returns whether it is over. */
  boolean tick() {
    long now = loop.nowNanos();
    if (route.local() == null) {
      return end("this node has no copy of the partition");
    }
    if (now - heardNanos > GIVE_UP_NANOS) {
      return end("its leader did not answer for 10 s");
    }
    if (now - nextLookNanos >= 0 && now - askedNanos > ASK_AGAIN_NANOS) {
      ask();
    }
    return false;
  }

  private boolean end(String problem) {
    then.accept(new RegionReport(region, problem, 0, List.of(), true));
    return true;
  }

  private void ask() {
    RegionLinks.Remote leader =
        links.leader(region, route.terms().database().definition(), route.number());
    if (leader == null) {
      return;
    }
    askedNanos = loop.nowNanos();
    if (sums) {
      ask(leader, MergedTree.LEAVES, FIRST);
    }
    asked.forEach((leaf, after) -> ask(leader, leaf, after));
    askForMore(leader);
  }

  private void askForMore(RegionLinks.Remote leader) {
    while (asked.size() < LEAVES_AT_ONCE && !leaves.isEmpty()) {
      int leaf = leaves.poll();
      asked.put(leaf, FIRST);
      ask(leader, leaf, FIRST);
    }
  }

  private void ask(RegionLinks.Remote leader, int leaf, Bytes after) {
    ByteSink frame =
        links.begin(Frames.REGION_VERIFY, route.terms().database().definition(), route.number());
    frame.putLong(id).putVarint(leaf).putBlock(after.array(), 0, after.length());
    links.send(leader, frame);
  }

  // At the other region's leader.

  /** Writes the answer to what was asked. */
  static void answer(ByteSource asked, PartitionReplica leader, String asker, ByteSink frame) {
    long id = asked.getLong();
    int leaf = asked.getCount(MergedTree.LEAVES);
    Bytes after = Bytes.wrap(asked.getBlock());
    asked.expectEnd();
    frame.putLong(id).putVarint(leaf).putBlock(after.array(), 0, after.length());
    if (leaf == MergedTree.LEAVES) {
      frame.putVarint(lag(leader, asker));
      for (int each = 0; each < MergedTree.LEAVES; each++) {
        frame.putLong(leader.origins().state().tree().sum(MergedTree.LEAF_LEVEL, each));
      }
    } else {
      list(leader, leaf, after, frame);
    }
  }

  /** How many entries of another region's log have yet to come, as far as that is known here. */
  private static long lag(PartitionReplica replica, String of) {
    RegionExchange exchange = replica.exchange();
    NeighbourView view = exchange == null ? null : exchange.neighbours().get(of);
    return view == null ? 0 : view.lagEntries();
  }

  private static void list(PartitionReplica leader, int leaf, Bytes after, ByteSink frame) {
    ByteSink keys = new ByteSink();
    Bytes next = FIRST;
    for (Map.Entry<Bytes, Long> each : seen(leader, leaf, after).entrySet()) {
      keys.putBlock(each.getKey().array(), 0, each.getKey().length()).putLong(each.getValue());
      if (keys.size() > BYTES_A_PIECE) {
        next = each.getKey();
        break;
      }
    }
    frame.putBlock(next.array(), 0, next.length()).putBytes(keys.array(), 0, keys.size());
  }

  /** What is to be seen in a leaf, of keys after one. */
  private static SortedMap<Bytes, Long> seen(PartitionReplica replica, int leaf, Bytes after) {
    MergedStore cells = replica.mergedCells();
    SortedMap<Bytes, Long> seen = new TreeMap<>(LeafListing::compare);
    List<byte[]> names = new ArrayList<>();
    cells.listLeaf(leaf, (key, digest) -> names.add(key));
    for (byte[] name : names) {
      Bytes key = Bytes.wrap(name);
      if (after.length() == 0 || LeafListing.compare(key, after) > 0) {
        long digest = cells.open(name, 0, name.length).visibleDigest(replica.loop().wallMillis());
        seen.put(key, digest);
      }
    }
    return seen;
  }

  // Here.

  /** Takes an answer. Returns whether it is over. */
  boolean take(ByteSource answer) {
    int leaf = answer.getCount(MergedTree.LEAVES);
    Bytes answeredAfter = Bytes.wrap(answer.getBlock());
    boolean awaited = sums ? leaf == MergedTree.LEAVES : answeredAfter.equals(asked.get(leaf));
    if (!awaited || route.local() == null) {
      return false;
    }
    heardNanos = loop.nowNanos();
    askedNanos = heardNanos;
    RegionLinks.Remote leader =
        links.leader(region, route.terms().database().definition(), route.number());
    if (sums) {
      takeSums(answer);
    } else {
      Bytes next = takeLeaf(leaf, answeredAfter, answer);
      if (next.length() == 0) {
        asked.remove(leaf);
      } else {
        asked.put(leaf, next);
        if (leader != null) {
          ask(leader, leaf, next);
        }
      }
    }
    if (leader != null) {
      askForMore(leader);
    }
    return asked.isEmpty() && leaves.isEmpty() && endLook();
  }

  private void takeSums(ByteSource answer) {
    isStill = answer.getVarint() == 0 && lag(route.local(), region) == 0;
    MergedTree tree = route.local().origins().state().tree();
    for (int leaf = 0; leaf < MergedTree.LEAVES; leaf++) {
      boolean differs = answer.getLong() != tree.sum(MergedTree.LEAF_LEVEL, leaf);
      if (differs && open.get(leaf)) {
        leaves.add(leaf);
      }
    }
    answer.expectEnd();
    sums = false;
  }

  /** Returns the key to go on after; empty at the end. */
  private Bytes takeLeaf(int leaf, Bytes after, ByteSource answer) {
    Bytes next = Bytes.wrap(answer.getBlock());
    SortedMap<Bytes, Long> here = seen(route.local(), leaf, after);
    if (next.length() > 0) {
      here.keySet().removeIf(key -> LeafListing.compare(key, next) > 0);
    }
    while (answer.remaining() > 0) {
      Bytes key = Bytes.wrap(answer.getBlock());
      Long digest = here.remove(key);
      note(leaf, key, digest == null ? 0 : digest, answer.getLong());
    }
    here.forEach((key, digest) -> note(leaf, key, digest, 0));
    return next;
  }

  private void note(int leaf, Bytes key, long here, long there) {
    if (here != there) {
      differing.set(leaf);
      looks.note(key, here, there);
    }
  }

  private boolean endLook() {
    Optional<RegionReport> report = looks.end(loop.nowNanos(), isStill);
    report.ifPresent(then);
    open = differing;
    differing = new BitSet();
    sums = true;
    lookAt(loop.nowNanos() + NEXT_LOOK_NANOS);
    return report.isPresent();
  }
}
