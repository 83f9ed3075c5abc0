package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HintChangesTest {
  private final HintChanges changes = new HintChanges();

  @Test
  void aReplicaThatWasAwayIsToldOfOnceWhenNothingWaitsForItAnyMore() {
    assertThat(changes.see("n1", true, 5, false)).isEmpty();
    assertThat(changes.see("n1", true, 900, false)).isEmpty();
    assertThat(changes.see("n2", false, 0, true)).isEmpty();
    assertThat(changes.see("n1", false, 300, false)).isEmpty();
    assertThat(changes.see("n1", false, 0, true))
        .contains("n1 is back and has all that was kept for it: 900 hints");
    assertThat(changes.see("n1", false, 0, true)).isEmpty();
  }

  @Test
  void whoWasAwayWhileNothingWasWrittenIsNotToldOf() {
    assertThat(changes.see("n1", true, 0, true)).isEmpty();
    assertThat(changes.see("n1", false, 0, true)).isEmpty();
  }
}
