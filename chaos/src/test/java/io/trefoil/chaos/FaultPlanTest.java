package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultPlanTest {
  private static final long LONG = 600_000;

  @Test
  void the_same_seed_is_the_same_plan() {
    assertThat(FaultPlan.draw(7, LONG, 3)).isEqualTo(FaultPlan.draw(7, LONG, 3));
    assertThat(FaultPlan.draw(7, LONG, 3)).isNotEqualTo(FaultPlan.draw(8, LONG, 3));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void every_kind_comes_and_all_is_mended_in_time(int nodes) {
    List<PlannedFault> plan = FaultPlan.draw(1, LONG, nodes);
    assertThat(plan).extracting(PlannedFault::kind).contains(FaultKind.values());
    assertThat(plan).isSortedAccordingTo((a, b) -> Long.compare(a.atMillis(), b.atMillis()));
    assertThat(plan).allMatch(fault -> fault.endsMillis() <= LONG);
    assertThat(plan).allMatch(fault -> fault.node() != fault.other() && fault.other() < nodes);
  }

  @Test
  void a_short_run_has_faults_too() {
    assertThat(FaultPlan.draw(1, 10_000, 3)).isNotEmpty();
  }

  @Test
  void kinds_say_what_they_mean() {
    assertThat(Arrays.stream(FaultKind.values()).map(FaultKind::label)).doesNotHaveDuplicates();
  }
}
