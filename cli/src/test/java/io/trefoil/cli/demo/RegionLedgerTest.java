package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.demo.WriterLedger.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegionLedgerTest {
  private final RegionLedger ledger = new RegionLedger();

  @Test
  void itCountsAllWritesAndRemembersWhichOwnOnesWereAcknowledged() {
    ledger.wrote(1, Outcome.ACKNOWLEDGED, 1_000);
    ledger.wrote(2, Outcome.REFUSED, 9_000_000);
    ledger.wrote(3, Outcome.ACKNOWLEDGED, 3_000);
    ledger.incremented(Outcome.ACKNOWLEDGED, 5_000);
    ledger.incremented(Outcome.UNCERTAIN, 9_000_000);
    ledger.wroteShared(Outcome.ACKNOWLEDGED, 7_000);
    assertThat(ledger.acknowledged()).containsExactly(1, 3);
    assertThat(ledger.counts()).isEqualTo(new RegionLedger.Counts(4, 1, 1, 5));
    assertThat(ledger.increments()).isEqualTo(new RegionLedger.Increments(1, 1));
  }

  @Test
  void theMedianIsOfTheLastWrites() {
    for (int i = 0; i < 2_000; i++) {
      ledger.wroteShared(Outcome.ACKNOWLEDGED, i < 1_000 ? 8_000_000 : 2_000);
    }
    assertThat(ledger.counts().medianMicros()).isEqualTo(2);
  }

  @Test
  void aCounterIsExactWhenItIsTheSameEverywhereAndWhatWasAcknowledged() {
    List<String> regions = List.of("eu", "us");
    assertThat(RegionsProof.sentence(regions, List.of(7L, 7L), 7, 0))
        .isEqualTo("counter: 7 in eu, 7 in us; 7 increments were acknowledged: exact");
    assertThat(RegionsProof.sentence(regions, List.of(8L, 8L), 7, 1))
        .isEqualTo(
            "counter: 8 in eu, 8 in us; 7 increments were acknowledged, 1 are uncertain: exact");
    assertThat(RegionsProof.sentence(regions, List.of(6L, 6L), 7, 1)).endsWith("WRONG");
    assertThat(RegionsProof.sentence(regions, List.of(9L, 9L), 7, 1)).endsWith("WRONG");
    assertThat(RegionsProof.sentence(regions, List.of(7L, 8L), 7, 1)).endsWith("WRONG");
  }
}
