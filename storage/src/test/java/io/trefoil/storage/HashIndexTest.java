package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class HashIndexTest {
  private final Arena arena = new Arena(16 << 20);

  /** An element as a number whose order is the index's: hash, then handle. */
  private static long element(int hash, int handle) {
    return (long) hash << 32 | handle;
  }

  /**
   * @param shared how many leading bits all hashes share: many make segments grow instead of split
   */
  @Property(tries = 40)
  void theIndexIsASetInTheOrderOfHashes(@ForAll long seed, @ForAll @IntRange(max = 31) int shared) {
    Random random = new Random(seed);
    int prefix = shared == 0 ? 0 : random.nextInt() << 32 - shared;
    int rest = shared == 0 ? -1 : -1 >>> shared;
    HashIndex index = new HashIndex(arena);
    TreeSet<Long> model = new TreeSet<>(Long::compareUnsigned);
    int handle = 0;
    for (int i = 0; i < 6_000; i++) {
      int hash = prefix | random.nextInt() & rest;
      if (random.nextInt(3) > 0) {
        index.insert(hash, ++handle);
        model.add(element(hash, handle));
      } else {
        Long victim = model.higher(element(hash, 0));
        if (victim != null) {
          assertThat(index.findHandle((int) (victim >>> 32), victim.intValue())).isTrue();
          index.removeFound();
          model.remove(victim);
          assertThat(index.findHandle((int) (victim >>> 32), victim.intValue())).isFalse();
        }
      }
    }
    assertThat(index.size()).isEqualTo(model.size());
    assertThat(walk(index)).isEqualTo(model);
    assertThat(arena.usedBytes()).isPositive();
    index.release();
    assertThat(arena.usedBytes()).isZero();
  }

  private static TreeSet<Long> walk(HashIndex index) {
    TreeSet<Long> seen = new TreeSet<>(Long::compareUnsigned);
    long hash = 0;
    do {
      long first = index.firstFrom((int) hash);
      for (long each = first; each != 0; each = index.nextOfSameHash()) {
        assertThat(each >>> 32).isEqualTo(first >>> 32).isGreaterThanOrEqualTo(hash);
        seen.add(each);
      }
      hash = first == 0 ? 0 : (first >>> 32) + 1 & 0xffffffffL;
    } while (hash != 0);
    return seen;
  }
}
