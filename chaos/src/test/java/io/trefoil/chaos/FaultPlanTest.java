package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultPlanTest {
  private static final long LONG = 600_000;
  private static final List<FaultKind> ALL = List.of(FaultKind.values());

  @Test
  void the_same_seed_is_the_same_plan() {
    assertThat(FaultPlan.draw(7, LONG, 3, ALL)).isEqualTo(FaultPlan.draw(7, LONG, 3, ALL));
    assertThat(FaultPlan.draw(7, LONG, 3, ALL)).isNotEqualTo(FaultPlan.draw(8, LONG, 3, ALL));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void every_kind_comes_and_all_is_mended_in_time(int nodes) {
    List<PlannedFault> plan = FaultPlan.draw(1, LONG, nodes, ALL);
    assertThat(plan).extracting(PlannedFault::kind).contains(FaultKind.values());
    assertThat(plan).isSortedAccordingTo((a, b) -> Long.compare(a.atMillis(), b.atMillis()));
    assertThat(plan).allMatch(fault -> fault.endsMillis() <= LONG);
    assertThat(plan).allMatch(fault -> fault.node() != fault.other() && fault.other() < nodes);
  }

  @Test
  void the_same_goes_wrong_with_and_without_changes() {
    List<FaultKind> faults = ALL.stream().filter(kind -> !kind.isChange()).toList();
    assertThat(FaultPlan.draw(7, LONG, 3, ALL))
        .filteredOn(fault -> !fault.kind().isChange())
        .isEqualTo(FaultPlan.draw(7, LONG, 3, faults));
  }

  @Test
  void a_short_run_has_faults_too() {
    assertThat(FaultPlan.draw(1, 10_000, 3, ALL)).isNotEmpty();
  }

  @Test
  void kinds_say_what_they_mean() {
    assertThat(Arrays.stream(FaultKind.values()).map(FaultKind::label)).doesNotHaveDuplicates();
  }
}
