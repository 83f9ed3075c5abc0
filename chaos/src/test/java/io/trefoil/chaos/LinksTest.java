package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LinksTest {
  private static PlannedFault fault(FaultKind kind, int other, int amount) {
    return new PlannedFault(0, kind, 1, false, 0, other, amount);
  }

  /** The ways that are cut, as 01 for the way from 0 to 1. */
  private static String cut(Links links, int nodes) {
    StringBuilder cut = new StringBuilder();
    for (int from = 0; from < nodes; from++) {
      for (int to = 0; to < nodes; to++) {
        cut.append(links.between(from, to).cut() ? " " + from + to : "");
      }
    }
    return cut.toString().trim();
  }

  private static String cutBy(FaultKind kind, int nodes) {
    Links links = new Links(Layout.ofOneCluster(nodes));
    Runnable mending = links.begin(fault(kind, 1, 0), 0);
    String cut = cut(links, nodes);
    mending.run();
    assertThat(cut(links, nodes)).isEmpty();
    return cut;
  }

  @Test
  void each_kind_cuts_what_it_says() {
    assertThat(cutBy(FaultKind.CUT, 3)).isEqualTo("01 02 10 20");
    assertThat(cutBy(FaultKind.CUT_ONE_WAY, 3)).isEqualTo("01 02");
    assertThat(cutBy(FaultKind.BRIDGE, 3)).isEqualTo("01 10");
    assertThat(cutBy(FaultKind.SPLIT, 3)).isEqualTo("01 02 10 20");
    assertThat(cutBy(FaultKind.SPLIT, 5)).isEqualTo("02 03 04 12 13 14 20 21 30 31 40 41");
    assertThat(cutBy(FaultKind.RING, 3)).isEqualTo("02 20");
    assertThat(cutBy(FaultKind.RING, 5)).isEqualTo("02 03 13 14 20 24 30 31 41 42");
  }

  /** Three regions of two nodes; the fault is drawn for the node 2, and 5 beside it. */
  private static String cutOfRegions(FaultKind kind) {
    Links links = new Links(new Layout(List.of("eu", "us", "asia"), 2));
    links.begin(new PlannedFault(0, kind, 1, false, 2, 5, 0), 2);
    return cut(links, 6);
  }

  @Test
  void cuts_of_regions_are_between_them_and_not_inside() {
    assertThat(cutOfRegions(FaultKind.REGION_CUT))
        .isEqualTo("02 03 12 13 20 21 24 25 30 31 34 35 42 43 52 53");
    assertThat(cutOfRegions(FaultKind.REGION_LINK_CUT)).isEqualTo("24 25 34 35 42 43 52 53");
  }

  @Test
  void one_fault_s_end_leaves_another_s_cut() {
    Links links = new Links(Layout.ofOneCluster(3));
    Runnable first = links.begin(fault(FaultKind.CUT, 1, 0), 0);
    Runnable second = links.begin(fault(FaultKind.BRIDGE, 1, 0), 0);
    first.run();
    assertThat(cut(links, 3)).isEqualTo("01 10");
    second.run();
    assertThat(cut(links, 3)).isEmpty();
  }

  @Test
  void delays_and_losses_are_on_all_ways_of_the_node() {
    Links links = new Links(Layout.ofOneCluster(3));
    links.begin(fault(FaultKind.DELAY, 1, 50), 0);
    links.begin(fault(FaultKind.LOSS, 1, 20), 0);
    assertThat(links.between(0, 2)).isEqualTo(new Links.State(false, 50, 20));
    assertThat(links.between(2, 0)).isEqualTo(new Links.State(false, 50, 20));
    assertThat(links.between(1, 2)).isEqualTo(Links.State.GOOD);
  }
}
