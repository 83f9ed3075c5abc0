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
import java.util.Set;
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | 2 | 3 | serving    | ''",
        "2 | 2 | 2 | serving    | ''",
        "2 | 2 | 1 | halted     | too few replicas are up; away: n2, n3",
        "1 | 3 | 2 | reads only | too few replicas are up; away: n3",
        "3 | 1 | 2 | halted     | too few replicas are up; away: n3",
      })
  void aLeaderlessPartitionServesWhileItsQuorumsAreUp(
      int reads, int writes, int up, String state, String reason) {
    ClusterStatus status = new ClusterStatus(STOPPED);
    for (int node = 1; node <= up; node++) {
      status.onReport(node, "{}".getBytes(), 0, 2);
    }
    JsonNode json = status.write(cluster(reads, writes), new NodeId(1), null, Set.of());
    JsonNode partition = json.path("databases").path(0).path("partition_states").path(0);
    assertThat(partition.path("state").asText()).isEqualTo(state);
    assertThat(partition.path("reason").asText()).isEqualTo(reason);
    assertThat(partition.path("leader").isNull()).isTrue();
    for (int node = 1; node <= 3; node++) {
      JsonNode replica = partition.path("replicas").path(node - 1);
      assertThat(replica.path("role").asText()).isEqualTo("replica");
      assertThat(replica.path("state").asText()).isEqualTo(node <= up ? "serving" : "away");
    }
  }

  private static ClusterState cluster(int reads, int writes) {
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
            null,
            null);
    ClusterState state = ClusterState.EMPTY;
    state = state.apply(new ControlCommand.Found(7, 3, 600, carts), 1, 1).state();
    for (int node = 1; node <= 3; node++) {
      Addresses addresses = new Addresses("host", 1, 2, 3, 4);
      Presence presence = new Presence(0, null, node, node, 0, "n" + node, "eu", addresses, false);
      state = state.apply(new ControlCommand.Register(presence, false), node + 1, 1).state();
    }
    return state;
  }
}
