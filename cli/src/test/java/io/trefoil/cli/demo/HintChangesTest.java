package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HintChangesTest {
  private final HintChanges changes = new HintChanges();

  @Test
  void aReplicaThatWasAwayIsToldOfOnceWhenNearlyNothingWaitsForItAnyMore() {
    assertThat(changes.see("n1", true, 5)).isEmpty();
    assertThat(changes.see("n1", true, 900)).isEmpty();
    assertThat(changes.see("n2", false, 0)).isEmpty();
    assertThat(changes.see("n1", false, 46)).isEmpty();
    assertThat(changes.see("n1", false, 45))
        .contains("n1 is back: 900 hints were kept for it, now 45");
    assertThat(changes.see("n1", false, 0)).isEmpty();
  }

  @Test
  void whoWasAwayWhileNothingWasWrittenIsNotToldOf() {
    assertThat(changes.see("n1", true, 0)).isEmpty();
    assertThat(changes.see("n1", false, 0)).isEmpty();
  }
}
