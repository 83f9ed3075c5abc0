package io.trefoil.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatusPageTest {
  @Test
  void showsNodesDatabasesPartitionsAndWarnings() {
    assertThat(String.join("\n", StatusPage.lines(SampleStatus.parsed())))
        .isEqualTo(
            """
            Cluster 7f3a: 2 of 3 nodes up, controller n1, as n2 sees it

            NODE  STATE  CLIENT          REGION  UPTIME  VERSION  CONTROL
            n1    up     127.0.0.1:6379  -          12s  0.1.0    controller
            n2    up     127.0.0.1:6380  eu        1h1m  0.1.0    voter
            n3    down   127.0.0.1:6381  -            -  0.1.0    -

            Database 0: single-leader, 3 replicas, 1 partition, commit majority, durability
                os, reads linearizable, failover available, write timeout 1500 ms
              PART  EPOCH  LEADER  IN SYNC  STATE    WORST LAG: ENTRIES BYTES TIME
                 0     12  n1      n2       serving  n3 7 2.0 KB 12.5 s away

            Database 1 orders: single-leader, 3 replicas, 1 partition, commit sync,
                durability fsync, reads linearizable, failover safe, write timeout 1500 ms
              PART  EPOCH  LEADER  IN SYNC  STATE      WORST LAG: ENTRIES BYTES TIME
                 0      4  -       -        no leader  -
                    2 of 3 replicas answer and sync needs all of them: n3 has been away for
                    12 s

            WARNING n3 is down""");
  }

  @Test
  void noLineIsWiderThan80EvenWithLongNames() {
    String json = SampleStatus.json().replace("n3", "n".repeat(100)).replace("eu", "e".repeat(90));
    assertThat(StatusPage.lines(ClusterStatus.parse(json)))
        .isNotEmpty()
        .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80));
  }

  @Test
  void anEmptyStatusIsNoError() {
    assertThat(StatusPage.lines(ClusterStatus.parse("{\"format\":1}")))
        .first()
        .isEqualTo("Cluster -: 0 of 0 nodes up, controller -, as - sees it");
  }

  @Test
  void refusesAnotherFormatAndSaysWhatToDo() {
    assertThatThrownBy(() -> ClusterStatus.parse("{\"format\":2}"))
        .isInstanceOf(CommandFailed.class)
        .hasMessageContaining("has format 2")
        .hasMessageContaining("use the node's version");
  }

  @ParameterizedTest
  @ValueSource(strings = {"not json", "{\"format\":1,\"nodes\":7}"})
  void refusesWhatIsNoStatus(String json) {
    assertThatThrownBy(() -> ClusterStatus.parse(json))
        .isInstanceOf(CommandFailed.class)
        .hasMessageContaining("not what it should be");
  }
}
