package io.trefoil.cli.demo;

import io.trefoil.cli.process.NodePorts;
import java.nio.file.Path;
import java.util.Locale;

/** The configuration file of one of the demo's nodes, as YAML. */
final class NodeConfig {
  private NodeConfig() {}

  /**
   * @param join peer port of the node through which this one enters the cluster; 0 for the first
   * @param expectedNodes how many nodes found the cluster together
   */
  static String yaml(
      String name, Path dataDirectory, NodePorts ports, int join, int expectedNodes) {
    StringBuilder yaml = new StringBuilder();
    yaml.append("# Written by the demo at each start; changes are lost.\n");
    yaml.append("node:\n");
    yaml.append("  name: ").append(name).append('\n');
    yaml.append("data:\n");
    yaml.append("  dir: ").append(quote(dataDirectory.toString())).append('\n');
    section(yaml, "client", ports.client());
    section(yaml, "peer", ports.peer());
    // Small, so that a paused follower soon lacks what the leader goes on to acknowledge.
    yaml.append("  socket-buffer: 16kb\n");
    yaml.append(String.format(Locale.ROOT, "control:%n  port: %d%n", ports.control()));
    yaml.append(String.format(Locale.ROOT, "http:%n  port: %d%n", ports.http()));
    yaml.append("cluster:\n");
    yaml.append("  expect: ").append(expectedNodes).append('\n');
    // One partition, so that there is one leader to see.
    yaml.append("  database0-partitions: 1\n");
    if (join != 0) {
      yaml.append("  join: 127.0.0.1:").append(join).append('\n');
    }
    return yaml.toString();
  }

  /**
   * What comes to it for a node in a region.
   *
   * @param door loopback port by which nodes of other regions reach it
   */
  static String region(String region, int door) {
    return "node.region: " + region + "\nregion.advertise: 127.0.0.1:" + door + "\n";
  }

  private static void section(StringBuilder yaml, String name, int port) {
    yaml.append(name).append(":\n  bind: 127.0.0.1\n  port: ").append(port).append('\n');
  }

  /** Between single quotes only the single quote itself is special. */
  private static String quote(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
