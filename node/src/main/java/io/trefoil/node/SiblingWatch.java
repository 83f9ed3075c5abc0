package io.trefoil.node;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the keys of a partition that come to have siblings, and warns of those that have so many
 * that they take no plain writes any more: merging can't refuse. Owner thread only.
 */
final class SiblingWatch implements EntryApplier.SiblingCount {
  private static final Logger LOG = LoggerFactory.getLogger(SiblingWatch.class);

  private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int MAX_SHOWN = 64;

  private final Supplier<String> where;
  private final BooleanSupplier keepsSiblings;
  private final LongSupplier nowNanos;
  private long conflicts;
  private long atLimit;
  private long warnedNanos;

  /**
   * @param where the database and the partition, as the log names them
   * @param keepsSiblings whether the database does; else siblings are of no concern
   */
  SiblingWatch(Supplier<String> where, BooleanSupplier keepsSiblings, LongSupplier nowNanos) {
    this.where = where;
    this.keepsSiblings = keepsSiblings;
    this.nowNanos = nowNanos;
  }

  /** Merges by which a key came to have siblings. */
  long conflicts() {
    return conflicts;
  }

  /** Merges by which a key came to have as many siblings as it may. */
  long atLimit() {
    return atLimit;
  }

  @Override
  public void merged(byte[] key, int before, int now) {
    if (!keepsSiblings.getAsBoolean()) {
      return;
    }
    if (before < 2 && now >= 2) {
      conflicts++;
    }
    if (before < MergedCells.MAX_SIBLINGS && now >= MergedCells.MAX_SIBLINGS) {
      atLimit++;
      warn(key, now);
    }
  }

  private void warn(byte[] key, int siblings) {
    long now = nowNanos.getAsLong();
    if (atLimit > 1 && now - warnedNanos < QUIET_NANOS) {
      return;
    }
    warnedNanos = now;
    LOG.warn(
        "{} key={} has {} siblings and is written by RESOLVE only; keys with so many so far: {}",
        where.get(),
        shown(key),
        siblings,
        atLimit);
  }

  /** In quotes, shortened, and on one line whatever it holds. */
  static String shown(byte[] key) {
    boolean isLong = key.length > MAX_SHOWN;
    int length = isLong ? MAX_SHOWN : key.length;
    String text = new String(key, 0, length, StandardCharsets.ISO_8859_1);
    return "'" + text.replaceAll("[^ -~]", "?") + (isLong ? "...'" : "'");
  }
}
