package io.trefoil.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.control.Database;
import io.trefoil.control.Regions;
import io.trefoil.node.http.LinkSample;
import io.trefoil.replication.multileader.NeighbourView;
import io.trefoil.replication.multileader.SenderView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What {@code STATUS} says of the links between regions. */
final class RegionStatus {
  private RegionStatus() {}

  /** Writes how far a leader is with each neighbour: what it pulls, and what it is pulled. */
  static void write(ArrayNode json, PartitionReplica leader) {
    RegionExchange exchange = leader.exchange();
    if (exchange == null) {
      return;
    }
    Map<String, SenderView> senders = exchange.senders();
    exchange
        .neighbours()
        .forEach(
            (region, in) -> {
              ObjectNode link = json.addObject().put("region", region);
              pulled(link, in);
              sent(link, leader, senders.get(region));
            });
  }

  /** The same for metrics; empty where nothing is exchanged. */
  static List<LinkSample> sample(PartitionReplica replica) {
    List<LinkSample> samples = new ArrayList<>();
    RegionExchange exchange = replica.exchange();
    if (exchange != null) {
      Map<String, SenderView> senders = exchange.senders();
      exchange
          .neighbours()
          .forEach(
              (region, in) ->
                  samples.add(
                      new LinkSample(
                          region,
                          in.state() != NeighbourView.State.DOWN,
                          in.lagEntries(),
                          in.queuedBytes(),
                          in.lagMillis(),
                          unacknowledged(replica, senders.get(region)))));
    }
    return samples;
  }

  private static long unacknowledged(PartitionReplica leader, SenderView out) {
    return leader.machine().commitIndex() - (out == null ? 0 : out.ackedIndex());
  }

  private static void pulled(ObjectNode json, NeighbourView in) {
    json.put("state", ClusterStatus.lower(in.state()))
        .put("position", in.committed().toString())
        .put("lag_entries", in.lagEntries())
        .put("lag_bytes", in.queuedBytes())
        .put("lag_ms", in.lagMillis())
        .put("waits_for", in.waitsFor() == null ? "" : in.waitsFor().toString());
  }

  /** A region that has pulled nothing yet lacks all of it. */
  private static void sent(ObjectNode json, PartitionReplica leader, SenderView out) {
    json.put("sends", out == null ? "idle" : ClusterStatus.lower(out.state()))
        .put("unacknowledged_entries", unacknowledged(leader, out))
        .put("in_flight_bytes", out == null ? 0 : out.inFlightBytes());
  }

  /** Writes what a database that spans regions is. */
  static void write(ObjectNode json, Database database) {
    Regions regions = database.settings().regions();
    json.put("region", regions.here());
    regions.names().forEach(json.putArray("regions")::add);
    json.put("topology", regions.topology().toString())
        .put("conflict", ClusterStatus.lower(regions.conflict()));
  }

  /**
   * Adds which neighbours are out of reach, or too far ahead.
   *
   * @param partitions of one database, as {@code STATUS} tells of them
   */
  static void warn(ArrayNode warnings, Database database, ArrayNode partitions) {
    SortedMap<String, List<Integer>> down = new TreeMap<>();
    SortedMap<String, List<Integer>> tooOld = new TreeMap<>();
    for (JsonNode partition : partitions) {
      int number = partition.path("partition").asInt();
      for (JsonNode link : partition.path("regions")) {
        String region = link.path("region").asText();
        switch (link.path("state").asText()) {
          case "down" -> down.computeIfAbsent(region, it -> new ArrayList<>()).add(number);
          case "too-old" -> tooOld.computeIfAbsent(region, it -> new ArrayList<>()).add(number);
          default -> {}
        }
      }
    }
    warn(warnings, database, down, "is out of reach of");
    warn(warnings, database, tooOld, "has let go of log that was not sent yet to");
  }

  private static void warn(
      ArrayNode warnings,
      Database database,
      SortedMap<String, List<Integer>> regions,
      String what) {
    regions.forEach(
        (region, numbers) ->
            warnings.add(
                "region '"
                    + region
                    + "' "
                    + what
                    + (numbers.size() == 1 ? " partition " : " partitions ")
                    + numbers.toString().replaceAll("[\\[\\]]", "")
                    + " of '"
                    + database.title()
                    + "'"));
  }
}
