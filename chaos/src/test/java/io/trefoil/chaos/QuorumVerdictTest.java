package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import io.trefoil.control.CommitRule;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Durability;
import io.trefoil.control.FailoverRule;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.control.Quorums;
import io.trefoil.control.Reads;
import io.trefoil.control.Replication;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class QuorumVerdictTest {
  private static final Invocation UNIQUE = set("unique-1", "v", 1, 2);
  private static final Invocation TEXT = set("text-0", "old", 1, 2);
  private static final Invocation NEWER = set("text-0", "new", 3, 4);
  private static final Invocation ADDED = set("set-0/f1", QuorumWork.THERE, 1, 2);
  private static final Invocation REMOVED =
      Invocation.acknowledged("b", "set-0/f1", Call.delete(), 3, 4, "1");
  private static final Invocation COUNTED =
      Invocation.acknowledged("a", "counter-0", Call.increment(), 1, 2, "1");
  private static final Invocation PERHAPS_COUNTED =
      Invocation.uncertain("b", "counter-0", Call.increment(), 3);
  private static final List<Invocation> WRITES =
      List.of(UNIQUE, TEXT, NEWER, ADDED, REMOVED, COUNTED, PERHAPS_COUNTED);
  private static final Map<String, String> DATA =
      Map.of("unique-1", "v", "text-0", "new", "counter-0", "1");

  private static Invocation set(String key, String value, long start, long end) {
    return Invocation.acknowledged("a", key, Call.set(value), start, end, "OK");
  }

  private static Invocation read(String key, String result, long start) {
    return Invocation.acknowledged("c", key, Call.get(), start, start + 1, result);
  }

  private static DatabaseSettings settings(int reads, int writes) {
    Quorums defaults = Quorums.defaults(3);
    return new DatabaseSettings(
        Replication.LEADERLESS,
        3,
        1,
        CommitRule.MAJORITY,
        Durability.OS,
        1_500,
        Reads.LINEARIZABLE,
        FailoverRule.AVAILABLE,
        new Quorums(reads, writes, defaults.sloppy(), defaults.conflict()));
  }

  private static Evidence evidence(
      DatabaseSettings settings,
      List<Invocation> history,
      List<Invocation> ownCopies,
      List<Map<String, String>> contents,
      boolean wentOn) {
    return new Evidence(
        Set.of(settings),
        history,
        ownCopies,
        0,
        VerdictTest.NOTHING_FAILED,
        List.of(),
        contents,
        Set.of(),
        0,
        List.of(),
        true,
        "equal",
        wentOn,
        List.of(),
        List.of());
  }

  private static Verdict verdict(int r, int w, Map<String, String> data, Invocation... more) {
    List<Invocation> history = new ArrayList<>(WRITES);
    history.addAll(List.of(more));
    return Verdict.of(
        evidence(settings(r, w), history, List.of(), List.of(data, data, data), true));
  }

  private static List<String> broken(Verdict verdict) {
    return verdict.checks().stream()
        .filter(check -> !check.holds())
        .map(Verdict.Check::promise)
        .toList();
  }

  private static Map<String, String> but(String key, String value) {
    Map<String, String> data = new HashMap<>(DATA);
    if (value == null) {
      data.remove(key);
    } else {
      data.put(key, value);
    }
    return data;
  }

  @Test
  void what_was_kept_holds() {
    Verdict verdict = verdict(2, 2, DATA, read("text-0", "new", 5), read("counter-0", "2", 5));
    assertThat(broken(verdict)).isEmpty();
    assertThat(verdict.checks()).hasSizeGreaterThan(7);
    assertThat(verdict.seen()).isEmpty();
  }

  @Test
  void an_acknowledged_write_is_there_in_the_end() {
    assertThat(broken(verdict(2, 2, but("unique-1", null))))
        .contains("no acknowledged write is lost, none refused is done");
    assertThat(broken(verdict(2, 2, but("text-0", "old"))))
        .containsExactly(
            "reads see the last acknowledged write or a newer one; what was removed stays so");
  }

  @Test
  void what_was_removed_is_not_there_again() {
    assertThat(broken(verdict(2, 2, but("set-0/f1", QuorumWork.THERE))))
        .contains(
            "reads see the last acknowledged write or a newer one; what was removed stays so");
  }

  @Test
  void an_acknowledged_addition_counts_once_and_an_uncertain_one_at_most_once() {
    assertThat(broken(verdict(2, 2, but("counter-0", "2")))).isEmpty();
    List<String> promise =
        List.of("each acknowledged addition counts once, each uncertain one at most once");
    assertThat(broken(verdict(2, 2, but("counter-0", "3")))).isEqualTo(promise);
    assertThat(broken(verdict(2, 2, but("counter-0", null)))).isEqualTo(promise);
  }

  @Test
  void a_stale_read_breaks_a_promise_where_quorums_overlap_and_is_counted_elsewhere() {
    Invocation stale = read("text-0", "old", 5);
    Invocation staleCount = read("counter-0", null, 5);
    assertThat(broken(verdict(2, 2, DATA, stale)))
        .containsExactly(
            "reads see the last acknowledged write or a newer one; what was removed stays so");
    assertThat(broken(verdict(2, 2, DATA, staleCount)))
        .containsExactly("a count has what was acknowledged before");
    Verdict verdict = verdict(1, 2, DATA, stale, staleCount);
    assertThat(broken(verdict)).isEmpty();
    assertThat(verdict.checks())
        .extracting(Verdict.Check::detail)
        .contains(
            "not promised: R + W is not above the number of replicas; 1 of 4 lacked it",
            "not promised: R + W is not above the number of replicas; 1 of 2 lacked it");
  }

  @Test
  void an_old_own_copy_may_be_seen_and_one_that_shows_too_much_may_not() {
    List<Map<String, String>> contents = List.of(DATA);
    Verdict old =
        Verdict.of(
            evidence(settings(2, 2), WRITES, List.of(read("counter-0", null, 5)), contents, true));
    assertThat(broken(old)).isEmpty();
    assertThat(old.seen()).containsEntry(Anomaly.OLD_FOLLOWER_READ, 1L);
    Verdict tooMuch =
        Verdict.of(
            evidence(settings(2, 2), WRITES, List.of(read("counter-0", "3", 5)), contents, true));
    assertThat(broken(tooMuch)).containsExactly("a node's own copy shows what was asked for");
  }

  @Test
  void replicas_that_stay_different_and_writes_that_stop_break_promises() {
    Verdict verdict =
        Verdict.of(
            evidence(
                settings(2, 2),
                WRITES,
                List.of(),
                List.of(DATA, but("text-0", "old"), DATA),
                false));
    assertThat(broken(verdict))
        .containsExactly(
            "replicas are equal when all is mended", "writes go on when all is mended");
    assertThat(verdict.checks().toString()).contains("text-0 is [new, old, new]");
  }

  @Test
  void a_verdict_needs_somebody_who_tells_what_is_there() {
    assertThat(broken(Verdict.of(evidence(settings(2, 2), WRITES, List.of(), List.of(), true))))
        .containsExactly("no acknowledged write is lost");
  }
}
