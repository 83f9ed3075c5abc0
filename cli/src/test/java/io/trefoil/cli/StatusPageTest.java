package io.trefoil.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
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
  void aLeaderlessDatabaseSaysWhatItsReadsSeeAndForWhomHintsAreKept() {
    assertThat(lastLines(leaderless("2", "2", "true"), 6))
        .isEqualTo(
            """
            Database 5 carts: leaderless, 3 replicas, R 2 W 2 (a read sees the last
                acknowledged write), conflict lww, 3 partitions, durability os, write
                timeout 1500 ms
              PART  STATE    REPLICAS  MOST HINTS: FOR ENTRIES BYTES AWAY
                 0  serving  3 of 3    none
                 1  serving  2 of 3    n3 7 2.0 KB 12.5 s away with a gap""");
  }

  @Test
  void aLeaderlessDatabaseSaysWhenAReadMayMissAWriteAndWhyItIsHalted() {
    String json =
        leaderless("1", "1", "false")
            .replace("\"serving\",\"reason\":\"\"", "\"halted\",\"reason\":\"R 1 needs 1 of 3\"");
    assertThat(lastLines(json, 8))
        .isEqualTo(
            """
            Database 5 carts: leaderless, 3 replicas, R 1 W 1 (a read may miss the last
                acknowledged write; of two writes the earlier may stay if clocks differ),
                conflict lww, 3 partitions, durability os, write timeout 1500 ms
              PART  STATE   REPLICAS  MOST HINTS: FOR ENTRIES BYTES AWAY
                 0  halted  3 of 3    none
                    R 1 needs 1 of 3
                 1  halted  2 of 3    n3 7 2.0 KB 12.5 s away with a gap
                    R 1 needs 1 of 3""");
  }

  @Test
  void aChangeThatWaitsSaysForWhom() {
    String json =
        leaderless("2", "2", "true")
            .replace(
                "\"partition_states\"",
                "\"changing\":2,\"change_waits_for\":[\"n2\",\"n3\"],\"partition_states\"");
    assertThat(String.join(" ", StatusPage.lines(ClusterStatus.parse(json))))
        .contains("2 partitions changing (waits for n2, n3)");
  }

  @Test
  void aDatabaseThatSpansRegionsSaysHowFarItsLinksAre() {
    String of = "{\"region\":\"us\",\"state\":";
    String json =
        "{\"format\":1,\"databases\":[{\"number\":5,\"name\":\"users\","
            + "\"replication\":\"multi-leader\",\"replicas\":2,\"partitions\":2,"
            + "\"commit\":\"majority\",\"region\":\"eu\",\"regions\":[\"eu\",\"us\"],"
            + "\"topology\":\"ALL-TO-ALL\",\"conflict\":\"lww\",\"write_timeout_ms\":1500,"
            + "\"partition_states\":[{\"partition\":0,\"state\":\"serving\",\"regions\":["
            + of
            + "\"streaming\",\"lag_entries\":70,\"lag_bytes\":2048,\"lag_ms\":120,"
            + "\"unacknowledged_entries\":3}]},{\"partition\":1,\"state\":\"serving\","
            + "\"regions\":["
            + of
            + "\"down\",\"unacknowledged_entries\":9}]}]}]}";
    assertThat(lastLines(json, 7))
        .isEqualTo(
            """
            Database 5 users: multi-leader, 2 replicas, 2 partitions, regions eu us (eu
                here), all-to-all, conflict lww, commit majority, write timeout 1500 ms
              PART  EPOCH  LEADER  IN SYNC  STATE    WORST LAG: ENTRIES BYTES TIME
                 0      0  -       -        serving  -
                 1      0  -       -        serving  -
              REGION  STATE  WORST LAG: ENTRIES BYTES TIME  NOT ACKNOWLEDGED THERE
              us      down   70 2.0 KB 120 ms                                    9""");
  }

  private static String lastLines(String json, int count) {
    List<String> lines = StatusPage.lines(ClusterStatus.parse(json));
    return String.join("\n", lines.subList(lines.size() - count, lines.size()));
  }

  /** As a node would answer it. */
  private static String leaderless(String reads, String writes, String meet) {
    String serving = "\"role\":\"replica\",\"state\":\"serving\",\"counts\":true}";
    String whole =
        "{\"node\":\"n1\"," + serving + ",{\"node\":\"n2\"," + serving + ",{\"node\":\"n3\",";
    String away =
        "\"role\":\"replica\",\"state\":\"away\",\"counts\":true,\"hints_entries\":7,"
            + "\"hints_bytes\":2048,\"away_ms\":12500,\"gap\":true}";
    return "{\"format\":1,\"databases\":[{\"number\":5,\"name\":\"carts\","
        + "\"replication\":\"leaderless\",\"replicas\":3,\"partitions\":3,\"r\":"
        + reads
        + ",\"w\":"
        + writes
        + ",\"conflict\":\"lww\",\"reads_see_writes\":"
        + meet
        + ",\"writes_overlap\":"
        + meet
        + ",\"durability\":\"os\",\"write_timeout_ms\":1500,\"partition_states\":["
        + "{\"partition\":0,\"state\":\"serving\",\"reason\":\"\",\"replicas\":["
        + whole
        + serving
        + "]},{\"partition\":1,\"state\":\"serving\",\"reason\":\"\",\"replicas\":["
        + whole
        + away
        + "]}]}]}";
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
