package io.trefoil.replication.leaderless;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Membership;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Replicas with cells in maps, the shell around their anti-entropy, and a network, all under one
 * seed. The largest stamp of a key wins; a removal is a cell without a value.
 */
final class RepairCluster {
  static final RepairSettings SETTINGS = new RepairSettings(500, 200, 1_000, 4, 2, 1 << 20);

  /** At most so many keys are told of in a message. */
  private static final int KEYS_A_MESSAGE = 3;

  /** How a shell may be wrong; the checks must notice. */
  enum Mistake {
    NONE(1),
    /** The horizon is taken over those replicas that are up. */
    PURGES_WITHOUT_THE_ABSENT(15),
    /** A copy that forgot says that it vouches. */
    VOUCHES_THOUGH_IT_FORGOT(1),
    /** What was purged elsewhere is kept by a copy that forgot. */
    KEEPS_WHAT_WAS_PURGED(1),
    /** It is durable that a copy vouches when it merely counts. */
    VOUCHES_WHEN_IT_COUNTS(3_690),
    /** A round is said to be stable that is not. */
    CALLS_STABLE_WHAT_IS_NOT(955),
    /** What is late is merged, be it at or below the horizon. */
    TAKES_WHAT_IS_LATE(1);

    /** Rare ones are looked for from near where they are noticed. */
    final int firstSeed;

    Mistake(int firstSeed) {
      this.firstSeed = firstSeed;
    }
  }

  /** A key's cell. */
  record Cell(long stamp, String value) {
    boolean isRemoval() {
      return value == null;
    }
  }

  /** Something that happens at a time, of a kind that may be void by then. */
  private record Due(long atMillis, long order, Runnable action) {}

  final Random random;
  final Mistake mistake;
  final List<Node> nodes = new ArrayList<>();
  final Membership membership;

  /** Key → the largest stamp of a removal of it that was ever purged by anybody. */
  final Map<String, Long> purged = new TreeMap<>();

  /** Key → the newest cell that was ever stable anywhere. */
  final Map<String, Cell> newest = new TreeMap<>();

  /** Key and stamp → who made it durable and has not forgotten since. */
  private final Map<String, Set<NodeId>> holders = new TreeMap<>();

  /** Key → the largest stamp that as many copies held at once as an acknowledgement needs. */
  private final Map<String, Long> acknowledged = new TreeMap<>();

  /** Whether a copy said that what was acknowledged may be lost. */
  private boolean lost;

  private final int copies;
  private final PriorityQueue<Due> queue =
      new PriorityQueue<>(Comparator.comparingLong(Due::atMillis).thenComparingLong(Due::order));
  private long order;
  private long nowMillis = 1_000_000;
  double loss;

  RepairCluster(long seed, int size, int copies, Mistake mistake) {
    this.random = new Random(seed);
    this.mistake = mistake;
    this.copies = copies;
    List<NodeId> ids = new ArrayList<>();
    for (int i = 1; i <= size; i++) {
      ids.add(new NodeId(i));
    }
    this.membership = Membership.of(ids, copies);
    for (NodeId id : ids) {
      nodes.add(new Node(id));
    }
    nodes.forEach(Node::start);
  }

  Node node(NodeId id) {
    return nodes.get(id.number() - 1);
  }

  /** Lets time pass. */
  void run(long millis) {
    long end = nowMillis + millis;
    while (nowMillis < end) {
      nowMillis += 20;
      while (!queue.isEmpty() && queue.peek().atMillis() <= nowMillis) {
        queue.poll().action().run();
      }
      for (Node node : nodes) {
        if (node.up) {
          node.tick();
        }
      }
      checkNothingCameBack();
    }
  }

  private void after(long millis, Runnable action) {
    queue.add(new Due(nowMillis + millis, order++, action));
  }

  private void checkNothingCameBack() {
    for (Node node : nodes) {
      if (node.up && node.machine.state() == CopyState.VOUCHES) {
        node.cells.forEach(
            (key, cell) -> {
              if (!cell.isRemoval() && cell.stamp() < purged.getOrDefault(key, 0L)) {
                throw new AssertionError(key + " came back at " + node + ": " + cell);
              }
            });
      }
    }
  }

