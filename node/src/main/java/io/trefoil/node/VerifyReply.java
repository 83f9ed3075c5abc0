package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Database;
import io.trefoil.node.PartitionReport.DifferingKey;
import io.trefoil.node.PartitionReport.ReplicaDigest;
import io.trefoil.node.PartitionReport.Result;
import io.trefoil.resp.ReplyWriter;
import java.util.List;
import java.util.TreeSet;

/** The reply of {@code DATABASE VERIFY}: maps, which RESP2 has as flat arrays. */
final class VerifyReply {
  private final ClusterState state;
  private final ReplyWriter reply;

  /**
   * @param state has the names of nodes
   */
  VerifyReply(ClusterState state, ReplyWriter reply) {
    this.state = state;
    this.reply = reply;
  }

  /**
   * @param reports one for each partition, in their order
   * @param between what comparing each partition with other regions came to; empty for none
   */
  void write(Database database, List<PartitionReport> reports, List<List<RegionReport>> between) {
    List<PartitionReport> compared =
        reports.stream().filter(report -> report.problem() == null).toList();
    reply.map(6);
    text("database", database.title());
    text("result", worst(reports, between).text());
    number("partitions", reports.size());
    number("partitions_compared", reports.stream().filter(VerifyReply::hasAllReplicas).count());
    number("keys_compared", compared.stream().mapToLong(PartitionReport::keyCount).sum());
    reply.bulkText("partition_reports");
    reply.array(reports.size());
    for (int i = 0; i < reports.size(); i++) {
      partition(i, reports.get(i), between.isEmpty() ? List.of() : between.get(i));
    }
  }

  private static Result worst(List<PartitionReport> reports, List<List<RegionReport>> between) {
    Result worst = PartitionReport.worst(reports);
    for (List<RegionReport> ofPartition : between) {
      for (RegionReport each : ofPartition) {
        boolean worse = each.result() == Result.DIFFERS || worst == Result.EQUAL;
        worst = worse ? each.result() : worst;
      }
    }
    return worst;
  }

  private static boolean hasAllReplicas(PartitionReport report) {
    return report.problem() == null
        && report.replicas().stream().allMatch(replica -> replica.problem() == null);
  }

  private void partition(int number, PartitionReport report, List<RegionReport> between) {
    boolean differs = report.result() == Result.DIFFERS;
    boolean atMark = !report.position().equals(Position.ZERO);
    int ofReplicas = report.problem() != null ? 3 : (differs ? 7 : 4) + (atMark ? 1 : 0);
    reply.map(ofReplicas + (between.isEmpty() ? 0 : 1));
    number("partition", number);
    if (!between.isEmpty()) {
      reply.bulkText("regions");
      reply.array(between.size());
      between.forEach(this::region);
    }
    text("result", report.result().text());
    if (report.problem() != null) {
      text("reason", report.problem());
      return;
    }
    if (atMark) {
      text("position", report.position().toString());
    }
    number("keys", report.keyCount());
    reply.bulkText("replicas");
    reply.array(report.replicas().size());
    report.replicas().forEach(this::replica);
    if (differs) {
      number("differing_ranges", report.differingBuckets());
      text("all_keys_listed", report.allKeys() ? "yes" : "no");
      reply.bulkText("differing_keys");
      reply.array(report.keys().size());
      report.keys().forEach(key -> key(key, report.replicas()));
    }
  }

  private void region(RegionReport report) {
    boolean differs = !report.diverged().isEmpty();
    reply.map(report.problem() != null ? 3 : differs ? 5 : 4);
    text("region", report.region());
    text("result", report.result().text());
    if (report.problem() != null) {
      text("reason", report.problem());
      return;
    }
    number("keys_in_flight", report.inFlight());
    text("all_looked_at", report.isWhole() ? "yes" : "no");
    if (differs) {
      reply.bulkText("diverged_keys");
      reply.array(report.diverged().size());
      report.diverged().forEach(this::diverged);
    }
  }

  private void diverged(RegionReport.Key key) {
    reply.map(3);
    reply.bulkText("key");
    reply.bulk(key.name().array());
    text("here", key.here() == 0 ? "absent" : hex(key.here()));
    text("there", key.there() == 0 ? "absent" : hex(key.there()));
  }

  private void replica(ReplicaDigest replica) {
    reply.map(2);
    text("node", name(replica.node()));
    if (replica.problem() == null) {
      text("digest", hex(replica.digest()));
    } else {
      text("reason", replica.problem());
    }
  }

  private void key(DifferingKey key, List<ReplicaDigest> replicas) {
    List<NodeId> compared =
        replicas.stream()
            .filter(replica -> replica.problem() == null)
            .map(ReplicaDigest::node)
            .toList();
    reply.map(2 + compared.size());
    reply.bulkText("key");
    reply.bulk(key.shown().array());
    number("key_bytes", key.length());
    for (NodeId node : new TreeSet<>(compared)) {
      Long digest = key.digests().get(node);
      text(name(node), digest == null ? "absent" : hex(digest));
    }
  }

  private String name(NodeId node) {
    ClusterNode known = state.nodes().get(node);
    return known == null ? node.toString() : known.name();
  }

  private static String hex(long digest) {
    return String.format("%016x", digest);
  }

  private void text(String name, String value) {
    reply.bulkText(name);
    reply.bulkText(value);
  }

  private void number(String name, long value) {
    reply.bulkText(name);
    reply.integer(value);
  }
}
