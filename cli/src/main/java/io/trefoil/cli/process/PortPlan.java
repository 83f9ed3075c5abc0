package io.trefoil.cli.process;

import io.trefoil.cli.CommandFailed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The ports of a cluster's nodes: in a row from the wanted one, or from the next free hundred.
 *
 * @param nodes one a node
 * @param notes what was taken, and by whom, when the wanted ports were not free
 */
public record PortPlan(List<NodePorts> nodes, List<String> notes) {
  private static final int HUNDREDS_MAX = 50;

  /** Finds out about ports of this machine. */
  public interface Probe {
    /** Who holds the port, in words; empty when it is free. */
    Optional<String> holder(int port);
  }

  /**
   * Picks ports.
   *
   * @throws CommandFailed when no hundred is free
   */
  public static PortPlan pick(int firstClientPort, int nodeCount, Probe probe) {
    List<String> notes = new ArrayList<>();
    for (int hundred = 0; hundred < HUNDREDS_MAX; hundred++) {
      int first = firstClientPort + 100 * hundred;
      if (first + nodeCount - 1 > NodePorts.CLIENT_MAX) {
        break;
      }
      List<NodePorts> nodes = nodesFrom(first, nodeCount);
      Optional<String> taken = firstTaken(nodes, probe);
      if (taken.isEmpty()) {
        return new PortPlan(nodes, notes);
      }
      notes.add(taken.get());
    }
    throw new CommandFailed(
        "no free ports: from "
            + firstClientPort
            + " on, every hundred has one taken; "
            + notes.get(notes.size() - 1));
  }

  private static List<NodePorts> nodesFrom(int first, int count) {
    List<NodePorts> nodes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      nodes.add(new NodePorts(first + i));
    }
    return nodes;
  }

  private static Optional<String> firstTaken(List<NodePorts> nodes, Probe probe) {
    for (NodePorts node : nodes) {
      for (int port : node.all()) {
        Optional<String> holder = probe.holder(port);
        if (holder.isPresent()) {
          return Optional.of("port " + port + " is taken by " + holder.get());
        }
      }
    }
    return Optional.empty();
  }
}
