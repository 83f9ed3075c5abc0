package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that those of another region reach otherwise than those of their own. */
@Tag("slow")
class RegionGatewayTest {
  @TempDir private Path folder;

  @Test
  void who_asks_the_wrong_node_is_sent_to_the_address_that_the_leader_advertises()
      throws IOException {
    try (ServerSocket gateway = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      gateway.setSoTimeout((int) TimeUnit.SECONDS.toMillis(ClusterProcesses.DEADLINE_SECONDS));
      String advertised = "127.0.0.1:" + gateway.getLocalPort();
      try (ClusterProcesses eu =
              ClusterProcesses.start(folder.resolve("eu"), 1, "--node.region", "eu");
          ClusterProcesses us =
              ClusterProcesses.start(
                  folder.resolve("us"),
                  2,
                  "--node.region",
                  "us",
                  "--region.advertise",
                  advertised)) {
        eu.link("us", us); // the first node itself, which does not lead all
        us.link("eu", eu);
        us.createDatabase(
            "users",
            "REPLICATION",
            "MULTI-LEADER",
            "REGIONS",
            "2",
            "eu",
            "us",
            "REPLICAS",
            "1",
            "PARTITIONS",
            "4");
        try (Socket dialed = gateway.accept()) {
          assertThat(dialed.isConnected()).isTrue();
        }
      }
    }
  }
}
