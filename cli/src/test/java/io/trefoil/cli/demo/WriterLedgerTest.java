package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.Reply;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WriterLedgerTest {
  private final WriterLedger ledger = new WriterLedger();

  @ParameterizedTest
  @CsvSource({
    "NOREPLICAS sync needs 3 of 3 replicas, REFUSED",
    "CLUSTERDOWN no leader for partition 0, REFUSED",
    "READONLY You can't write, REFUSED",
    "ERR no such thing, REFUSED",
    "UNCERTAIN write 4:7 not confirmed, UNCERTAIN",
    "UNCERTAIN, UNCERTAIN",
  })
  void anErrorSaysWhetherTheWriteMayHaveHappened(String error, WriterLedger.Outcome outcome) {
    assertThat(WriterLedger.outcomeOf(new Reply.Failure(error))).isEqualTo(outcome);
  }

  @Test
  void anyOtherReplyAcknowledges() {
    assertThat(WriterLedger.outcomeOf(new Reply.SimpleString("OK")))
        .isEqualTo(WriterLedger.Outcome.ACKNOWLEDGED);
  }

  @Test
  void rulesAreCountedApart() {
    ledger.record(CommitRule.SYNC, 1, WriterLedger.Outcome.ACKNOWLEDGED);
    ledger.record(CommitRule.SYNC, 2, WriterLedger.Outcome.REFUSED);
    ledger.record(CommitRule.ASYNC, 3, WriterLedger.Outcome.UNCERTAIN);
    assertThat(ledger.counts(CommitRule.SYNC)).isEqualTo(new WriterLedger.Counts(1, 1, 0, 0));
    assertThat(ledger.counts(CommitRule.ASYNC)).isEqualTo(new WriterLedger.Counts(0, 0, 1, 0));
    assertThat(ledger.counts(CommitRule.MAJORITY)).isEqualTo(WriterLedger.Counts.ZERO);
  }

  @Test
  void onlyAcknowledgedWritesAreReadBack() {
    ledger.record(CommitRule.SYNC, 1, WriterLedger.Outcome.ACKNOWLEDGED);
    ledger.record(CommitRule.SYNC, 2, WriterLedger.Outcome.REFUSED);
    ledger.record(CommitRule.SYNC, 3, WriterLedger.Outcome.UNCERTAIN);
    ledger.record(CommitRule.SYNC, 4, WriterLedger.Outcome.ACKNOWLEDGED);
    assertThat(ledger.acknowledged(CommitRule.SYNC)).containsExactly(1L, 4L);
  }

  @Test
  void aLostWriteIsCountedOnce() {
    ledger.record(CommitRule.ASYNC, 1, WriterLedger.Outcome.ACKNOWLEDGED);
    ledger.record(CommitRule.ASYNC, 2, WriterLedger.Outcome.ACKNOWLEDGED);
    ledger.lost(CommitRule.ASYNC, List.of(2L));
    ledger.lost(CommitRule.ASYNC, List.of(2L, 9L));
    assertThat(ledger.counts(CommitRule.ASYNC).lost()).isEqualTo(1);
    assertThat(ledger.acknowledged(CommitRule.ASYNC)).containsExactly(1L);
  }

  @Test
  void onlyTheNewestAreRemembered() {
    for (long number = 1; number <= WriterLedger.REMEMBERED_MAX + 5; number++) {
      ledger.record(CommitRule.ASYNC, number, WriterLedger.Outcome.ACKNOWLEDGED);
    }
    assertThat(ledger.acknowledged(CommitRule.ASYNC))
        .hasSize(WriterLedger.REMEMBERED_MAX)
        .startsWith(6L);
  }

  @Test
  void aRateIsMeasuredOverAFullSecond() {
    RateMeter meter = new RateMeter();
    assertThat(meter.perSecond(0, 100)).isZero();
    assertThat(meter.perSecond(999_999_999, 500)).isZero();
    assertThat(meter.perSecond(2_000_000_000, 1_100)).isEqualTo(500);
    assertThat(meter.perSecond(2_500_000_000L, 9_000)).isEqualTo(500);
    assertThat(meter.perSecond(3_000_000_000L, 1_100)).isZero();
  }
}
