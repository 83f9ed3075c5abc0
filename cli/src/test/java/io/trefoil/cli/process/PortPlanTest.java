package io.trefoil.cli.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.cli.CommandFailed;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PortPlanTest {
  @Test
  void takesTheWantedPortsWhenTheyAreFree() {
    PortPlan plan = PortPlan.pick(6379, 3, taken(Set.of()));
    assertThat(plan.nodes()).extracting(NodePorts::client).containsExactly(6379, 6380, 6381);
    assertThat(plan.nodes().get(0).all()).containsExactly(6379, 8379, 16379, 17379);
    assertThat(plan.notes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {6379, 6381, 8380, 16379, 17381})
  void takesTheNextHundredWhenAnyPortOfAnyNodeIsTaken(int port) {
    PortPlan plan = PortPlan.pick(6379, 3, taken(Set.of(port)));
    assertThat(plan.nodes()).extracting(NodePorts::client).containsExactly(6479, 6480, 6481);
    assertThat(plan.notes()).containsExactly("port " + port + " is taken by redis (pid 7)");
  }

  @Test
  void skipsSeveralHundreds() {
    PortPlan plan = PortPlan.pick(6379, 3, taken(Set.of(6379, 6480, 8579)));
    assertThat(plan.nodes().get(0).client()).isEqualTo(6679);
    assertThat(plan.notes()).hasSize(3);
  }

  @Test
  void failsWhenNothingIsFreeAndNamesAPortAndItsHolder() {
    assertThatThrownBy(() -> PortPlan.pick(6379, 3, port -> Optional.of("all")))
        .isInstanceOf(CommandFailed.class)
        .hasMessageContaining("no free ports")
        .hasMessageContaining("is taken by all");
  }

  @Test
  void neverPlansAPortAbove65535() {
    assertThatThrownBy(() -> PortPlan.pick(54_400, 3, taken(Set.of(54_400, 54_500))))
        .isInstanceOf(CommandFailed.class);
  }

  @Test
  void asksTheOperatingSystem() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
      assertThat(new LocalPorts().holder(port)).isPresent();
    }
    assertThat(new LocalPorts().holder(port)).isEmpty();
  }

  @Test
  void readsTheHoldersNameFromSs() {
    String line = "LISTEN 0 511 127.0.0.1:6379 0.0.0.0:* users:((\"redis-server\",pid=1234,fd=6))";
    assertThat(LocalPorts.holderIn(line)).contains("redis-server (pid 1234)");
    assertThat(LocalPorts.holderIn("LISTEN 0 511 127.0.0.1:6379 0.0.0.0:*")).isEmpty();
  }

  private static PortPlan.Probe taken(Set<Integer> ports) {
    return port -> ports.contains(port) ? Optional.of("redis (pid 7)") : Optional.empty();
  }
}