  /** A replica: its copy, what of it is durable, and its shell. */
  final class Node implements SumTree, RepairEffects {
    final NodeId id;
    NavigableMap<String, Cell> cells = new TreeMap<>();
    AntiEntropy machine;
    boolean up;
    int cellsRead;
    long horizonOfMistake;

    private Map<String, Long> acknowledgedBefore;
    private int start;
    private long clock;
    private final long skewMillis = random.nextInt(2_000);
    private final Map<NodeId, Integer> heardStarts = new TreeMap<>();
    private final Deque<RepairEffect> effects = new ArrayDeque<>();
    private boolean carryingOut;

    private Durable durable = new Durable(new TreeMap<>(), 0, CopyState.VOUCHES);

    /** What was durable at some times before, in their order. */
    private final List<Durable> backups = new ArrayList<>();

    /** What a start finds. */
    private record Durable(SortedMap<String, Cell> cells, long horizon, CopyState state) {}

    private Node(NodeId id) {
      this.id = id;
    }

    void start() {
      start++;
      acknowledgedBefore = new TreeMap<>(acknowledged);
      up = true;
      cells = new TreeMap<>(durable.cells());
      heardStarts.clear();
      effects.clear();
      machine =
          new AntiEntropy(
              id,
              start,
              this,
              SETTINGS,
              new AntiEntropy.Recovered(durable.state(), durable.horizon(), new TreeSet<>()));
      tick();
      feed(new RepairEvent.Configured(1, membership));
    }

    void stop() {
      up = false;
      for (Node other : nodes) {
        if (other.up && random.nextBoolean()) {
          other.feed(new RepairEvent.PeerLost(id));
        }
      }
    }

    /** Loses its last changes, or all, for good; must be down. */
    void forget(boolean all) {
      int kept = all ? 0 : random.nextInt(backups.size() + 1);
      backups.subList(kept, backups.size()).clear();
      Durable old =
          kept == 0 ? new Durable(new TreeMap<>(), 0, CopyState.FORGOT) : backups.get(kept - 1);
      CopyState state =
          mistake == Mistake.VOUCHES_THOUGH_IT_FORGOT ? CopyState.VOUCHES : CopyState.FORGOT;
      durable = new Durable(old.cells(), old.horizon(), state);
      holders.values().forEach(it -> it.remove(id));
    }

    boolean hasAllOnDisk() {
      return durable.state() == CopyState.VOUCHES;
    }

    void tick() {
      clock = Math.max(clock, nowMillis + skewMillis << 16);
      feed(new RepairEvent.Tick(nowMillis, clock));
      if (random.nextInt(50) == 0) {
        makeStable();
      }
      if (mistake == Mistake.PURGES_WITHOUT_THE_ABSENT) {
        horizonOfMistake =
            nodes.stream()
                .filter(it -> it.up)
                .mapToLong(it -> it.machine.complete())
                .min()
                .orElse(0);
        purge();
      }
    }

    void feed(RepairEvent event) {
      machine.step(event, this);
      if (!carryingOut) {
        carryingOut = true;
        while (!effects.isEmpty()) {
          carryOut(effects.poll());
        }
        carryingOut = false;
      }
    }

    @Override
    public void add(RepairEffect effect) {
      effects.add(effect);
    }

    private void later(Runnable action) {
      int startNow = start;
      after(
          random.nextInt(60),
          () -> {
            if (up && start == startNow) {
              action.run();
            }
          });
    }

    private void carryOut(RepairEffect effect) {
      if (effect instanceof RepairEffect.Send send) {
        deliver(send.to(), random.nextInt(40), it -> it.feed(received(send.message())));
      } else if (effect instanceof RepairEffect.ListLeaf list) {
        later(
            () ->
                feed(
                    new RepairEvent.Listed(
                        list.round(), list.leaf(), list(list.leaf(), text(list.from())))));
      } else if (effect instanceof RepairEffect.Examine examine) {
        later(() -> examine(examine));
      } else if (effect instanceof RepairEffect.Merge merge) {
        later(() -> merge(merge));
      } else if (effect instanceof RepairEffect.Became became) {
        checkWhole(this, became);
      } else if (effect instanceof RepairEffect.AwaitStable await) {
        later(
            () -> {
              if (mistake != Mistake.CALLS_STABLE_WHAT_IS_NOT) {
                makeStable();
              }
              feed(new RepairEvent.Stable(await.round()));
            });
      }
    }

