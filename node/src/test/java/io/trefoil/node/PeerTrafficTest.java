package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.transport.Hello;
import io.trefoil.transport.Lane;
import org.junit.jupiter.api.Test;

/** Who may speak to a node. */
class PeerTrafficTest {
  private final PeerTraffic traffic = new PeerTraffic(null);

  private String refusal(String cluster, int from, int to) {
    return traffic.refuse(new Hello(Lane.CONTROL, cluster, "", from, 1, to));
  }

  @Test
  void whoMeansAnotherNodeIsRefused() {
    traffic.identify("c", 2);
    assertThat(refusal("c", 1, 2)).isNull();
    assertThat(refusal("c", 1, 4))
        .as("which had this address")
        .isEqualTo("this node is n2, not n4");
    assertThat(refusal("c", 0, 0)).as("who joins").isNull();
  }

  @Test
  void aNewNodeIsNobodyYet() {
    traffic.identify("c", 0);
    assertThat(refusal("c", 1, 4)).isEqualTo("this node is new, not n4");
  }

  @Test
  void whoIsOfAnotherClusterIsRefused() {
    traffic.identify("c", 2);
    assertThat(refusal("d", 1, 2)).isEqualTo("this node is of cluster c, not of d");
  }
}
