package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import io.trefoil.control.CommitRule;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Durability;
import io.trefoil.control.FailoverRule;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.control.Reads;
import io.trefoil.control.Replication;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VerdictTest {
  static final Availability NOTHING_FAILED = new Availability(0, 0, List.of());
  private static final Invocation SET =
      Invocation.acknowledged("a", "unique-1", Call.set("v"), 1, 2, "OK");
  private static final Map<String, String> DATA = Map.of("unique-1", "v");

  private static DatabaseSettings settings(CommitRule rule) {
    return new DatabaseSettings(
        Replication.SINGLE_LEADER,
        3,
        1,
        rule,
        Durability.OS,
        1_500,
        Reads.LINEARIZABLE,
        FailoverRule.AVAILABLE,
        null);
  }

  private static Evidence evidence(
      CommitRule rule,
      List<Invocation> history,
      List<Invocation> followerReads,
      Map<String, String> data,
      Set<String> saved) {
    List<Map<String, String>> contents = List.of(data, data, data);
    return new Evidence(
        Set.of(settings(rule)),
        history,
        followerReads,
        0,
        NOTHING_FAILED,
        List.of(),
        contents,
        saved,
        0,
        List.of(),
        true,
        "equal",
        true,
        List.of(),
        List.of());
  }

  private static List<String> broken(Evidence evidence) {
    return Verdict.of(evidence).checks().stream()
        .filter(check -> !check.holds())
        .map(Verdict.Check::promise)
        .toList();
  }

  @Test
  void what_was_kept_holds() {
    Verdict verdict =
        Verdict.of(evidence(CommitRule.MAJORITY, List.of(SET), List.of(), DATA, Set.of()));
    assertThat(verdict.isGood()).isTrue();
    assertThat(verdict.seen()).isEmpty();
  }

  @Test
  void a_lost_write_breaks_a_promise_of_majority_though_it_is_saved() {
    List<Invocation> history = List.of(SET);
    assertThat(broken(evidence(CommitRule.MAJORITY, history, List.of(), Map.of(), Set.of())))
        .anyMatch(promise -> promise.contains("lost silently"));
    assertThat(
            broken(evidence(CommitRule.MAJORITY, history, List.of(), Map.of(), Set.of("unique-1"))))
        .isNotEmpty();
  }

  @Test
  void async_may_lose_what_it_saves_and_nothing_else() {
    List<Invocation> history = List.of(SET);
    Verdict saved =
        Verdict.of(evidence(CommitRule.ASYNC, history, List.of(), Map.of(), Set.of("unique-1")));
    assertThat(saved.isGood()).isTrue();
    assertThat(saved.seen()).containsEntry(Anomaly.ACKNOWLEDGED_WRITE_LOST, 1L);
    assertThat(broken(evidence(CommitRule.ASYNC, history, List.of(), Map.of(), Set.of())))
        .isNotEmpty();
  }

  @Test
  void what_a_changed_rule_may_do_may_be_seen_and_no_more() {
    Evidence async = evidence(CommitRule.ASYNC, List.of(SET), List.of(), DATA, Set.of());
    Evidence majority = evidence(CommitRule.MAJORITY, List.of(SET), List.of(), DATA, Set.of());
    assertThat(Verdict.of(async).mayBeSeen()).doesNotContain(Anomaly.WRITE_REFUSED);
    Changes changes = new Changes("data", settings(CommitRule.ASYNC));
    assertThat(
            Verdict.of(withStood(async, changes.mayStand(Set.of(FaultKind.ALTER_COMMIT))))
                .mayBeSeen())
        .contains(Anomaly.WRITE_REFUSED);
    changes = new Changes("data", settings(CommitRule.MAJORITY));
    assertThat(
            Verdict.of(withStood(majority, changes.mayStand(Set.of(FaultKind.values()))))
                .mayBeSeen())
        .doesNotContain(Anomaly.ACKNOWLEDGED_WRITE_LOST, Anomaly.NO_ORDER);
  }

  @Test
  void a_cluster_of_which_no_node_answers_has_a_verdict() {
    Evidence evidence =
        new Evidence(
            Set.of(settings(CommitRule.MAJORITY)),
            List.of(SET),
            List.of(),
            0,
            NOTHING_FAILED,
            List.of(),
            List.of(),
            Set.of(),
            0,
            List.of(),
            false,
            "incomplete: connection refused",
            false,
            List.of(),
            List.of());
    assertThat(broken(evidence))
        .contains("no acknowledged write is lost silently", "writes go on when all is mended");
  }

  private static Evidence withStood(Evidence evidence, Set<DatabaseSettings> stood) {
    return new Evidence(
        stood,
        evidence.history(),
        evidence.followerReads(),
        evidence.withoutReplicas(),
        evidence.availability(),
        evidence.regions(),
        evidence.contents(),
        evidence.savedKeys(),
        evidence.unknownEntries(),
        evidence.changes(),
        evidence.asDeclared(),
        evidence.verified(),
        evidence.wentOn(),
        evidence.leaderContradictions(),
        evidence.unexpectedEnds());
  }

  @Test
  void reads_that_fit_no_order_break_a_promise() {
    Invocation later = Invocation.acknowledged("b", "unique-1", Call.get(), 3, 4, null);
    assertThat(broken(evidence(CommitRule.SYNC, List.of(SET, later), List.of(), DATA, Set.of())))
        .containsExactly("reads and writes of a key fit one order");
  }

  @Test
  void calls_of_fields_fit_one_order_of_all_fields_of_their_key() {
    Invocation set = Invocation.acknowledged("a", "hash-1", Call.setField("f", "1"), 1, 2, "1");
    Invocation other = Invocation.acknowledged("b", "hash-1", Call.setField("g", "2"), 1, 2, "1");
    Invocation count = Invocation.acknowledged("c", "hash-1", Call.countFields(), 3, 4, "2");
    List<Invocation> history = List.of(set, other, count);
    assertThat(broken(evidence(CommitRule.MAJORITY, history, List.of(), Map.of(), Set.of())))
        .isEmpty();
    Invocation part = Invocation.acknowledged("c", "hash-1", Call.get(), 5, 6, "f=1");
    List<Invocation> torn = List.of(set, other, count, part);
    assertThat(broken(evidence(CommitRule.MAJORITY, torn, List.of(), Map.of(), Set.of())))
        .containsExactly("reads and writes of a key fit one order");
  }

  @Test
  void a_field_of_a_growing_hash_is_a_key_of_its_own() {
    String field = Keys.ofField(Keys.GROWING + "0", "a-1");
    List<Invocation> history =
        List.of(Invocation.acknowledged("a", field, Call.set("v"), 1, 2, "OK"));
    assertThat(
            broken(evidence(CommitRule.MAJORITY, history, List.of(), Map.of(field, "v"), Set.of())))
        .isEmpty();
    assertThat(broken(evidence(CommitRule.ASYNC, history, List.of(), Map.of(), Set.of())))
        .isNotEmpty();
    assertThat(broken(evidence(CommitRule.ASYNC, history, List.of(), Map.of(), Set.of(field))))
        .isEmpty();
  }

  @Test
  void a_follower_may_be_old_and_may_not_invent() {
    Invocation count = Invocation.acknowledged("a", "counter", Call.increment(), 1, 2, "1");
    Invocation old = Invocation.acknowledged("b", "counter", Call.get(), 3, 4, null);
    Verdict verdict =
        Verdict.of(evidence(CommitRule.MAJORITY, List.of(count), List.of(old), Map.of(), Set.of()));
    assertThat(verdict.isGood()).isTrue();
    assertThat(verdict.seen()).containsEntry(Anomaly.OLD_FOLLOWER_READ, 1L);
    Invocation invented = Invocation.acknowledged("b", "counter", Call.get(), 3, 4, "2");
    assertThat(
            broken(
                evidence(
                    CommitRule.MAJORITY, List.of(count), List.of(invented), Map.of(), Set.of())))
        .containsExactly("a follower shows what was asked for");
  }

  @Test
  void a_cluster_that_does_not_recover_breaks_promises() {
    Evidence evidence =
        new Evidence(
            Set.of(settings(CommitRule.MAJORITY)),
            List.of(SET),
            List.of(),
            0,
            NOTHING_FAILED,
            List.of(),
            List.of(DATA, Map.of()),
            Set.of(),
            0,
            List.of(),
            false,
            "differs",
            false,
            List.of("partition 0, epoch 3: n1 and n2"),
            List.of("n1 ended"));
    assertThat(broken(evidence))
        .containsExactly(
            "one leader an epoch",
            "replicas are equal when all is mended",
            "changes are through when all is mended",
            "writes go on when all is mended",
            "a node ends when made to, and only then");
  }
}