    private RepairEvent received(RepairMessage message) {
      return new RepairEvent.Received(id, message);
    }

    /** In order, unless lost; not from or to an earlier start. */
    private void deliver(NodeId to, long delayMillis, Consumer<Node> action) {
      if (random.nextDouble() < loss) {
        return;
      }
      Node receiver = node(to);
      int from = start;
      int toStart = receiver.start;
      long at = Math.max(nowMillis + delayMillis, arrivals.getOrDefault(to, 0L));
      if (delayMillis < 1_000) {
        arrivals.put(to, at);
      }
      after(
          at - nowMillis,
          () -> {
            boolean current = from >= receiver.heardStarts.getOrDefault(id, 0);
            if (receiver.up && receiver.start == toStart && current) {
              receiver.heardStarts.put(id, from);
              action.accept(receiver);
            }
          });
    }

    private final Map<NodeId, Long> arrivals = new TreeMap<>();

    // Writes.

    /** Coordinates a write; what of it gets to others, and when, is chance. */
    void write(String key, String value) {
      clock = (Math.max(clock, nowMillis + skewMillis << 16) >> 3) + 1 << 3 | id.number();
      Cell cell = new Cell(clock, value);
      apply(key, cell, false);
      if (random.nextInt(4) == 0) {
        return; // not stable, so it goes to nobody
      }
      makeStable();
      for (Node other : nodes) {
        if (other != this && random.nextInt(3) > 0) {
          stream(other, key, cell, random.nextInt(60));
        }
        if (other != this && random.nextInt(5) == 0) {
          stream(other, key, cell, random.nextInt(20_000));
        }
      }
    }

    private void stream(Node to, String key, Cell cell, long delayMillis) {
      deliver(
          to.id,
          delayMillis,
          it -> {
            it.clock = Math.max(it.clock, cell.stamp());
            it.apply(key, cell, false);
          });
    }

    private void apply(String key, Cell cell, boolean restores) {
      Cell have = cells.get(key);
      long ignoredUpTo = Math.max(machine.horizon(), horizonOfMistake);
      if (have == null && cell.stamp() <= ignoredUpTo && !restores) {
        if (mistake != Mistake.TAKES_WHAT_IS_LATE) {
          return;
        }
      }
      if (have == null || have.stamp() < cell.stamp()) {
        cells.put(key, cell);
      }
    }

    void makeStable() {
      CopyState state = machine.state();
      if (mistake == Mistake.VOUCHES_WHEN_IT_COUNTS && state == CopyState.COUNTS) {
        state = CopyState.VOUCHES;
      }
      durable = new Durable(new TreeMap<>(cells), machine.horizon(), state);
      cells.forEach((key, cell) -> newest.merge(key, cell, RepairCluster::newer));
      cells.forEach((key, cell) -> holds(key, cell, id));
      if (random.nextInt(20) == 0) {
        backups.add(durable);
      }
      purge();
    }

    private void purge() {
      long upTo = Math.max(durable.horizon(), horizonOfMistake);
      cells
          .entrySet()
          .removeIf(
              it -> {
                boolean gone = it.getValue().isRemoval() && it.getValue().stamp() <= upTo;
                if (gone) {
                  purged.merge(it.getKey(), it.getValue().stamp(), Math::max);
                }
                return gone;
              });
    }

    // Keys as texts "key=stamp" and "key=stamp=value"; a stamp of 0 for a key that is not held.

    private SortedMap<String, Cell> leaf(int leaf, String from) {
      SortedMap<String, Cell> found = new TreeMap<>();
      cells
          .tailMap(from, true)
          .forEach(
              (key, cell) -> {
                if (leafOf(key) == leaf) {
                  found.put(key, cell);
                }
              });
      return found;
    }

    private Bytes list(int leaf, String from) {
      StringBuilder listing = new StringBuilder();
      leaf(leaf, from)
          .forEach(
              (key, cell) -> listing.append(key).append('=').append(digest(key, cell)).append(';'));
      cellsRead++;
      return Bytes.utf8(listing.toString());
    }

