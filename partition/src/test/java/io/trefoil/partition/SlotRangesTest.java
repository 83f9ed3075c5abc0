package io.trefoil.partition;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class SlotRangesTest {
  @Property(tries = 200)
  void rangesFollowEachOtherAndDifferByAtMostOneSlot(
      @ForAll @IntRange(min = 1, max = Slots.COUNT) int partitions) {
    SlotRanges ranges = new SlotRanges(partitions);
    int smallest = Slots.COUNT / partitions;
    int next = 0;
    for (int p = 0; p < partitions; p++) {
      assertThat(ranges.firstSlot(p)).isEqualTo(next);
      next = ranges.lastSlot(p) + 1;
      assertThat(next - ranges.firstSlot(p)).isBetween(smallest, smallest + 1);
      assertThat(ranges.partitionOf(ranges.firstSlot(p))).isEqualTo(p);
      assertThat(ranges.partitionOf(ranges.lastSlot(p))).isEqualTo(p);
    }
    assertThat(next).isEqualTo(Slots.COUNT);
  }
}
