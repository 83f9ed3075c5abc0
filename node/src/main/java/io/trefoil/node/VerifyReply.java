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
   */
  void write(Database database, List<PartitionReport> reports) {
    List<PartitionReport> compared =
        reports.stream().filter(report -> report.problem() == null).toList();
    reply.map(6);
    text("database", database.title());
    text("result", PartitionReport.worst(reports).text());
    number("partitions", reports.size());
    number("partitions_compared", reports.stream().filter(VerifyReply::hasAllReplicas).count());
    number("keys_compared", compared.stream().mapToLong(PartitionReport::keyCount).sum());
    reply.bulkText("partition_reports");
    reply.array(reports.size());
    for (int i = 0; i < reports.size(); i++) {
      partition(i, reports.get(i));
    }
  }

  private static boolean hasAllReplicas(PartitionReport report) {
    return report.problem() == null
        && report.replicas().stream().allMatch(replica -> replica.problem() == null);
  }

  private void partition(int number, PartitionReport report) {
    boolean differs = report.result() == Result.DIFFERS;
    boolean atMark = !report.position().equals(Position.ZERO);
    reply.map(report.problem() != null ? 3 : (differs ? 7 : 4) + (atMark ? 1 : 0));
    number("partition", number);
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
