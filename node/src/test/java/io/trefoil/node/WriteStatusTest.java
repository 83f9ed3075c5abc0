package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Position;
import io.trefoil.control.Conflict;
import io.trefoil.control.Regions;
import io.trefoil.control.Topology;
import io.trefoil.node.WriteStatus.Verdict;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.multileader.RegionOrigin;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WriteStatusTest {
  /** Epochs 3, 5 and 9 wrote the log; 4, 6, 7 and 8 left nothing in it. */
  private static EpochTable log() {
    EpochTable log = new EpochTable();
    log.append(3, 1);
    log.append(5, 11);
    log.append(9, 21);
    return log;
  }

  @ParameterizedTest
  @CsvSource({
    "3:1, 25, committed",
    "3:10, 25, committed",
    "3:11, 25, lost",
    "4:11, 25, lost",
    "5:10, 25, lost",
    "5:11, 25, committed",
    "5:20, 25, committed",
    "5:21, 25, lost",
    "5:999, 25, lost",
    "8:21, 25, lost",
    "9:21, 25, committed",
    "9:25, 25, committed",
    "9:26, 25, pending",
    "9:30, 25, pending",
    // What nobody was ever told.
    "9:31, 25, unknown",
    "9:20, 25, unknown",
    "10:31, 25, unknown",
    // The leader of epoch 9 has committed nothing of its own: another one may still replace it.
    "3:10, 20, committed",
    "5:18, 15, pending",
    "5:21, 20, pending",
    "3:11, 15, pending",
    "9:21, 20, pending",
  })
  void the_table_of_epochs_says_what_became_of_a_write(
      String position, long commit, String status) {
    Verdict verdict = WriteStatus.judge(9, log(), commit, 30, Position.parse(position));
    assertThat(verdict.status()).as(verdict.reason()).isEqualTo(status);
    assertThat(verdict.reason().isEmpty()).isEqualTo(status.equals("committed"));
  }

  @Test
  void what_a_region_lost_is_there_again_when_another_gave_it_back() {
    Regions regions = Regions.first("us", List.of("eu", "us"), Topology.ALL_TO_ALL, Conflict.LWW);
    Map<Integer, Long> heard =
        Map.of(RegionOrigin.number(1, 9), 99L, RegionOrigin.number(2, 5), 20L);
    assertThat(WriteStatus.cameBack(regions, heard, new Position(5, 20))).isTrue();
    assertThat(WriteStatus.cameBack(regions, heard, new Position(5, 21))).isFalse();
    assertThat(WriteStatus.cameBack(regions, heard, new Position(9, 20))).isFalse();
    assertThat(WriteStatus.cameBack(null, heard, new Position(5, 20))).isFalse();
  }
}
