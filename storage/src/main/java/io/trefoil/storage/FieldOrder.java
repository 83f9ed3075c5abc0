package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.Invariants;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.Fields;
import io.trefoil.storage.PartitionStore.Found;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The order of a key's fields: places, compared as unsigned bytes, each with a value.
 *
 * <p>A B-tree whose nodes are cells of a collection of its own, so that they have versions, are
 * committed, written behind, evicted and fetched like fields. A node says how many places are below
 * each of its children: so a place is found by its rank, and a rank by its place, in as many nodes
 * as the tree is high. Every replica keeps its own: what travels is the fields.
 *
 * <p>Commands of a batch often change one leaf after each other: an end of a list, the smallest of
 * a sorted set. While they do, the way down {@link #stays}, and the nodes above are owed how many
 * places more there are, until it goes elsewhere, or the batch ends.
 *
 * <p>A node is split when it is larger than {@link #MAX_NODE_BYTES}, unless it has few children
 * with long places, and joined with a neighbour when both are small. A place with a large value has
 * a leaf of its own. One that is put last, or first, leaves a full leaf as it is and begins
 * another: what is only pushed is packed tight.
 *
 * <p>For the owner's thread, like the store.
 *
 * @see "Bayer, McCreight 1972, Organization and maintenance of large ordered indexes"
 */
public final class FieldOrder {
  /** With its header and its key it fits a slot of {@link #NODE_RECORD_BYTES}. */
  static final int MAX_NODE_BYTES = 976;

  static final int NODE_RECORD_BYTES = 1_024;
  private static final int SMALL_NODE_BYTES = MAX_NODE_BYTES / 4;

  /** A node with so many children is not split, however long their places are. */
  private static final int LARGE_FAN_OUT = 8;

  private static final int JOINED_NODE_BYTES = MAX_NODE_BYTES * 3 / 4;

  /** So many nodes are fetched at a time by who visits many places. */
  private static final int FETCHED_NODES = 1_024;

  /** A visit of so few places wants a leaf or two: nothing is looked for ahead of it. */
  private static final int FEW_PLACES = 32;

  /** So many nodes are looked for at a time, ahead of a visit. */
  private static final int NODES_AHEAD = 4_096;

  private static final long ORDER = Long.MIN_VALUE;
  private static final long OF_LIST = 1L << 62;
  private static final int ID_BYTES = 4;

  private final PartitionStore store;
  private final Look look;

  /** From the root down to the leaf; others than inner nodes are read into {@link #own}. */
  private OrderNode[] path = new OrderNode[4];

  private OrderNode[] own = new OrderNode[4];
  private final InnerNodes inner = new InnerNodes();
  private final OrderNode other = new OrderNode();
  private final ByteSink scratch = new ByteSink(256);
  private final byte[] idBytes = new byte[ID_BYTES];

  private long order;
  private byte[] key;
  private int keyOffset;
  private int keyLength;
  private int depth;
  private long entryIndex;
  private long newestStamp;
  private Supplier<Stream<byte[]>> expected = Stream::empty;

  // Of the change under way.
  private long index;
  private long stamp;
  private boolean tookId;

  /** The path leads to a leaf that the present batch changed, and is as the newest records are. */
  private boolean stays;

  /** How many places are before that leaf; -1 when nobody counted. */
  private long rankOfLeaf;

  // How many places more the nodes above are owed by commands before the running one, and by that
  // one; as of which entries; and what the sum may be, at least and at most.
  private long owedBefore;
  private long earlierIndex;
  private long earlierStamp;
  private long owed;
  private long owedIndex;
  private long owedStamp;
  private long leastOwed;
  private long mostOwed;
  private boolean limitsKnown;

  public FieldOrder(PartitionStore store, Look look) {
    this.store = store;
    this.look = look;
  }

  /** Receives what is visited; the array is only valid during the call. */
  @FunctionalInterface
  public interface Visitor {
    void visit(byte[] array, int placeOffset, int placeLength, int valueOffset, int valueLength);
  }

  /** The number under which the order of a collection's fields of a type is kept. */
  static long number(CellType type, long collection) {
    Invariants.check(
        collection > 0 && collection < OF_LIST, "a collection's number", collection, 0);
    return ORDER | (type == CellType.LIST ? OF_LIST : 0) | collection;
  }

  /** Whether a collection's number is that of an order. */
  static boolean isOrder(long number) {
    return number < 0;
  }

  static boolean isOfList(long number) {
    return isOrder(number) && (number & OF_LIST) != 0;
  }

  /**
   * Goes on with the order of these fields.
   *
   * @param ofKey the key, for whoever fetches what is missing; not kept beyond the next call
   */
  public void open(CellType type, long collection, byte[] ofKey, int offset, int length) {
    long opened = number(type, collection);
    if (opened != order) {
      leave();
    }
    order = opened;
    key = ofKey;
    keyOffset = offset;
    keyLength = length;
    entryIndex = 0;
    newestStamp = 0;
    expected = Stream::empty;
  }

  /** Says which places are about to be looked for or changed, as {@link Fields#expect} does. */
  void expect(Supplier<Stream<byte[]>> places) {
    expected = places;
  }

  /** The latest entry that decided what was looked at since it was opened. */
  public long entryIndex() {
    return entryIndex;
  }

  /** The largest stamp of the entries that wrote the nodes that were looked at. */
  public long newestStamp() {
    return newestStamp;
  }

  // ---- looking

  /** Whether a place is there; its value is then described by {@link #valueLength()} and so on. */
  public boolean find(byte[] place, int offset, int length) {
    if (!descend(place, offset, length)) {
      return false;
    }
    leaf().chosen = boundInLeaf(place, offset, length);
    return leaf().isAt(leaf().chosen, place, offset, length);
  }

  /** The first entry of the leaf at or after a place. */
  private int boundInLeaf(byte[] place, int offset, int length) {
    return isOfList(order)
        ? leaf().boundNearEnd(place, offset, length)
        : leaf().lowerBound(place, offset, length);
  }

  /** Size in bytes of the value of the place found last. */
  public int valueLength() {
    return leaf().valueLength;
  }

  /** Copies {@code length} bytes of the value of the place found last, from byte {@code from}. */
  public void copyValue(int from, byte[] to, int toOffset, int length) {
    System.arraycopy(leaf().bytes, leaf().valueAt + from, to, toOffset, length);
  }

  /** How many places come before this one, be it there or not. */
  public long rank(byte[] place, int offset, int length) {
    if (!descend(place, offset, length)) {
      return 0;
    }
    long rank = leaf().lowerBound(place, offset, length);
    for (int i = 0; i < depth; i++) {
      OrderNode node = path[i];
      rank += node.before(node.chosen);
    }
    return rank;
  }

  /**
   * Visits places in their order, or backwards. The visitor must not use this.
   *
   * @param rank of the first
   * @param count at most so many
   */
  public void visit(long rank, long count, boolean backwards, Visitor visitor) {
    if (stays && !hasAll(rank, count, backwards)) {
      leave();
    }
    Ahead ahead = stays || count <= FEW_PLACES ? null : new Ahead(rank, count, backwards);
    long at = rank;
    long left = count;
    while (left > 0 && at >= 0) {
      if (ahead != null) {
        ahead.lookFrom(at);
      }
      int number = descendToRank(at);
      if (number < 0) {
        return;
      }
      OrderNode leaf = leaf();
      while (left > 0 && number >= 0 && number < leaf.count()) {
        leaf.look(number);
        visitor.visit(leaf.bytes, leaf.placeAt, leaf.placeLength, leaf.valueAt, leaf.valueLength);
        number += backwards ? -1 : 1;
        at += backwards ? -1 : 1;
        left--;
      }
    }
  }

  /** Visits all places. */
  void visitAll(Visitor visitor) {
    visit(0, Long.MAX_VALUE, false, visitor);
  }

  private OrderNode leaf() {
    return path[depth];
  }

  /** Where the path's node of a level is read into, but for inner nodes that have a slot. */
  private OrderNode node(int level) {
    if (level == path.length) {
      path = Arrays.copyOf(path, 2 * level);
      own = Arrays.copyOf(own, 2 * level);
    }
    if (own[level] == null) {
      own[level] = new OrderNode();
    }
    path[level] = own[level];
    return own[level];
  }

  private OrderNode innerNode(int level, int id) {
    OrderNode fallback = node(level);
    OrderNode slot = inner.slot(id);
    for (int above = 0; above < level; above++) {
      if (path[above] == slot) {
        return fallback;
      }
    }
    path[level] = slot;
    return slot;
  }

  /** Goes down to the leaf where a place is or would be; false when there is no node. */
  private boolean descend(byte[] place, int offset, int length) {
    if (stays && leafHas(place, offset, length)) {
      noteStay();
      return true;
    }
    leave();
    depth = 0;
    OrderNode node = node(0);
    if (!read(OrderNode.ROOT, node)) {
      return false;
    }
    while (!node.isLeaf()) {
      node.chosen =
          isOfList(order)
              ? node.childNearEnd(place, offset, length)
              : node.childFor(place, offset, length);
      node = down(node);
    }
    return true;
  }

  private OrderNode down(OrderNode from) {
    from.look(from.chosen);
    int child = from.child;
    depth++;
    OrderNode node =
        from.level() > 1 && look != Look.COMMITTED ? innerNode(depth, child) : node(depth);
    Invariants.check(read(child, node), "a node has its children", from.id, child);
    return node;
  }

  /** Goes down to the leaf of a rank; returns its number there, or -1 beyond the end. */
  private int descendToRank(long rank) {
    if (stays) {
      noteStay();
      return (int) (rank - rankOfLeaf());
    }
    depth = 0;
    OrderNode node = node(0);
    if (!read(OrderNode.ROOT, node)) {
      return -1;
    }
    long left = rank;
    while (!node.isLeaf()) {
      node.chosen = node.childOfRank(left);
      left -= node.before(node.chosen);
      node = down(node);
    }
    return left < node.count() ? (int) left : -1;
  }

  /**
   * Has nodes be in memory that a visit wants: the visit begins anew whenever one is missing. Those
   * of a long visit come in several times, those that it wants first before the others.
   */
  private final class Ahead {
    private final boolean backwards;

    /** Of the first place and the one after the last, in their order. */
    private final long first;

    private final long end;

    /** Places from there on are not looked for yet; backwards, those before it. */
    private long reached;

    private final List<byte[]> missing = new ArrayList<>();
    private int looked;

    /**
     * @param rank of the place where the visit begins
     * @param count how many it wants
     */
    Ahead(long rank, long count, boolean backwards) {
      this.backwards = backwards;
      first = backwards ? Math.max(0, rank - Math.min(rank, count - 1)) : rank;
      end = backwards ? rank + 1 : count > Long.MAX_VALUE - rank ? Long.MAX_VALUE : rank + count;
      boolean all = look == Look.WAITING || !store.bottom().incomplete;
      reached = all == backwards ? first : end;
    }

    /** The visit goes on with a place: some nodes more are to be there. */
    void lookFrom(long rank) {
      if (backwards ? rank >= reached : rank < reached) {
        return;
      }
      looked = 0;
      OrderNode root = new OrderNode();
      if (read(OrderNode.ROOT, root)) {
        below(root, 0, rank);
      }
      if (!missing.isEmpty()) {
        throw CellsNotInMemory.fields(keyBytes(), order, missing);
      }
      if (!isEnough()) {
        reached = backwards ? first : end;
      }
    }

    private boolean isEnough() {
      return missing.size() == FETCHED_NODES || looked == NODES_AHEAD;
    }

    /**
     * @param rank of the first place below the node
     * @param at the place from which on nodes are wanted
     */
    private void below(OrderNode node, long rank, long at) {
      OrderNode child = node.level() > 1 ? new OrderNode() : null;
      long from = backwards ? rank + node.total() : rank;
      for (int i = 0; !node.isLeaf() && i < node.count() && !isEnough(); i++) {
        node.look(backwards ? node.count() - 1 - i : i);
        from -= backwards ? node.below : 0;
        long next = from + node.below;
        if (backwards ? from <= at && next > first : next > at && from < end) {
          look(node.child, child, from, at);
          reached = child != null ? reached : backwards ? from : next;
        }
        from = backwards ? from : next;
      }
    }

    private void look(int id, OrderNode inner, long rank, long at) {
      looked++;
      writeId(id);
      if (lookUp() == Found.NOT_IN_MEMORY) {
        missing.add(idBytes.clone());
      } else if (inner != null) {
        Invariants.check(read(id, inner), "a node has its children", id, 0);
        below(inner, rank, at);
      }
    }
  }

  private byte[] keyBytes() {
    return Arrays.copyOfRange(key, keyOffset, keyOffset + keyLength);
  }

  private void writeId(int id) {
    idBytes[0] = (byte) (id >>> 24);
    idBytes[1] = (byte) (id >>> 16);
    idBytes[2] = (byte) (id >>> 8);
    idBytes[3] = (byte) id;
  }

  private byte[] bytesOf(int id) {
    writeId(id);
    return idBytes.clone();
  }

  private Found lookUp() {
    return store.fields().find(look, order, idBytes, 0, ID_BYTES);
  }

  /** Reads a node; false when there is none. */
  private boolean read(int id, OrderNode into) {
    Found found = readInMemory(id, into);
    if (found == Found.NOT_IN_MEMORY) {
      throw CellsNotInMemory.fields(keyBytes(), order, new Missing().with(id));
    }
    return found == Found.FOUND;
  }

  /** Looks which nodes are missing that are above places that are expected, or have them. */
  private final class Missing {
    private final Set<Integer> ids = new LinkedHashSet<>();
    private final List<OrderNode> way = new ArrayList<>();

    /** With one that is known to be missing. When it is alone, those it may be joined with. */
    List<byte[]> with(int id) {
      ids.add(id);
      lookForAll(false);
      if (ids.size() == 1) {
        lookForAll(true);
      }
      return ids.stream().map(FieldOrder.this::bytesOf).toList();
    }

    private void lookForAll(boolean beside) {
      Iterator<byte[]> places = expected.get().iterator();
      while (places.hasNext() && ids.size() < FETCHED_NODES) {
        lookFor(places.next(), beside);
      }
    }

    /** Goes down to a place as far as nodes are in memory. */
    private void lookFor(byte[] place, boolean beside) {
      int id = OrderNode.ROOT;
      for (int level = 0; ; level++) {
        OrderNode node = wayNode(level);
        if (!isThere(id, node) || node.isLeaf()) {
          return;
        }
        int number = node.childFor(place, 0, place.length);
        if (beside && node.level() == 1) {
          lookAt(node, number - 1);
          lookAt(node, number + 1);
        }
        node.look(number);
        id = node.child;
      }
    }

    private OrderNode wayNode(int level) {
      while (way.size() <= level) {
        way.add(new OrderNode());
      }
      return way.get(level);
    }

    private boolean isThere(int id, OrderNode into) {
      Found found = readInMemory(id, into);
      if (found == Found.NOT_IN_MEMORY) {
        ids.add(id);
      }
      return found == Found.FOUND;
    }

    private void lookAt(OrderNode parent, int number) {
      if (number >= 0 && number < parent.count()) {
        parent.look(number);
        isThere(parent.child, other);
      }
    }
  }

  private Found readInMemory(int id, OrderNode into) {
    if (look != Look.COMMITTED) {
      store.usesOrders(this);
      if (into.isNewest(id, order, store)) {
        entryIndex = Math.max(entryIndex, into.index());
        newestStamp = Math.max(newestStamp, into.stamp());
        return Found.FOUND;
      }
    }
    writeId(id);
    Found found = lookUp();
    entryIndex = Math.max(entryIndex, store.entryIndex());
    if (found != Found.FOUND) {
      return found;
    }
    newestStamp = Math.max(newestStamp, store.stamp());
    int handle = store.foundHandle();
    if (into.id == id && into.holds(order, handle, store)) {
      return Found.FOUND;
    }
    into.id = id;
    into.size = store.valueLength();
    store.copyValue(0, into.room(into.size), 0, into.size);
    into.parse();
    into.isAs(order, handle, store);
    return Found.FOUND;
  }

  /** Reads a node as it is stored, after its id. */
  static void read(OrderNode node, byte[] key, int idAt, byte[] value, int valueAt) {
    int size = value.length - valueAt;
    if (key.length - idAt != ID_BYTES || size == 0) {
      throw new MalformedBytesException("a node of an order of " + size + " bytes");
    }
    node.id =
        (key[idAt] & 0xff) << 24
            | (key[idAt + 1] & 0xff) << 16
            | (key[idAt + 2] & 0xff) << 8
            | key[idAt + 3] & 0xff;
    node.size = size;
    System.arraycopy(value, valueAt, node.room(size), 0, size);
    try {
      node.parse();
    } catch (IndexOutOfBoundsException | InvariantViolation e) {
      throw new MalformedBytesException("a node of an order that ends within an entry");
    }
  }

  // ---- staying at a leaf

  /** All nodes of the path have just been written. */
  private void stay() {
    stays = store.isOfBatch(index);
    rankOfLeaf = -1;
    limitsKnown = false;
  }

  /** Whether the leaf where the path stays is the one where a place is or would be. */
  private boolean leafHas(byte[] place, int offset, int length) {
    OrderNode leaf = leaf();
    int last = leaf.count() - 1;
    return last >= 0
        && (leaf.compare(0, place, offset, length) <= 0 || isFirst())
        && (leaf.compare(last, place, offset, length) >= 0 || isLast());
  }

  private boolean isFirst() {
    for (int level = 0; level < depth; level++) {
      if (path[level].chosen > 0) {
        return false;
      }
    }
    return true;
  }

  private boolean isLast() {
    for (int level = 0; level < depth; level++) {
      if (path[level].chosen < path[level].count() - 1) {
        return false;
      }
    }
    return true;
  }

  /** Finds how much the nodes above may be owed so that they can be written where they are. */
  private void findLimits() {
    leastOwed = Long.MIN_VALUE;
    mostOwed = Long.MAX_VALUE;
    for (int level = 0; level < depth; level++) {
      OrderNode node = path[level];
      leastOwed = Math.max(leastOwed, node.mayFall(node.chosen));
      mostOwed = Math.min(mostOwed, node.mayGrow(node.chosen));
      if (!store.wouldOverwrite(node.handle(store), node.size)) {
        mostOwed = Long.MIN_VALUE;
      }
    }
    limitsKnown = true;
  }

  /**
   * What was asked for was found where the path stays: nothing above was written after its leaf.
   */
  private void noteStay() {
    entryIndex = Math.max(entryIndex, leaf().index());
    newestStamp = Math.max(newestStamp, leaf().stamp());
  }

  private long rankOfLeaf() {
    if (rankOfLeaf < 0) {
      rankOfLeaf = 0;
      for (int level = 0; level < depth; level++) {
        rankOfLeaf += path[level].before(path[level].chosen);
      }
    }
    return rankOfLeaf;
  }

  /** Whether all that a visit wants is in the leaf where the path stays. */
  private boolean hasAll(long rank, long count, boolean backwards) {
    long at = rank - rankOfLeaf();
    long left = leaf().count() - at;
    return at >= 0 && left > 0 && count <= (backwards ? at + 1 : left);
  }

  /** Whether the leaf where the path stays is all that a change of it changes now. */
  private boolean canOwe(int more) {
    OrderNode leaf = leaf();
    boolean isWhole = more >= 0 || depth == 0 || mayStay(leaf, path[depth - 1]);
    if (!stays || leaf.count() == 0 || isTooLarge(leaf) || !isWhole) {
      return false;
    }
    if (!limitsKnown) {
      findLimits();
    }
    long sum = owedBefore + owed + more;
    return sum >= leastOwed && sum <= mostOwed;
  }

  /** The path may lead elsewhere from now on: what nodes are owed is written. */
  void leave() {
    if (stays) {
      payEarlier();
      if (owed != 0) {
        raiseCounts(owed);
        for (int level = depth - 1; level >= 0; level--) {
          write(path[level], owedIndex, owedStamp);
        }
      }
      owed = 0;
      stays = false;
    }
  }

  private void payEarlier() {
    if (owedBefore != 0) {
      raiseCounts(owedBefore);
      for (int level = depth - 1; level >= 0; level--) {
        OrderNode node = path[level];
        int from = node.changedFrom();
        int to = node.changedTo();
        store.overwriteForEarlier(
            node.handle(store), earlierIndex, earlierStamp, node.bytes, node.size, from, to);
        wrote(node, node.handle(store));
      }
    }
    owedBefore = 0;
  }

  private void raiseCounts(long by) {
    for (int level = depth - 1; level >= 0; level--) {
      OrderNode node = path[level];
      node.look(node.chosen);
      boolean fits = node.setBelow(node.chosen, node.below + by);
      Invariants.check(fits, "an owed count takes more room than before", node.id, by);
    }
  }

  /** Another command runs: what was owed so far is not undone with it. */
  void commandBegins() {
    if (owed != 0) {
      owedBefore += owed;
      earlierIndex = owedIndex;
      earlierStamp = owedStamp;
      owed = 0;
    }
  }

  /** What the running command wrote over has been undone; what was owed before it is not. */
  void commandUndone() {
    owed = 0;
    if (stays) {
      payEarlier();
      stays = false;
    }
  }

  /** All that the present batch wrote is undone. */
  void batchUndone() {
    owedBefore = 0;
    owed = 0;
    stays = false;
  }

  // ---- changing

  /**
   * Puts a place with a value, as of an entry.
   *
   * @return whether it is new
   */
  public boolean put(
      long atIndex,
      long atStamp,
      byte[] place,
      int offset,
      int length,
      byte[] value,
      int valueOffset,
      int valueLength) {
    index = atIndex;
    stamp = atStamp;
    tookId = false;
    if (!descend(place, offset, length)) {
      node(0).begin(OrderNode.ROOT, 0, 1);
    }
    OrderNode leaf = leaf();
    leaf.chosen = boundInLeaf(place, offset, length);
    boolean fresh = !leaf.isAt(leaf.chosen, place, offset, length);
    scratch.clear();
    scratch.putBlock(place, offset, length).putBlock(value, valueOffset, valueLength);
    if (fresh && beginsLeaf(leaf)) {
      leave();
      beginLeaf(leaf, place, offset, length);
      settle(depth - 1, 1);
      return true;
    }
    if (fresh) {
      leaf.insert(leaf.chosen, scratch.array(), scratch.size());
    } else {
      leaf.set(leaf.chosen, scratch.array(), scratch.size());
    }
    settle(depth, fresh ? 1 : 0);
    return fresh;
  }

  /** Whether what is in the scratch would be first or last in a leaf that is full. */
  private boolean beginsLeaf(OrderNode leaf) {
    return depth > 0
        && leaf.size + scratch.size() > MAX_NODE_BYTES
        && (leaf.chosen == 0 || leaf.chosen == leaf.count());
  }

  /** Puts what is in the scratch into a leaf of its own beside a full one, which stays as it is. */
  private void beginLeaf(OrderNode leaf, byte[] place, int offset, int length) {
    OrderNode parent = path[depth - 1];
    int at = parent.chosen;
    int id = takeId();
    other.begin(id, 0, 0);
    other.insert(0, scratch.array(), scratch.size());
    write(other);
    boolean first = leaf.chosen == 0;
    leaf.look(first ? 0 : leaf.count() - 1);
    int told =
        1
            + Arrays.mismatch(
                leaf.bytes,
                leaf.placeAt,
                leaf.placeAt + leaf.placeLength,
                place,
                offset,
                offset + length);
    scratch.clear();
    if (first) {
      parent.look(at);
      long below = parent.below;
      setChild(parent, at, id, 1);
      scratch.clear();
      putChild(leaf.id, below, leaf.bytes, leaf.placeAt, told);
    } else {
      putChild(id, 1, place, offset, told);
    }
    parent.insert(at + 1, scratch.array(), scratch.size());
    parent.chosen = first ? at : at + 1;
  }

  private int takeId() {
    OrderNode root = path[0];
    int id = root.nextId();
    root.setNextId(id + 1);
    tookId = true;
    return id;
  }

  /**
   * Removes a place, as of an entry.
   *
   * @return whether it was there
   */
  public boolean remove(long atIndex, long atStamp, byte[] place, int offset, int length) {
    if (!find(place, offset, length)) {
      return false;
    }
    removeFound(atIndex, atStamp);
    return true;
  }

  /** Removes the place that was just found, as of an entry. */
  void removeFound(long atIndex, long atStamp) {
    index = atIndex;
    stamp = atStamp;
    tookId = false;
    leaf().cut(leaf().chosen);
    settle(depth, -1);
  }

  /** Writes a changed node, and what is above it, which has so many places more. */
  private void settle(int changedLevel, int more) {
    if (changedLevel == depth && canOwe(more)) {
      write(leaf());
      owed += more;
      owedIndex = index;
      owedStamp = stamp;
      return;
    }
    leave();
    boolean sameNodes = true;
    for (int level = changedLevel; level > 0; level--) {
      OrderNode node = path[level];
      OrderNode parent = path[level - 1];
      if (node.count() == 0) {
        removeNode(node.id);
        parent.cut(parent.chosen);
        sameNodes = false;
      } else if (isTooLarge(node)) {
        split(node, parent);
        sameNodes = false;
      } else if (more < 0 && !mayStay(node, parent) && join(node, parent)) {
        sameNodes = false;
      } else {
        write(node);
        if (more == 0 && !tookId) {
          return;
        }
        parent.look(parent.chosen);
        setChild(parent, parent.chosen, node.id, parent.below + more);
      }
    }
    if (settleRoot() && sameNodes && changedLevel == depth) {
      stay();
    }
  }

  /**
   * Whether a node from which something was removed need not be joined with another: it is not
   * small, or at an end, from which what comes is taken, too.
   */
  private static boolean mayStay(OrderNode node, OrderNode parent) {
    return node.size >= SMALL_NODE_BYTES
        || node.chosen == 0 && parent.chosen == 0
        || node.chosen >= node.count() - 1 && parent.chosen == parent.count() - 1;
  }

  /** Above the leaves places may be long, too: a tree of nodes with two children would be high. */
  private static boolean isTooLarge(OrderNode node) {
    return node.size > MAX_NODE_BYTES && node.count() > (node.isLeaf() ? 1 : LARGE_FAN_OUT);
  }

  /** Writes the root; false if other nodes are below it than before. */
  private boolean settleRoot() {
    OrderNode root = path[0];
    if (root.count() == 0) {
      removeNode(OrderNode.ROOT);
    } else if (isTooLarge(root)) {
      growRoot(root);
    } else if (!root.isLeaf() && root.count() == 1) {
      shrinkRoot(root);
    } else {
      write(root);
      return true;
    }
    return false;
  }

  /** Moves what comes after the middle to a new node behind it. */
  private void split(OrderNode node, OrderNode parent) {
    int middle = middle(node);
    int id = takeId();
    copyPart(node, middle, node.count(), id);
    write(other);
    long after = other.total();
    int at = parent.chosen;
    scratch.clear();
    int length = node.lengthToTell(middle);
    putChild(id, after, node.bytes, node.placeAt, length);
    parent.insert(at + 1, scratch.array(), scratch.size());
    node.cutFrom(middle);
    write(node);
    setChild(parent, at, node.id, node.total());
    parent.chosen = node.chosen < middle ? at : at + 1;
  }

  /** Where to split: in the middle of the bytes, but beside what was put first or last. */
  private static int middle(OrderNode node) {
    int last = node.count() - 1;
    if (node.chosen >= last) {
      return last;
    }
    if (node.chosen == 0) {
      return 1;
    }
    int middle = 1;
    while (middle < last && node.start(middle) - node.header() < node.size / 2) {
      middle++;
    }
    return middle;
  }

  /** Copies some entries of a node to a new one. */
  private void copyPart(OrderNode from, int first, int end, int id) {
    other.begin(id, from.level(), 0);
    int start = from.start(first);
    int length = from.start(end) - start;
    other.room(other.size + length);
    System.arraycopy(from.bytes, start, other.bytes, other.size, length);
    other.size += length;
    other.parse();
  }

  /** What is in the root goes to two new nodes below it. */
  private void growRoot(OrderNode root) {
    int middle = middle(root);
    int id = root.nextId();
    ByteSink children = new ByteSink(256);
    long[] totals = new long[2];
    for (int half = 0; half < 2; half++) {
      int first = half == 0 ? 0 : middle;
      copyPart(root, first, half == 0 ? middle : root.count(), id + half);
      write(other);
      totals[half] = other.total();
      scratch.clear();
      int length = half == 0 ? 0 : root.lengthToTell(first); // nothing comes before the first one
      putChild(id + half, totals[half], root.bytes, root.placeAt, length);
      children.putBytes(scratch.array(), 0, scratch.size());
    }
    root.begin(OrderNode.ROOT, root.level() + 1, id + 2);
    root.replace(root.size, root.size, children.array(), children.size());
    root.parse();
    write(root);
  }

  /** The only child of the root takes its place. */
  private void shrinkRoot(OrderNode root) {
    root.look(0);
    int child = root.child;
    Invariants.check(read(child, other), "a root has its child", child, 0);
    int nextId = root.nextId();
    root.begin(OrderNode.ROOT, other.level(), nextId);
    int length = other.size - other.header();
    root.room(root.size + length);
    System.arraycopy(other.bytes, other.header(), root.bytes, root.size, length);
    root.size += length;
    root.parse();
    removeNode(child);
    settleRoot();
  }

  /** Joins a small node with the one before or after it, if both are small; false if not. */
  private boolean join(OrderNode node, OrderNode parent) {
    int at = parent.chosen;
    for (int neighbour : new int[] {at - 1, at + 1}) {
      if (neighbour < 0 || neighbour >= parent.count()) {
        continue;
      }
      parent.look(neighbour);
      int id = parent.child;
      Invariants.check(read(id, other), "a node has its children", parent.id, id);
      if (other.size + node.size <= JOINED_NODE_BYTES) {
        parent.look(Math.max(at, neighbour));
        beginAt(neighbour < at ? node : other, parent);
        int place = neighbour < at ? node.header() : node.size;
        int header = other.header();
        byte[] entries = Arrays.copyOfRange(other.bytes, header, other.size);
        node.replace(place, place, entries, entries.length);
        node.parse();
        removeNode(id);
        write(node);
        joinChildren(parent, Math.min(at, neighbour), node);
        return true;
      }
    }
    return false;
  }

  /**
   * The first child of a node takes all before the second one, whatever its own first place says.
   * Before it stops to be the first, it must say from where on it does.
   *
   * @param parent looks at the node
   */
  private void beginAt(OrderNode node, OrderNode parent) {
    if (node.isLeaf()) {
      return;
    }
    node.look(0);
    scratch.clear();
    putChild(node.child, node.below, parent.bytes, parent.placeAt, parent.placeLength);
    node.set(0, scratch.array(), scratch.size());
  }

  /** Two children became one, under the first one's place. */
  private void joinChildren(OrderNode parent, int first, OrderNode node) {
    parent.look(first);
    scratch.clear();
    putChild(node.id, node.total(), parent.bytes, parent.placeAt, parent.placeLength);
    parent.set(first, scratch.array(), scratch.size());
    parent.cut(first + 1);
    parent.chosen = first;
  }

  private void setChild(OrderNode parent, int number, int id, long below) {
    parent.look(number);
    if (parent.child == id && parent.setBelow(number, below)) {
      return;
    }
    parent.look(number);
    scratch.clear();
    putChild(id, below, parent.bytes, parent.placeAt, parent.placeLength);
    parent.set(number, scratch.array(), scratch.size());
  }

  private void putChild(int id, long below, byte[] array, int placeAt, int placeLength) {
    scratch.putVarint(id).putVarint(below).putBlock(array, placeAt, placeLength);
  }

  private void write(OrderNode node) {
    write(node, index, stamp);
  }

  private void write(OrderNode node, long atIndex, long atStamp) {
    int handle = node.handle(store);
    int from = Math.min(node.changedFrom(), node.size);
    int to = Math.min(node.changedTo(), node.size);
    if (!store.overwrites(handle, atIndex, atStamp, node.bytes, 0, node.size, from, to)) {
      writeId(node.id);
      handle =
          store
              .fields()
              .write(atIndex, atStamp, order, idBytes, 0, ID_BYTES, node.bytes, 0, node.size);
    }
    wrote(node, handle);
  }

  private void wrote(OrderNode node, int handle) {
    node.isAs(order, handle, store);
    for (OrderNode each : own) {
      if (each != null) {
        each.forgetIf(node);
      }
    }
    inner.forgetIf(node);
    other.forgetIf(node);
  }

  private void removeNode(int id) {
    writeId(id);
    store.fields().remove(index, stamp, order, idBytes, 0, ID_BYTES);
  }
}
