package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.control.Database;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Asks the leaders of a region that was removed from a database, and takes no more writes, whether
 * some other region has all that it wrote: from there it comes to the others.
 *
 * <p>Belongs to the data loop's thread.
 *
 * <pre>
 * asked:    id (8)
 * answered: id (8) · entries that no other region is known to have (varint)
 * </pre>
 */
final class RegionDeparture {
  private static final long ASK_AGAIN_NANOS = 300_000_000L;
  private static final long GIVE_UP_NANOS = 4_000_000_000L;

  private final DataLoop loop;
  private final RegionLinks links;
  private final Database database;
  private final String region;
  private final long id;
  private final Consumer<String> then;
  private final Set<Integer> left = new TreeSet<>();
  private final long begunNanos;
  private long untaken = -1;
  private long askedNanos;

  /**
   * @param id drawn at random
   * @param then gets what is missing, for people, or null; once
   */
  RegionDeparture(
      DataLoop loop,
      RegionLinks links,
      Database database,
      String region,
      long id,
      Consumer<String> then) {
    this.loop = loop;
    this.links = links;
    this.database = database;
    this.region = region;
    this.id = id;
    this.then = then;
    this.begunNanos = loop.nowNanos();
    this.askedNanos = begunNanos - ASK_AGAIN_NANOS - 1;
    for (int partition = 0; partition < database.settings().partitions(); partition++) {
      left.add(partition);
    }
  }

  long id() {
    return id;
  }

  /** Goes on, or gives up. Returns whether it is over. */
  boolean tick() {
    long now = loop.nowNanos();
    if (left.isEmpty()) {
      then.accept(null);
      return true;
    }
    if (now - begunNanos > GIVE_UP_NANOS) {
      then.accept(missing());
      return true;
    }
    if (now - askedNanos > ASK_AGAIN_NANOS) {
      askedNanos = now;
      left.forEach(this::ask);
    }
    return false;
  }

  private String missing() {
    int partition = left.iterator().next();
    String what =
        untaken < 0
            ? "did not say what other regions have of partition " + partition
            : "has "
                + untaken
                + " entries of partition "
                + partition
                + " that no other region has yet";
    return left.size() == 1 ? what : what + ", and so on of " + left.size() + " partitions";
  }

  private void ask(int partition) {
    RegionLinks.Remote leader = links.leader(region, database.definition(), partition);
    if (leader != null) {
      ByteSink frame = links.begin(Frames.REGION_TAKEN, database.definition(), partition);
      links.send(leader, frame.putLong(id));
    }
  }

  /** Takes an answer. */
  void take(int partition, ByteSource answer) {
    long entries = answer.getVarint();
    answer.expectEnd();
    if (entries == 0) {
      left.remove(partition);
    } else if (left.contains(partition) && left.iterator().next() == partition) {
      untaken = entries;
    }
  }
}
