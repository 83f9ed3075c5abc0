package io.trefoil.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.base.NodeId;
import io.trefoil.control.Configuration;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.PartitionState;
import io.trefoil.control.Quorums;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * What {@code STATUS} says of leaderless databases. Nobody tells for all of a partition's replicas:
 * it serves as far as quorums of them do, and each tells what it keeps for the others as
 * coordinator.
 */
final class LeaderlessStatus {
  private static final String AWAY = "away";
  private static final String NOT_WHOLE = "not whole yet";
  private static final String SERVING = "serving";

  private final Function<NodeId, String> names;
  private final Function<NodeId, JsonNode> reports;

  /**
   * @param names by which people know nodes
   * @param reports the last of a node that is up; null for one that is not heard of
   */
  LeaderlessStatus(Function<NodeId, String> names, Function<NodeId, JsonNode> reports) {
    this.names = names;
    this.reports = reports;
  }

  /** The database's own rules, and what follows from them. */
  static void writeQuorums(ObjectNode json, DatabaseSettings settings) {
    Quorums quorums = settings.quorums();
    json.put("r", quorums.reads())
        .put("w", quorums.writes())
        .put("sloppy", quorums.sloppy())
        .put("conflict", ClusterStatus.lower(quorums.conflict()))
        .put("reads_see_writes", quorums.overlap(settings.replicas()))
        .put("writes_overlap", quorums.writesOverlap(settings.replicas()));
  }

  /**
   * @param sloppy whether hints count: then one replica is enough for writes
   */
  void write(ObjectNode json, PartitionState partition, boolean sloppy) {
    Predicate<NodeId> takesWrites = id -> own(partition, id) != null;
    Predicate<NodeId> tellsReads = id -> takesWrites.test(id) && isWhole(own(partition, id));
    String writesLack = lacking(partition, "W", each -> sloppy ? 1 : each.copies(), takesWrites);
    String readsLack = lacking(partition, "R", Configuration::reads, tellsReads);
    json.putNull("leader");
    json.put("state", serves(readsLack.isEmpty(), writesLack.isEmpty(), sloppy));
    json.put("reason", writesLack.isEmpty() ? readsLack : writesLack);
    ArrayNode replicas = json.putArray("replicas");
    ArrayNode coordinators = json.putArray("coordinators");
    for (NodeId id : partition.everyone()) {
      writeReplica(replicas.addObject(), partition, id);
      JsonNode own = own(partition, id);
      if (own != null) {
        coordinators.add(named(own, id));
      }
    }
  }

  /** Writes that look at something read, too: without those few are left. */
  private static String serves(boolean reads, boolean writes, boolean sloppy) {
    if (reads) {
      return writes ? SERVING : "reads only";
    }
    return sloppy && writes ? "writes only" : "halted";
  }

  /** What a node last told of its replica; null when it is not heard of, or has none yet. */
  private JsonNode own(PartitionState partition, NodeId id) {
    JsonNode report = reports.apply(id);
    return report == null ? null : report.path("coordinators").get(partition.id().toString());
  }

  private static boolean isWhole(JsonNode own) {
    return own.path("counts").asBoolean();
  }

  /** Which quorum is missing, in words; empty when every standing configuration has one. */
  private String lacking(
      PartitionState partition,
      String what,
      ToIntFunction<Configuration> quorum,
      Predicate<NodeId> there) {
    for (Configuration each : partition.configurations()) {
      int needed = quorum.applyAsInt(each);
      List<NodeId> missing = each.replicas().stream().filter(there.negate()).sorted().toList();
      int size = each.replicas().size();
      if (size - missing.size() < needed) {
        return String.format(
            "%s %d needs %d of %d replicas, %s",
            what, needed, needed, size, inWords(partition, missing));
      }
    }
    return "";
  }

  private String inWords(PartitionState partition, List<NodeId> missing) {
    List<String> words = new ArrayList<>();
    for (String state : List.of(AWAY, NOT_WHOLE)) {
      String such =
          missing.stream()
              .filter(id -> state(partition, id).equals(state))
              .map(names)
              .collect(Collectors.joining(", "));
      if (!such.isEmpty()) {
        words.add(such + " " + state);
      }
    }
    return String.join(", ", words);
  }

  private String state(PartitionState partition, NodeId id) {
    if (reports.apply(id) == null) {
      return AWAY;
    }
    JsonNode own = own(partition, id);
    return own != null && isWhole(own) ? SERVING : NOT_WHOLE;
  }

  private void writeReplica(ObjectNode json, PartitionState partition, NodeId id) {
    boolean learns = partition.learners().contains(id);
    String state = state(partition, id);
    JsonNode own = own(partition, id);
    json.put("node", names.apply(id))
        .put("role", learns ? "learner" : "replica")
        .put("state", learns && !state.equals(AWAY) ? "catching up" : state)
        .put("counts", own != null && isWhole(own));
    long entries = 0;
    long bytes = 0;
    long awayMillis = 0;
    boolean gap = false;
    for (NodeId coordinator : partition.everyone()) {
      JsonNode hints = hints(own(partition, coordinator), id);
      entries += hints.path("entries").asLong();
      bytes += hints.path("bytes").asLong();
      awayMillis = Math.max(awayMillis, hints.path("away_ms").asLong());
      gap |= hints.path("gap").asBoolean();
    }
    json.put("in_sync", entries == 0 && state.equals(SERVING))
        .put("hints_entries", entries)
        .put("hints_bytes", bytes)
        .put("away_ms", awayMillis)
        .put("gap", gap);
  }

  /** What a coordinator keeps for a replica. */
  private static JsonNode hints(JsonNode coordinator, NodeId replica) {
    if (coordinator != null) {
      for (JsonNode each : coordinator.path("hints")) {
        if (each.path("node").asInt() == replica.number()) {
          return each;
        }
      }
    }
    return MissingNode.getInstance();
  }

  /** A coordinator's own word, with the names of nodes for their numbers. */
  private ObjectNode named(JsonNode own, NodeId id) {
    ObjectNode json = own.deepCopy();
    json.put("node", names.apply(id));
    for (JsonNode hints : json.path("hints")) {
      ((ObjectNode) hints).put("node", names.apply(new NodeId(hints.path("node").asInt())));
    }
    return json;
  }
}