    private void examine(RepairEffect.Examine asked) {
      makeStable();
      cellsRead++;
      SortedMap<String, String> theirs = new TreeMap<>();
      for (String each : asked.listing().toString().split(";")) {
        if (!each.isEmpty()) {
          theirs.put(each.split("=")[0], each.split("=")[1]);
        }
      }
      SortedMap<String, Cell> mine = leaf(asked.leaf(), text(asked.at()));
      TreeSet<String> keys = new TreeSet<>(mine.keySet());
      if (asked.forgot()) {
        keys.addAll(theirs.keySet());
      }
      keys.removeIf(
          key ->
              mine.containsKey(key) && ("" + digest(key, mine.get(key))).equals(theirs.get(key)));
      StringBuilder changes = new StringBuilder();
      String next = null;
      int told = 0;
      for (String key : keys) {
        if (told++ == KEYS_A_MESSAGE) {
          next = key;
          break;
        }
        Cell cell = mine.getOrDefault(key, new Cell(0, null));
        changes.append(key).append('=').append(cell.stamp());
        changes.append(cell.isRemoval() ? "" : "=" + cell.value()).append(';');
      }
      feed(
          new RepairEvent.Examined(
              asked.from(),
              asked.round(),
              asked.step(),
              asked.leaf(),
              changes.isEmpty() ? null : Bytes.utf8(changes.toString()),
              next == null ? null : Bytes.utf8(next)));
    }

    private void merge(RepairEffect.Merge merge) {
      cellsRead++;
      int keys = 0;
      for (String each : merge.changes().toString().split(";")) {
        String[] parts = each.split("=");
        long stamp = Long.parseLong(parts[1]);
        Cell have = cells.get(parts[0]);
        if (have != null && have.stamp() <= merge.purged() && have.stamp() != stamp) {
          if (mistake != Mistake.KEEPS_WHAT_WAS_PURGED) {
            cells.remove(parts[0]);
          }
        }
        if (stamp > 0) {
          clock = Math.max(clock, stamp);
          apply(parts[0], new Cell(stamp, parts.length > 2 ? parts[2] : null), merge.restores());
        }
        keys++;
      }
      feed(new RepairEvent.Merged(merge.round(), merge.leaf(), keys));
    }

    @Override
    public long sum(int level, int node) {
      int shift = 4 * (LEAF_LEVEL - level);
      long sum = 0;
      for (Map.Entry<String, Cell> each : cells.entrySet()) {
        if (leafOf(each.getKey()) >> shift == node) {
          sum += digest(each.getKey(), each.getValue());
        }
      }
      return sum;
    }

    @Override
    public String toString() {
      return id + " " + machine + " " + cells;
    }
  }

  private void holds(String key, Cell cell, NodeId id) {
    Set<NodeId> all = holders.computeIfAbsent(key + "=" + cell.stamp(), it -> new TreeSet<>());
    all.add(id);
    if (all.size() >= copies) {
      acknowledged.merge(key, cell.stamp(), Math::max);
    }
  }

  /** One that is surely whole has what was acknowledged before it forgot, or it was purged. */
  private void checkWhole(Node node, RepairEffect.Became became) {
    if (!became.surely()) {
      lost |= became.state() == CopyState.COUNTS;
      return;
    }
    node.acknowledgedBefore.forEach(
        (key, stamp) -> {
          Cell cell = node.cells.get(key);
          boolean has = cell != null && cell.stamp() >= stamp;
          if (!lost && !has && purged.getOrDefault(key, 0L) < stamp) {
            throw new AssertionError(key + " of " + stamp + " is not at " + node);
          }
        });
  }

  private static Cell newer(Cell a, Cell b) {
    return a.stamp() > b.stamp() ? a : b;
  }

  /** Several keys fall into a leaf. */
  private static int leafOf(String key) {
    return Math.floorMod(key.hashCode() / 7 * 977, SumTree.LEAVES);
  }

  private static long digest(String key, Cell cell) {
    long hash = key.hashCode() * 0x9E3779B97F4A7C15L + cell.stamp();
    hash ^= hash >>> 29;
    hash *= 0xBF58476D1CE4E5B9L;
    return hash ^ hash >>> 32;
  }

  private static String text(Bytes bytes) {
    return bytes.toString();
  }
}
