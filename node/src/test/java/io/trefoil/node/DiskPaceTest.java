package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DiskPaceTest {
  private static final long MILLIS = 1_000_000;

  private final DiskPace pace = new DiskPace("n1", 0);
  private long now;

  @Test
  void aDiskThatSyncsIsNotStalledHoweverMuchIsWritten() {
    for (int i = 0; i < 1_000; i++) {
      assertThat(look(100 + i, i)).isFalse();
    }
    assertThat(pace.isStalled()).isFalse();
  }

  @Test
  void anIdleDiskIsNotStalled() {
    lookFor(60_000, 7, 7);
    assertThat(pace.isStalled()).isFalse();
  }

  @Test
  void aSyncThatDoesNotEndIsAStallUntilTheDiskIsWellForAWhile() {
    look(7, 7);
    lookFor(3_000, 8, 7);
    assertThat(pace.isStalled()).isFalse();
    assertThat(look(8, 7)).isTrue();
    assertThat(pace.isStalled()).isTrue();
    lookFor(5_000, 9, 7);
    lookFor(9_980, 9, 9);
    assertThat(pace.isStalled()).isTrue();
    assertThat(look(9, 9)).isTrue();
    assertThat(pace.isStalled()).isFalse();
  }

  @Test
  void aProcessThatWasStoppedSaysNothingOfItsDisk() {
    look(7, 6);
    now += 30_000 * MILLIS;
    assertThat(look(7, 6)).isFalse();
    assertThat(look(7, 7)).isFalse();
  }

  private void lookFor(int millis, long written, long synced) {
    for (int i = 0; i < millis / 20; i++) {
      look(written, synced);
    }
  }

  private boolean look(long written, long synced) {
    now += 20 * MILLIS;
    return pace.looked(written, synced, now);
  }
}
