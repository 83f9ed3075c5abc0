package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SeenPositionsTest {
  private static final PartitionId ONE = new PartitionId(4, 0);
  private static final PartitionId OTHER = new PartitionId(4, 11);

  private final SeenPositions seen = new SeenPositions();

  @Test
  void the_latest_position_of_each_partition_counts() {
    seen.saw(ONE, 9, 1021);
    seen.saw(ONE, 9, 1000);
    seen.saw(ONE, 8, 5000);
    seen.saw(OTHER, 2, 7);
    assertThat(seen.of(ONE)).isEqualTo(new Position(9, 1021));
    assertThat(seen.epochOf(ONE)).isEqualTo(9);
    assertThat(seen.token()).isEqualTo("1;4/0@9:1021,4/11@2:7");
  }

  @Test
  void a_token_makes_another_session_see_the_same() {
    seen.saw(ONE, 9, 1021);
    seen.saw(OTHER, 2, 7);
    SeenPositions there = new SeenPositions();
    there.saw(OTHER, 3, 1);
    there.merge(SeenPositions.parse(seen.token()));
    assertThat(there.token()).isEqualTo("1;4/0@9:1021,4/11@3:1");
  }

  @Test
  void who_has_seen_nothing_has_a_token_too() {
    seen.begins(ONE);
    seen.ends(ONE);
    assertThat(seen.token()).isEqualTo("1;");
    assertThat(SeenPositions.parse("1;")).isEmpty();
    assertThat(seen.of(ONE)).isEqualTo(Position.ZERO);
  }

  @Test
  void what_is_under_way_stays_so_when_everything_is_forgotten() {
    seen.begins(ONE);
    seen.saw(ONE, 1, 1);
    seen.clear();
    assertThat(seen.of(ONE)).isEqualTo(Position.ZERO);
    assertThat(seen.isUnderWay(ONE)).isTrue();
    seen.ends(ONE);
    assertThat(seen.isUnderWay(ONE)).isFalse();
    assertThat(seen.isUnderWay(OTHER)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "2;",
        "4/0@9:1021",
        "1;4/0@9",
        "1;4/0@0:5",
        "1;4/0@9:1,",
        "1;4/0@9:1,4/0@9:2",
        "1;4/0@9:9999999999999999999",
        "1;-4/0@9:1"
      })
  void what_is_no_token_is_refused(String text) {
    assertThatThrownBy(() -> SeenPositions.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1;4/0@9:1021");
  }
}
