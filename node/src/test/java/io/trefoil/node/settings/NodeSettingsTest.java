package io.trefoil.node.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The records themselves refuse what the reader would, so no other way round the rules exists. */
class NodeSettingsTest {
  private static final NodeSettings DEFAULTS = SettingsReader.read(List.of());

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatThrownBy(
            () -> new NodeSettings.Peer("127.0.0.1", 0, 1, "127.0.0.1", Optional.empty()))
        .isInstanceOf(SettingsError.class)
        .hasMessage("peer.port: '0' is not a port (1 to 65535)");
    assertThatThrownBy(() -> new NodeSettings.Memory(1, 64 << 20))
        .isInstanceOf(SettingsError.class)
        .hasMessageStartingWith("memory.table: ");
    assertThatThrownBy(() -> new NodeSettings.Cluster(List.of(), 1, Duration.ZERO, 1))
        .isInstanceOf(SettingsError.class)
        .hasMessageStartingWith("cluster.lease: ");
    assertThatThrownBy(() -> new NodeSettings.Node("a b", "eu", DEFAULTS.node().dataDir(), 0))
        .isInstanceOf(SettingsError.class)
        .hasMessageStartingWith("node.name: ");
  }

  @Test
  void everyBrokenRuleIsNamed() {
    NodeSettings.Client open =
        new NodeSettings.Client("10.0.0.1", 6379, "10.0.0.1", Optional.empty(), 1, 1 << 20);
    NodeSettings.Peer peer =
        new NodeSettings.Peer("10.0.0.1", 6379, 17379, "10.0.0.1", Optional.empty());
    assertThatThrownBy(() -> with(open, peer))
        .isInstanceOfSatisfying(
            SettingsError.class,
            error ->
                assertThat(error.problems())
                    .extracting(problem -> problem.substring(0, problem.indexOf(':')))
                    .containsExactly("client.bind", "peer.bind", "peer.port"));
  }

  private static NodeSettings with(NodeSettings.Client client, NodeSettings.Peer peer) {
    return new NodeSettings(
        DEFAULTS.node(),
        client,
        peer,
        DEFAULTS.region(),
        DEFAULTS.cluster(),
        DEFAULTS.memory(),
        DEFAULTS.journal(),
        DEFAULTS.snapshot(),
        DEFAULTS.repair(),
        DEFAULTS.hints(),
        DEFAULTS.httpPort(),
        1,
        DEFAULTS.scrubEvery(),
        DEFAULTS.clockMaxSkew(),
        LogLevel.INFO,
        false,
        false);
  }
}
