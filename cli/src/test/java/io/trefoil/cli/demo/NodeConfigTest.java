package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.process.NodePorts;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class NodeConfigTest {
  @Test
  void aNodesConfigurationNamesItsPortsItsFolderAndWhomItJoins() {
    NodePorts ports = new NodePorts(6380);
    String yaml = NodeConfig.yaml("n2", Path.of("/tmp/it's here"), ports, 16_379, 3);
    assertThat(yaml)
        .isEqualTo(
            """
            # Written by the demo at each start; changes are lost.
            node:
              name: n2
            data:
              dir: '/tmp/it''s here'
            client:
              bind: 127.0.0.1
              port: 6380
            peer:
              bind: 127.0.0.1
              port: 16380
              socket-buffer: 16kb
            control:
              port: 17380
            http:
              port: 8380
            cluster:
              expect: 3
              database0-partitions: 1
              join: 127.0.0.1:16379
            """);
    assertThat(NodeConfig.region("eu", 40_000))
        .isEqualTo("node.region: eu\nregion.advertise: 127.0.0.1:40000\n");
    List<String> first = NodeConfig.yaml("n1", Path.of("/tmp/x"), ports, 0, 3).lines().toList();
    assertThat(first).noneMatch(line -> line.contains("join"));
  }
}
