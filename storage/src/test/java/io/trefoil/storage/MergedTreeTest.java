package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MergedTreeTest {
  private static MergedTree random(long seed) {
    Random random = new Random(seed);
    MergedTree tree = new MergedTree();
    for (int i = 0; i < 1_000; i++) {
      tree.add(random.nextInt(), random.nextLong());
    }
    return tree;
  }

  private static byte[] bytes(MergedTree tree) {
    ByteSink sink = new ByteSink();
    tree.write(sink);
    return sink.toArray();
  }

  @Test
  void aNodeIsTheSumOfItsChildren() {
    MergedTree tree = random(1);
    for (int level = 0; level < MergedTree.LEAF_LEVEL; level++) {
      for (int node = 0; node < 1 << 4 * level; node++) {
        long sum = 0;
        for (int child = 0; child < MergedTree.FANOUT; child++) {
          sum += tree.sum(level + 1, node * MergedTree.FANOUT + child);
        }
        assertThat(tree.sum(level, node)).isEqualTo(sum);
      }
    }
  }

  @Test
  void leavesAreRangesOfTheHashesOfKeysInTheirOrder() {
    for (int leaf : new int[] {0, 1, 2_047, 2_048, MergedTree.LEAVES - 1}) {
      assertThat(MergedTree.leafOf((int) MergedTree.firstHash(leaf))).isEqualTo(leaf);
      assertThat(MergedTree.leafOf((int) (MergedTree.firstHash(leaf + 1) - 1))).isEqualTo(leaf);
      MergedTree tree = new MergedTree();
      tree.add((int) MergedTree.firstHash(leaf), 5);
      assertThat(tree.sum(MergedTree.LEAF_LEVEL, leaf)).isEqualTo(5);
    }
  }

  @Test
  void comesBackFromItsBytes() {
    byte[] written = bytes(random(2));
    MergedTree read = new MergedTree();
    read.read(new ByteSource(written));
    assertThat(bytes(read)).isEqualTo(written);
    assertThat(read.sum(0, 0)).isEqualTo(random(2).sum(0, 0));
    assertThat(bytes(new MergedTree())).hasSize(1);
  }

  @Test
  void refusesLeavesThatItDoesNotHave() {
    byte[] tooMany = new ByteSink().putVarint(MergedTree.LEAVES + 1).toArray();
    byte[] beyond = new ByteSink().putVarint(1).putVarint(MergedTree.LEAVES).putLong(1).toArray();
    byte[] twice =
        new ByteSink().putVarint(2).putVarint(7).putLong(1).putVarint(7).putLong(1).toArray();
    for (byte[] each : new byte[][] {tooMany, beyond, twice}) {
      assertThatThrownBy(() -> new MergedTree().read(new ByteSource(each)))
          .isInstanceOf(MalformedBytesException.class);
    }
  }
}
