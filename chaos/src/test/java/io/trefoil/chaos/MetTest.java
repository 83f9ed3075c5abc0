package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Three regions of two nodes: 0 and 1, 2 and 3, 4 and 5. */
class MetTest {
  private static final Layout LAYOUT = new Layout(List.of("eu", "us", "asia"), 2);

  private static Met met(FaultKind kind, int node, int other) {
    return Met.of(new PlannedFault(0, kind, 1, false, node, other, 0), node, LAYOUT);
  }

  @Test
  void nodes_have_the_names_of_their_regions() {
    assertThat(LAYOUT.names()).containsExactly("eu-1", "eu-2", "us-1", "us-2", "asia-1", "asia-2");
    assertThat(Layout.ofOneCluster(3).names()).containsExactly("n1", "n2", "n3");
    assertThat(LAYOUT.of(1, LAYOUT.names())).containsExactly("us-1", "us-2");
  }

  @Test
  void what_is_done_to_a_node_is_inside_its_region() {
    assertThat(met(FaultKind.KILL, 3, 0)).isEqualTo(new Met(3, -1, "us-2", Set.of(1)));
    assertThat(met(FaultKind.CUT, 4, 0).inside()).containsExactly(2);
  }

  @Test
  void what_is_between_regions_is_inside_of_none() {
    assertThat(met(FaultKind.REGION_CUT, 3, 0)).isEqualTo(new Met(-1, 1, "us", Set.of()));
    assertThat(met(FaultKind.REGION_LINK_CUT, 3, 5).who()).isEqualTo("us and asia");
    assertThat(met(FaultKind.REGION_LINK_CUT, 3, 2).who())
        .as("another one")
        .isEqualTo("us and asia");
    assertThat(met(FaultKind.BRIDGE, 0, 5).inside()).isEmpty();
    assertThat(met(FaultKind.BRIDGE, 0, 1).inside()).containsExactly(0);
  }

  @Test
  void a_region_of_one_node_has_nothing_inside_that_could_be_cut() {
    Layout ofOne = new Layout(List.of("eu", "us", "asia"), 1);
    for (FaultKind kind : FaultKind.values()) {
      PlannedFault fault = new PlannedFault(0, kind, 1, false, 1, 2, 0);
      boolean isInside = !Met.of(fault, 1, ofOne).inside().isEmpty();
      assertThat(isInside).as("%s", kind).isEqualTo(!kind.isBetweenNodes());
    }
  }

  @Test
  void what_is_done_to_several_may_be_inside_of_several() {
    assertThat(met(FaultKind.REGION_KILL, 4, 0)).isEqualTo(new Met(-1, 2, "asia", Set.of(2)));
    assertThat(met(FaultKind.KILL_ALL, 4, 0).inside()).containsExactlyInAnyOrder(0, 1, 2);
    assertThat(met(FaultKind.SPLIT, 0, 5).inside()).containsExactlyInAnyOrder(0, 2);
  }
}
