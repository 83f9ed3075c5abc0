package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RegionLooksTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Bytes KEY = Bytes.utf8("k");
  private static final Bytes OTHER = Bytes.utf8("other");

  private final RegionLooks looks = new RegionLooks("us");

  private Optional<RegionReport> look(long seconds, boolean isStill, long here, long there) {
    looks.note(KEY, here, there);
    return looks.end(seconds * SECOND, isStill);
  }

  @Test
  void whatIsEqualNeedsOneLook() {
    RegionReport report = look(1, false, 7, 7).orElseThrow();
    assertThat(report.result()).isEqualTo(PartitionReport.Result.EQUAL);
    assertThat(report.diverged()).isEmpty();
  }

  @Test
  void whatStaysDifferentWhileNothingIsOnItsWayHasDiverged() {
    assertThat(look(1, true, 7, 8)).isEmpty();
    assertThat(look(3, true, 7, 8)).isEmpty();
    RegionReport report = look(4, true, 7, 8).orElseThrow();
    assertThat(report.result()).isEqualTo(PartitionReport.Result.DIFFERS);
    assertThat(report.diverged()).containsExactly(new RegionReport.Key(KEY, 7, 8));
    assertThat(report.inFlight()).isZero();
  }

  @Test
  void whatChangesIsInFlight() {
    for (int second = 1; second < RegionLooks.MAX_LOOKS; second++) {
      assertThat(look(second, true, second, 0)).isEmpty();
    }
    RegionReport report = look(RegionLooks.MAX_LOOKS, true, 99, 0).orElseThrow();
    assertThat(report.result()).isEqualTo(PartitionReport.Result.INCOMPLETE);
    assertThat(report.inFlight()).isEqualTo(1);
  }

  @Test
  void nothingHasDivergedWhileSomethingIsOnItsWay() {
    for (int second = 1; second < RegionLooks.MAX_LOOKS; second++) {
      assertThat(look(second, false, 7, 8)).isEmpty();
    }
    assertThat(look(RegionLooks.MAX_LOOKS, false, 7, 8).orElseThrow().diverged()).isEmpty();
  }

  @Test
  void whatBecomesEqualWasInFlight() {
    looks.note(OTHER, 5, 6);
    assertThat(look(1, true, 7, 8)).isEmpty();
    assertThat(look(2, true, 8, 8).orElseThrow().result()).isEqualTo(PartitionReport.Result.EQUAL);
  }

  @Test
  void moreThanAReportHoldsIsSaid() {
    for (int look = 1; look < RegionLooks.MAX_LOOKS; look++) {
      noteMany();
      assertThat(looks.end(look * SECOND, true)).isEmpty();
    }
    noteMany();
    RegionReport report = looks.end(RegionLooks.MAX_LOOKS * SECOND, true).orElseThrow();
    assertThat(report.isWhole()).isFalse();
    assertThat(report.diverged()).hasSize(100);
    assertThat(report.result()).isEqualTo(PartitionReport.Result.DIFFERS);
  }

  private void noteMany() {
    for (int i = 0; i < 150; i++) {
      looks.note(Bytes.utf8("k" + i), 1, 0);
    }
  }
}
