package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.HostPort;
import io.trefoil.control.Addresses;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Conflict;
import io.trefoil.control.ControlCommand;
import io.trefoil.control.DatabaseOptions;
import io.trefoil.control.Presence;
import io.trefoil.control.Replication;
import io.trefoil.control.Topology;
import io.trefoil.resp.ReplyWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What an administrator reads of databases and of regions. */
class DatabaseReplyTest {
  private long index;
  private ClusterState state = ClusterState.EMPTY;

  DatabaseReplyTest() {
    apply(new ControlCommand.Found(7, 1, 600, DatabaseOptions.ofPartitions(1)));
    Addresses addresses =
        new Addresses("fd00::9", 6379, 16379, 17379, 8379, new HostPort("gate.eu", 443));
    Presence presence = new Presence(0, null, 1, 1, 0, 0, "n1", "EU", addresses, false);
    apply(new ControlCommand.Register(presence, false));
    apply(
        new ControlCommand.LinkRegion(
            "us", List.of(new HostPort("n1.us", 16379), new HostPort("n2.us", 16379))));
  }

  private void apply(ControlCommand command) {
    state = state.apply(command, ++index, 1).state();
  }

  private String described(String name) {
    return written(
        reply -> new DatabaseReply(state, reply).write(state.database(name).orElseThrow()));
  }

  /** The values of a reply, without how long they are. */
  private static String written(Consumer<ReplyWriter> writing) {
    ReplyWriter reply = new ReplyWriter();
    writing.accept(reply);
    return Arrays.stream(new String(reply.toArray(), StandardCharsets.UTF_8).split("\r\n", -1))
        .filter(line -> !line.startsWith("$"))
        .collect(Collectors.joining(" "))
        .strip();
  }

  @Test
  void aSingleLeaderDatabaseTellsItsOptions() {
    assertThat(described("0"))
        .isEqualTo(
            "*22 number :0 name  replication single-leader replicas :1 partitions :1"
                + " commit majority durability os failover available write-timeout :1500"
                + " reads linearizable changing :0");
  }

  @Test
  void aMultiLeaderDatabaseTellsOfItsRegionsBesides() {
    DatabaseOptions options =
        new DatabaseOptions(
            null,
            Replication.MULTI_LEADER,
            null,
            1,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            Conflict.SIBLINGS,
            List.of("us", "EU"),
            Topology.star("EU"));
    apply(new ControlCommand.Create("Users", options, "EU", -7));
    assertThat(described("Users"))
        .isEqualTo(
            "*30 number :1 name Users replication multi-leader replicas :1 partitions :1"
                + " regions *2 us EU region EU topology star EU conflict siblings"
                + " commit majority durability os failover available write-timeout :1500"
                + " reads eventual changing :0");
  }

  @Test
  void regionsAreListedWithTheOneHere() {
    assertThat(written(reply -> new RegionReply(reply).write(state, "EU")))
        .isEqualTo(
            "*2 *6 name EU addresses *1 gate.eu:443 here yes"
                + " *6 name us addresses *2 n1.us:16379 n2.us:16379 here no");
    assertThat(written(reply -> new RegionReply(reply).write(state, "")))
        .startsWith("*1 *6 name us");
  }
}
