package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.Stamp;
import io.trefoil.replication.leaderless.AntiEntropy;
import io.trefoil.replication.leaderless.RepairCounters;
import io.trefoil.replication.leaderless.RepairView;
import io.trefoil.resp.ReplyWriter;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** What a node tells of the anti-entropy of its replicas: a map for each, which RESP2 has flat. */
final class RepairStatus {
  private final Function<NodeId, String> names;
  private final long nowMillis;
  private final long wallMillis;

  /**
   * @param names by which people know nodes
   * @param nowMillis monotonic, as rounds are timed by
   * @param wallMillis as stamps are
   */
  RepairStatus(Function<NodeId, String> names, long nowMillis, long wallMillis) {
    this.names = names;
    this.nowMillis = nowMillis;
    this.wallMillis = wallMillis;
  }

  void write(NodeId self, List<QuorumReplica> replicas, ReplyWriter reply) {
    reply.array(replicas.size());
    for (QuorumReplica each : replicas) {
      String database = each.terms().database().title();
      write(self, database, each.id().number(), each.repair().machine(), reply);
    }
  }

  /** One replica and what it knows of each other one. */
  void write(NodeId self, String database, int partition, AntiEntropy machine, ReplyWriter reply) {
    RepairCounters counters = machine.counters();
    reply.map(12);
    text(reply, "database", database);
    number(reply, "partition", partition);
    text(reply, "node", names.apply(self));
    text(reply, "copy", lower(machine.state()));
    age(reply, "complete_ms_ago", machine.complete());
    age(reply, "horizon_ms_ago", machine.horizon());
    number(reply, "rounds_equal", counters.roundsEqual());
    number(reply, "rounds_differed", counters.roundsDiffering());
    number(reply, "rounds_failed", counters.roundsFailed());
    number(reply, "leaves_pulled", counters.leavesPulled());
    number(reply, "bytes_sent", counters.bytesSent());
    reply.bulkText("others");
    var others = machine.peers();
    reply.array(others.size());
    others.forEach((id, view) -> other(reply, id, view));
  }

  private void other(ReplyWriter reply, NodeId id, RepairView view) {
    reply.map(8);
    text(reply, "node", names.apply(id));
    text(reply, "copy", lower(view.state()));
    text(reply, "round", lower(view.progress()));
    text(reply, "last_round", lower(view.outcome()));
    reply.bulkText("ended_ms_ago");
    if (view.endedRound() == 0) {
      reply.nil();
    } else {
      reply.integer(Math.max(0, nowMillis - view.endedMillis()));
    }
    number(reply, "leaves_differed", view.leavesDiffered());
    number(reply, "bytes_pulled", view.bytesPulled());
    number(reply, "keys_merged", view.keysMerged());
  }

  /** A stamp by how old it is; null when there is none. */
  private void age(ReplyWriter reply, String name, long stamp) {
    reply.bulkText(name);
    if (stamp == 0) {
      reply.nil();
    } else {
      reply.integer(Math.max(0, wallMillis - Stamp.millis(stamp)));
    }
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static void text(ReplyWriter reply, String name, String value) {
    reply.bulkText(name);
    reply.bulkText(value);
  }

  private static void number(ReplyWriter reply, String name, long value) {
    reply.bulkText(name);
    reply.integer(value);
  }
}
