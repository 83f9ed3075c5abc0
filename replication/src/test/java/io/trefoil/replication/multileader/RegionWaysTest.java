package io.trefoil.replication.multileader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.InvariantViolation;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers of origins, and by whom another region's entries come. */
class RegionWaysTest {
  @ParameterizedTest
  @CsvSource({"1, 1", "15, 1", "1, 134217727", "15, 134217727"})
  void anOriginIsARegionAndAnEpoch(int region, long epoch) {
    int origin = RegionOrigin.number(region, epoch);
    assertThat(origin).isPositive();
    assertThat(RegionOrigin.regionOf(origin)).isEqualTo(region);
    assertThat(RegionOrigin.epochOf(origin)).isEqualTo(epoch);
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "16, 1", "1, 0", "1, 134217728"})
  void otherRegionsAndEpochsHaveNoNumber(int region, long epoch) {
    assertThatThrownBy(() -> RegionOrigin.number(region, epoch))
        .isInstanceOf(InvariantViolation.class);
  }

  @Test
  void inAllToAllAnyOtherRegionStandsIn() {
    RegionWays ways = RegionWays.allToAll(2, List.of(1, 2, 3, 4));
    assertThat(ways.neighbours()).containsExactly(1, 3, 4);
    assertThat(ways.ways(3)).containsExactly(3, 1, 4);
  }

  @Test
  void inARingTheNearerSideComesFirst() {
    RegionWays ways = RegionWays.ring(1, List.of(5, 1, 4, 2, 3));
    assertThat(ways.neighbours()).containsExactly(4, 5);
    assertThat(ways.ways(4)).containsExactly(4, 5);
    assertThat(ways.ways(2)).containsExactly(4, 5);
    assertThat(ways.ways(3)).containsExactly(5, 4);
    assertThat(ways.ways(5)).containsExactly(5, 4);
  }

  @Test
  void ofTwoSidesThatAreEquallyNearTheOneBeforeComesFirst() {
    assertThat(RegionWays.ring(1, List.of(1, 2, 3, 4)).ways(3)).containsExactly(4, 2);
    assertThat(RegionWays.ring(1, List.of(1, 2)).ways(2)).containsExactly(2);
  }

  @Test
  void inAStarTheHubBringsAll() {
    RegionWays spoke = RegionWays.star(1, 3, List.of(1, 2, 3));
    assertThat(spoke.neighbours()).containsExactly(3);
    assertThat(spoke.ways(2)).containsExactly(3);
    RegionWays hub = RegionWays.star(3, 3, List.of(1, 2, 3));
    assertThat(hub.neighbours()).containsExactly(1, 2);
    assertThat(hub.ways(2)).containsExactly(2);
  }

  @Test
  void aRegionIsOneOfTheRegionsAndComesOnce() {
    assertThatThrownBy(() -> RegionWays.allToAll(4, List.of(1, 2)))
        .isInstanceOf(InvariantViolation.class);
    assertThatThrownBy(() -> RegionWays.star(1, 4, List.of(1, 2)))
        .isInstanceOf(InvariantViolation.class);
    assertThatThrownBy(() -> RegionWays.ring(1, List.of(1, 2, 2)))
        .isInstanceOf(InvariantViolation.class);
  }

  @Test
  void aVectorOnlyGrows() {
    RegionVector vector = new RegionVector();
    int origin = RegionOrigin.number(2, 3);
    assertThat(vector.covers(origin, 1)).isFalse();
    vector.advance(origin, 7);
    RegionVector copy = vector.copy();
    vector.advance(origin, 5);
    assertThat(vector.covers(origin, 7)).isTrue();
    vector.advance(origin, 9);
    assertThat(copy.covers(origin, 8)).isFalse();
    assertThat(vector).hasToString("2/3:9");
  }
}
