package io.trefoil.node;

import io.trefoil.control.ClusterState;
import io.trefoil.control.Database;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Regions;
import io.trefoil.control.Topology;
import io.trefoil.resp.ReplyWriter;
import java.util.List;
import java.util.Locale;

/** What {@code DATABASE INFO} and {@code LIST} say of a database: a map, as its options are. */
final class DatabaseReply {
  private final ClusterState state;
  private final ReplyWriter reply;

  DatabaseReply(ClusterState state, ReplyWriter reply) {
    this.state = state;
    this.reply = reply;
  }

  void write(Database database) {
    DatabaseSettings settings = database.settings();
    if (settings.isLeaderless()) {
      leaderless(database);
      return;
    }
    reply.map(settings.isMultiLeader() ? 15 : 11);
    begin(database);
    if (settings.isMultiLeader()) {
      regions(settings.regions());
    }
    word("commit", settings.commit());
    word("durability", settings.durability());
    word("failover", settings.failover());
    number("write-timeout", settings.writeTimeoutMillis());
    word("reads", settings.reads());
    number("changing", ChangeProgress.changing(state, database.id()));
  }

  private void leaderless(Database database) {
    var settings = database.settings();
    var quorums = settings.quorums();
    reply.map(14);
    begin(database);
    number("r", quorums.reads());
    number("w", quorums.writes());
    text("sloppy", quorums.sloppy() ? "yes" : "no");
    word("conflict", quorums.conflict());
    text("reads-see-writes", quorums.overlap(settings.replicas()) ? "yes" : "no");
    word("durability", settings.durability());
    number("write-timeout", settings.writeTimeoutMillis());
    number("changing", ChangeProgress.changing(state, database.id()));
    List<String> awaited = ChangeProgress.awaited(state, database.id());
    text("change-waits-for", String.join(", ", awaited));
  }

  /** What databases of all algorithms have. */
  private void begin(Database database) {
    number("number", database.number());
    text("name", database.name());
    word("replication", database.settings().replication());
    number("replicas", database.settings().replicas());
    number("partitions", database.settings().partitions());
  }

  private void regions(Regions regions) {
    reply.bulkText("regions");
    reply.array(regions.names().size());
    regions.names().forEach(reply::bulkText);
    text("region", regions.here());
    Topology topology = regions.topology();
    // Names keep their case.
    boolean star = topology.kind() == Topology.Kind.STAR;
    text("topology", star ? "star " + topology.hub() : lower(topology));
    word("conflict", regions.conflict());
  }

  private void number(String name, int value) {
    reply.bulkText(name);
    reply.integer(value);
  }

  private void text(String name, String value) {
    reply.bulkText(name);
    reply.bulkText(value);
  }

  private void word(String name, Object keyword) {
    text(name, lower(keyword));
  }

  private static String lower(Object keyword) {
    return keyword.toString().toLowerCase(Locale.ROOT);
  }
}
