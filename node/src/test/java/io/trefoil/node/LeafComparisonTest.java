package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.NodeId;
import io.trefoil.storage.BucketDigests;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LeafComparisonTest {
  private static final NodeId N1 = new NodeId(1);
  private static final NodeId N2 = new NodeId(2);
  private static final NodeId N3 = new NodeId(3);

  private final LeafComparison comparison = new LeafComparison();

  /** Sums of the first leaves; the others are 0. */
  private static BucketDigests sums(long... first) {
    long[] all = new long[BucketDigests.COUNT];
    System.arraycopy(first, 0, all, 0, first.length);
    return new BucketDigests(all, first.length);
  }

  @Test
  void equalCopiesNeedOneLook() {
    comparison.look(Map.of(N1, sums(5, 6), N2, sums(5, 6), N3, sums(5, 6)));
    assertThat(comparison.open()).isZero();
    assertThat(comparison.differing()).isZero();
  }

  @Test
  void whatIsOnItsWayComesToBeEqual() {
    comparison.look(Map.of(N1, sums(5, 6), N2, sums(4, 6)));
    assertThat(comparison.open()).isOne();
    assertThat(comparison.differing()).isZero();
    comparison.look(Map.of(N1, sums(5, 6), N2, sums(5, 6)));
    assertThat(comparison.open()).isZero();
  }

  @Test
  void aLeafThatWasEqualOnceIsEqualWhateverIsWrittenLater() {
    comparison.look(Map.of(N1, sums(5, 6), N2, sums(4, 6)));
    comparison.look(Map.of(N1, sums(5, 7), N2, sums(5, 8)));
    comparison.look(Map.of(N1, sums(5, 7), N2, sums(5, 8)));
    assertThat(comparison.open()).isZero();
    assertThat(comparison.differing()).isZero();
  }

  @Test
  void onlyWhatDiffersWithoutHavingChangedDiffers() {
    comparison.look(Map.of(N1, sums(1, 2, 3), N2, sums(1, 9, 9), N3, sums(1, 2, 3)));
    comparison.look(Map.of(N1, sums(1, 2, 4), N2, sums(1, 9, 9), N3, sums(1, 2, 4)));
    assertThat(comparison.open()).isEqualTo(2);
    assertThat(comparison.differing()).isOne();
    comparison.look(Map.of(N1, sums(1, 3, 4), N2, sums(1, 9, 9), N3, sums(1, 3, 4)));
    assertThat(comparison.open()).isEqualTo(2);
    assertThat(comparison.differing()).isOne(); // the other one now: that one was written
  }

  @Test
  void whatShowsTheSameDoesNotDiffer() {
    for (int look = 0; look < 2; look++) {
      comparison.look(Map.of(N1, sums(1, 2, 3), N2, sums(1, 9, 9)));
    }
    assertThat(comparison.differingLeaves()).containsExactly(1, 2);
    comparison.lookAtShown(Map.of(N1, sums(0, 7, 8), N2, sums(0, 7, 6)));
    assertThat(comparison.differingLeaves()).containsExactly(2);
    comparison.look(Map.of(N1, sums(1, 2, 3), N2, sums(1, 9, 9)));
    assertThat(comparison.differingLeaves()).containsExactly(2);
    assertThat(comparison.open()).isOne();
  }

  @Test
  void oneThatIsNotComparedAnyMoreDoesNotCount() {
    comparison.look(Map.of(N1, sums(1), N2, sums(1), N3, sums(2)));
    assertThat(comparison.open()).isOne();
    comparison.look(Map.of(N1, sums(1), N2, sums(1)));
    assertThat(comparison.open()).isZero();
    assertThat(comparison.last()).containsOnlyKeys(N1, N2);
  }
}
