package io.trefoil.node.http;

/**
 * What this node's replicas of leaderless partitions did to be as the others, since it started.
 *
 * @param bytes sent: questions, and answers to others
 * @param equal rounds of its own that found nothing to differ
 * @param differed rounds that found something, and merged what was lacking
 * @param failed rounds that did not come to an end
 */
public record RepairCounts(long bytes, long equal, long differed, long failed) {
  public static final RepairCounts NONE = new RepairCounts(0, 0, 0, 0);

  /** Both together. */
  public RepairCounts plus(RepairCounts other) {
    return new RepairCounts(
        bytes + other.bytes, equal + other.equal, differed + other.differed, failed + other.failed);
  }

  /** The larger of each: counters never go back. */
  RepairCounts orMore(RepairCounts other) {
    return new RepairCounts(
        Math.max(bytes, other.bytes),
        Math.max(equal, other.equal),
        Math.max(differed, other.differed),
        Math.max(failed, other.failed));
  }
}
