package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.trefoil.base.Clock;
import io.trefoil.base.NodeId;
import io.trefoil.control.Addresses;
import io.trefoil.control.ClusterState;
import io.trefoil.control.ControlCommand;
import io.trefoil.control.DatabaseOptions;
import io.trefoil.control.Presence;
import io.trefoil.control.Replication;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A leaderless partition on n1, n2 and n3. */
class ClusterStatusTest {
  private static final Clock STOPPED =
      new Clock() {
        @Override
        public long wallMillis() {
          return 0;
        }

        @Override
        public long monotonicNanos() {
          return 0;
        }
      };

  private final ClusterStatus status = new ClusterStatus(STOPPED);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | 2 | NO  | WWW | serving     | ''",
        "2 | 2 | NO  | WW- | serving     | ''",
        "2 | 2 | NO  | W-- | halted      | W 2 needs 2 of 3 replicas, n2, n3 away",
        "1 | 3 | NO  | WW- | reads only  | W 3 needs 3 of 3 replicas, n3 away",
        "3 | 1 | NO  | WW- | halted      | R 3 needs 3 of 3 replicas, n3 away",
        "2 | 2 | NO  | Wf- | halted      | R 2 needs 2 of 3 replicas, n3 away, n2 not whole yet",
        "1 | 2 | NO  | Wff | serving     | ''",
        "2 | 2 | NO  | W.. | halted      | W 2 needs 2 of 3 replicas, n2, n3 not whole yet",
        "1 | 3 | YES | W-- | serving     | ''",
        "2 | 2 | YES | W-- | writes only | R 2 needs 2 of 3 replicas, n2, n3 away",
        "2 | 2 | YES | --- | halted      | W 1 needs 1 of 3 replicas, n1, n2, n3 away",
      })
  void aLeaderlessPartitionServesWhileItsQuorumsAreThere(
      int reads, int writes, String sloppy, String nodes, String state, String reason) {
    for (int node = 1; node <= 3; node++) {
      report(node, nodes.charAt(node - 1));
    }
    JsonNode partition = partition(database(reads, writes, sloppy.equals("YES")));
    assertThat(partition.path("state").asText()).isEqualTo(state);
    assertThat(partition.path("reason").asText()).isEqualTo(reason);
    assertThat(partition.path("leader").isNull()).isTrue();
    for (int node = 1; node <= 3; node++) {
      char is = nodes.charAt(node - 1);
      JsonNode replica = partition.path("replicas").path(node - 1);
      assertThat(replica.path("role").asText()).isEqualTo("replica");
      assertThat(replica.path("state").asText())
          .isEqualTo(is == 'W' ? "serving" : is == '-' ? "away" : "not whole yet");
      assertThat(replica.path("counts").asBoolean()).isEqualTo(is == 'W');
    }
  }

  /** W: whole; f: forgot something; .: up without a replica yet; -: away. */
  private void report(int node, char is) {
    if (is != '-') {
      String own = "{\"coordinators\":{\"1/0\":{\"counts\":" + (is == 'W') + "}}}";
      onReport(node, is == '.' ? "{}" : own);
    }
  }

  private void onReport(int node, String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    status.onReport(node, bytes, 0, bytes.length);
  }

  @Test
  void hintsForAReplicaAreThoseOfAllCoordinators() {
    String hints =
        "{\"coordinators\":{\"1/0\":{\"counts\":true,\"read_repairs\":4,\"hints\":[{\"node\":3,"
            + "\"entries\":%d,\"bytes\":%d,\"away_ms\":%d,\"gap\":%b,\"counts\":false}]}}}";
    onReport(1, String.format(hints, 5, 600, 12_500, false));
    onReport(2, String.format(hints, 2, 300, 11_000, true));
    JsonNode partition = partition(database(2, 2, false));
    assertThat(partition.path("replicas").path(2))
        .hasToString(
            "{\"node\":\"n3\",\"role\":\"replica\",\"state\":\"away\",\"counts\":false,"
                + "\"in_sync\":false,\"hints_entries\":7,\"hints_bytes\":900,\"away_ms\":12500,"
                + "\"gap\":true}");
    assertThat(partition.path("replicas").path(0).path("in_sync").asBoolean()).isTrue();
    assertThat(partition.path("coordinators")).hasSize(2);
    JsonNode first = partition.path("coordinators").path(0);
    assertThat(first.path("node").asText()).isEqualTo("n1");
    assertThat(first.path("read_repairs").asInt()).isEqualTo(4);
    assertThat(first.path("hints").path(0).path("node").asText()).isEqualTo("n3");
  }

  @ParameterizedTest
  @CsvSource({
    "2, 2, false, true,  true,  nothing is lost",
    "1, 2, false, false, true,  nothing is lost",
    "2, 1, false, false, false, what no other replica had is lost",
    "3, 1, false, true,  false, what no other replica had is lost",
    "3, 3, true,  false, false, what no other replica had is lost"
  })
  void whatQuorumsPromiseIsSaidOutLoud(
      int reads,
      int writes,
      boolean sloppy,
      boolean readsSee,
      boolean overlap,
      String machineLost) {
    JsonNode database = database(reads, writes, sloppy);
    assertThat(database.path("r").asInt()).isEqualTo(reads);
    assertThat(database.path("w").asInt()).isEqualTo(writes);
    assertThat(database.path("sloppy").asBoolean()).isEqualTo(sloppy);
    assertThat(database.path("conflict").asText()).isEqualTo("lww");
    assertThat(database.path("reads_see_writes").asBoolean()).isEqualTo(readsSee);
    assertThat(database.path("writes_overlap").asBoolean()).isEqualTo(overlap);
    assertThat(database.path("acknowledged_writes").path("machine_lost").asText())
        .isEqualTo(machineLost);
    for (String ofLeaders : new String[] {"commit", "failover", "reads"}) {
      assertThat(database.has(ofLeaders)).as(ofLeaders).isFalse();
    }
  }

  @Test
  void aNodesClockIsAsFarAheadAsItIsOfTheOneThatIsBehindMost() {
    onReport(1, "{\"clocks_ahead_ms\":{\"2\":700,\"3\":0}}");
    onReport(3, "{\"clocks_ahead_ms\":{\"2\":1500}}");
    JsonNode nodes =
        status.write(cluster(2, 2, false), new NodeId(1), null, Set.of()).path("nodes");
    assertThat(nodes)
        .extracting(node -> node.path("clock_ahead_ms").asLong(-1))
        .containsExactly(0L, 1_500L, 0L);
  }

  private JsonNode database(int reads, int writes, boolean sloppy) {
    return status
        .write(cluster(reads, writes, sloppy), new NodeId(1), null, Set.of())
        .path("databases")
        .path(0);
  }

  private static JsonNode partition(JsonNode database) {
    return database.path("partition_states").path(0);
  }

  private static ClusterState cluster(int reads, int writes, boolean sloppy) {
    DatabaseOptions carts =
        new DatabaseOptions(
            null,
            Replication.LEADERLESS,
            3,
            1,
            null,
            null,
            null,
            null,
            null,
            reads,
            writes,
            sloppy,
            null);
    ClusterState state = ClusterState.EMPTY;
    state = state.apply(new ControlCommand.Found(7, 3, 600, carts), 1, 1).state();
    for (int node = 1; node <= 3; node++) {
      Addresses addresses = new Addresses("host", 1, 2, 3, 4);
      Presence presence =
          new Presence(0, null, node, node, 0, 0, "n" + node, "eu", addresses, false);
      state = state.apply(new ControlCommand.Register(presence, false), node + 1, 1).state();
    }
    return state;
  }
}
