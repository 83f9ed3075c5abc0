package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import io.trefoil.control.CommitRule;
import io.trefoil.control.Conflict;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Durability;
import io.trefoil.control.FailoverRule;
import io.trefoil.control.Reads;
import io.trefoil.control.Regions;
import io.trefoil.control.Replication;
import io.trefoil.control.Topology;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What two regions, eu and us, were told, and what is there in the end. */
class RegionVerdictTest {
  private static final String ENDS =
      "in the end no value is there that its own region had replaced or removed";
  private static final String REMOVALS =
      "a key that is set once is there until it is removed, and then never again";
  private static final String ADDITIONS =
      "each acknowledged addition counts once, each uncertain one at most once";

  private static final List<Invocation> EU =
      List.of(
          set("eu/1", "unique-1", "v", 1),
          set("eu/1", "text-0", "old", 1),
          set("eu/1", "text-0", "new", 3),
          set("eu/1", "once-1", "v", 1),
          set("eu/1", "once-2", "v", 1),
          added("eu/1", 1, "1"));
  private static final List<Invocation> US =
      List.of(
          set("us/1", "text-0", "other", 2),
          removed("us/2", "once-1", 5, "1"),
          removed("us/2", "once-2", 5, "0"),
          added("us/1", 1, "1"),
          Invocation.uncertain("us/2", "counter-0", Call.increment(), 3));
  private static final Map<String, String> DATA =
      Map.of("unique-1", "v", "text-0", "new", "once-2", "v", "counter-0", "2");

  private static Invocation set(String client, String key, String value, long start) {
    return Invocation.acknowledged(client, key, Call.set(value), start, start + 1, "OK");
  }

  private static Invocation removed(String client, String key, long start, String found) {
    return Invocation.acknowledged(client, key, Call.delete(), start, start + 1, found);
  }

  private static Invocation added(String client, long start, String result) {
    return Invocation.acknowledged(client, "counter-0", Call.increment(), start, start + 1, result);
  }

  private static Invocation read(String client, String key, String result, long start) {
    return Invocation.acknowledged(client, key, Call.get(), start, start + 1, result);
  }

  private static DatabaseSettings settings() {
    return new DatabaseSettings(
        Replication.MULTI_LEADER,
        2,
        1,
        CommitRule.MAJORITY,
        Durability.OS,
        1_500,
        Reads.SESSION,
        FailoverRule.AVAILABLE,
        null,
        Regions.first("eu", List.of("eu", "us"), Topology.ALL_TO_ALL, Conflict.LWW));
  }

  private static RegionEvidence region(
      String name, List<Invocation> history, List<Invocation> more) {
    List<Invocation> all = new ArrayList<>(history);
    more.stream().filter(it -> it.client().startsWith(name)).forEach(all::add);
    return new RegionEvidence(name, all, new RegionAvailability(0, 0, 0, List.of()));
  }

  private static Verdict verdict(List<Map<String, String>> contents, Invocation... more) {
    List<RegionEvidence> regions =
        List.of(region("eu", EU, List.of(more)), region("us", US, List.of(more)));
    return Verdict.of(
        new Evidence(
            Set.of(settings()),
            Stream.concat(regions.get(0).history().stream(), regions.get(1).history().stream())
                .toList(),
            List.of(),
            0,
            VerdictTest.NOTHING_FAILED,
            regions,
            contents,
            Set.of(),
            0,
            List.of(),
            true,
            Evidence.EQUAL,
            true,
            List.of(),
            List.of()));
  }

  private static List<String> broken(Map<String, String> data, Invocation... more) {
    return verdict(List.of(data, data), more).checks().stream()
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
    assertThat(broken(DATA)).isEmpty();
    assertThat(broken(but("counter-0", "3"))).as("the uncertain one").isEmpty();
    assertThat(broken(but("text-0", "other"))).as("of the other region").isEmpty();
  }

  @Test
  void an_acknowledged_write_is_there_in_the_end() {
    assertThat(broken(but("unique-1", null)))
        .contains("no acknowledged write is lost, none refused is done");
  }

  @Test
  void what_a_region_had_replaced_is_not_there() {
    assertThat(broken(but("text-0", "old"))).containsExactly(ENDS);
    assertThat(broken(but("text-0", null))).as("nobody removed it").containsExactly(ENDS);
  }

  @Test
  void what_a_removal_found_does_not_come_back_and_what_none_found_stays() {
    assertThat(broken(but("once-1", "v"))).containsExactly(REMOVALS);
    assertThat(broken(but("once-2", null))).contains(REMOVALS);
  }

  @Test
  void additions_of_all_regions_count_once() {
    assertThat(broken(but("counter-0", "1"))).containsExactly(ADDITIONS);
    assertThat(broken(but("counter-0", "4"))).containsExactly(ADDITIONS);
  }

  @Test
  void an_addition_is_told_what_its_region_had_counted() {
    assertThat(broken(but("counter-0", "3"), added("eu/2", 5, "1")))
        .containsExactly("an addition is told what its region had counted before");
    assertThat(broken(but("counter-0", "3"), added("eu/2", 5, "2"))).isEmpty();
  }

  @Test
  void a_session_sees_its_own_writes_and_another_one_may_not_yet() {
    assertThat(broken(DATA, read("eu/1", "text-0", "old", 6)))
        .contains("a session reads its own writes");
    assertThat(broken(DATA, read("eu/2", "text-0", "old", 6))).isEmpty();
    assertThat(broken(DATA, read("eu/1", "text-0", "other", 6))).isEmpty();
  }

  @Test
  void the_reads_of_a_session_do_not_go_back() {
    Invocation first = read("eu/2", "text-0", "new", 6);
    Invocation second = read("eu/2", "text-0", "old", 8);
    assertThat(broken(DATA, first, second))
        .containsExactly("a session's reads do not go back to what its region had replaced");
    assertThat(broken(DATA, second, read("eu/2", "text-0", "new", 10))).isEmpty();
  }

  @Test
  void a_value_that_another_region_hid_and_removed_may_be_seen_again() {
    assertThat(
            broken(
                DATA,
                set("us/3", "text-0", "later", 6),
                read("eu/2", "text-0", "later", 9),
                removed("us/3", "text-0", 8, "1"),
                read("eu/2", "text-0", "new", 12)))
        .isEmpty();
  }

  @Test
  void regions_that_stay_different_break_a_promise() {
    assertThat(verdict(List.of(DATA, but("text-0", "other"))).checks().toString())
        .contains("text-0 is [new, other]");
  }

  @Test
  void a_verdict_needs_somebody_who_tells_what_is_there() {
    assertThat(verdict(List.of()).isGood()).isFalse();
  }
}
