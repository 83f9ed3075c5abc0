package io.trefoil.node;

import io.trefoil.base.HostPort;
import io.trefoil.control.ClusterState;
import io.trefoil.resp.ReplyWriter;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** What {@code REGION LIST} answers: a map for each region that is known, by name. */
final class RegionReply {
  private final ReplyWriter reply;

  RegionReply(ReplyWriter reply) {
    this.reply = reply;
  }

  /**
   * @param here this node's region; empty for none
   */
  void write(ClusterState state, String here) {
    SortedMap<String, List<HostPort>> regions = new TreeMap<>(state.regions());
    if (!here.isEmpty()) {
      regions.put(here, addressesIn(state, here));
    }
    reply.array(regions.size());
    regions.forEach((name, addresses) -> region(name, addresses, name.equals(here)));
  }

  private static List<HostPort> addressesIn(ClusterState state, String region) {
    return state.nodesIn(region).stream().map(node -> node.addresses().region()).toList();
  }

  private void region(String name, List<HostPort> addresses, boolean here) {
    reply.map(3);
    reply.bulkText("name");
    reply.bulkText(name);
    reply.bulkText("addresses");
    reply.array(addresses.size());
    addresses.forEach(address -> reply.bulkText(address.toString()));
    reply.bulkText("here");
    reply.bulkText(here ? "yes" : "no");
  }
}
