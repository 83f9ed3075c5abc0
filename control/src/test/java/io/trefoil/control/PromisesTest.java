package io.trefoil.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.control.Promises.Anomaly;
import io.trefoil.control.Promises.Failure;
import io.trefoil.control.Promises.Fate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromisesTest {
  private static DatabaseSettings settings(
      String rule, int replicas, Durability durability, FailoverRule failover) {
    CommitRule commit =
        rule.equals("SEMI_SYNC")
            ? CommitRule.semiSync(1)
            : new CommitRule(CommitRule.Kind.valueOf(rule), 0);
    return new DatabaseSettings(
        Replication.SINGLE_LEADER,
        replicas,
        1,
        commit,
        durability,
        1500,
        Reads.LINEARIZABLE,
        failover,
        null);
  }

  @ParameterizedTest
  @CsvSource({
    "ASYNC,     3, OS,    AVAILABLE, SAVED, LOST,     LAST_MOMENTS_LOST",
    "ASYNC,     3, FSYNC, AVAILABLE, SAVED, LOST,     SAVED",
    "ASYNC,     3, FSYNC, SAFE,      KEPT,  WAITS,    KEPT",
    "SEMI_SYNC, 3, OS,    AVAILABLE, KEPT,  KEPT,     LAST_MOMENTS_LOST",
    "MAJORITY,  3, FSYNC, AVAILABLE, KEPT,  KEPT,     KEPT",
    "SYNC,      2, OS,    AVAILABLE, KEPT,  KEPT,     LAST_MOMENTS_LOST",
    "MAJORITY,  1, FSYNC, AVAILABLE, KEPT,  ALL_LOST, KEPT"
  })
  void whatBecomesOfAcknowledgedWrites(
      String rule,
      int replicas,
      Durability durability,
      FailoverRule failover,
      Fate killed,
      Fate lost,
      Fate power) {
    DatabaseSettings settings = settings(rule, replicas, durability, failover);
    assertThat(Promises.acknowledged(settings, Failure.PROCESS_KILLED)).isEqualTo(killed);
    assertThat(Promises.acknowledged(settings, Failure.MACHINE_LOST)).isEqualTo(lost);
    assertThat(Promises.acknowledged(settings, Failure.ALL_WITHOUT_POWER)).isEqualTo(power);
  }

  @ParameterizedTest
  @CsvSource({
    "2, 2, NO,  3, OS,    KEPT, KEPT,           LAST_MOMENTS_LOST",
    "1, 3, NO,  3, FSYNC, KEPT, KEPT,           KEPT",
    "3, 1, NO,  3, OS,    AWAY, ONLY_COPY_LOST, LAST_MOMENTS_LOST",
    "1, 1, NO,  3, FSYNC, AWAY, ONLY_COPY_LOST, KEPT",
    "1, 1, NO,  1, FSYNC, KEPT, ALL_LOST,       KEPT",
    "2, 2, YES, 3, FSYNC, AWAY, ONLY_COPY_LOST, KEPT",
    "1, 1, YES, 1, FSYNC, KEPT, ALL_LOST,       KEPT"
  })
  void whatBecomesOfAcknowledgedWritesWithoutALeader(
      int reads,
      int writes,
      String sloppy,
      int replicas,
      Durability durability,
      Fate killed,
      Fate lost,
      Fate power) {
    DatabaseSettings settings =
        new DatabaseSettings(
            Replication.LEADERLESS,
            replicas,
            1,
            CommitRule.MAJORITY,
            durability,
            1500,
            Reads.LINEARIZABLE,
            FailoverRule.AVAILABLE,
            new Quorums(reads, writes, sloppy.equals("YES"), Conflict.LWW));
    assertThat(Promises.acknowledged(settings, Failure.PROCESS_KILLED)).isEqualTo(killed);
    assertThat(Promises.acknowledged(settings, Failure.MACHINE_LOST)).isEqualTo(lost);
    assertThat(Promises.acknowledged(settings, Failure.ALL_WITHOUT_POWER)).isEqualTo(power);
  }

  @Test
  void onlyOneCopyLosesAndOnlySeveralRefuse() {
    assertThat(Promises.mayBeSeen(settings("ASYNC", 3, Durability.OS, FailoverRule.AVAILABLE)))
        .containsExactlyInAnyOrder(
            Anomaly.ACKNOWLEDGED_WRITE_LOST, Anomaly.NO_ORDER, Anomaly.OLD_FOLLOWER_READ);
    assertThat(Promises.mayBeSeen(settings("SYNC", 3, Durability.OS, FailoverRule.AVAILABLE)))
        .containsExactlyInAnyOrder(Anomaly.OLD_FOLLOWER_READ, Anomaly.WRITE_REFUSED);
    assertThat(Promises.mayBeSeen(settings("MAJORITY", 1, Durability.OS, FailoverRule.AVAILABLE)))
        .isEmpty();
  }
}
