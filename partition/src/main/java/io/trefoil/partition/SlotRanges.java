package io.trefoil.partition;

import io.trefoil.base.Invariants;

/**
 * The fixed slot ranges of a database's partitions: partition numbers rise with the slots, and
 * sizes differ by at most one slot.
 *
 * @param partitions 1 to {@link Slots#COUNT}
 */
public record SlotRanges(int partitions) {
  public SlotRanges {
    Invariants.check(
        partitions >= 1 && partitions <= Slots.COUNT, "partitions out of range", partitions, 1);
  }

  /** The number of the partition that {@code slot} (0 to 16,383) belongs to. */
  public int partitionOf(int slot) {
    return slot * partitions / Slots.COUNT;
  }

  /** The first slot of a partition (0 to {@code partitions - 1}). */
  public int firstSlot(int partition) {
    return (partition * Slots.COUNT + partitions - 1) / partitions;
  }

  /** The last slot of a partition, itself included. */
  public int lastSlot(int partition) {
    return firstSlot(partition + 1) - 1;
  }
}
