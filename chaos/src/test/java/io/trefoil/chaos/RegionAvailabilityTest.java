package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RegionAvailabilityTest {
  private static final long BEGAN = nanos(50);
  private static final long ODD = 50;
  private static final int HERE = 0;
  private static final int ELSEWHERE = 1;

  private static long nanos(long seconds) {
    return TimeUnit.SECONDS.toNanos(seconds);
  }

  private static Faults.Happened cut(long from, long until) {
    Met met = new Met(-1, HERE, "eu", Set.of());
    return new Faults.Happened(FaultKind.REGION_CUT, met, from * 1_000, until * 1_000 + ODD, 0);
  }

  private static Faults.Happened killed(int region, long from, long until) {
    Met met = new Met(region, -1, "a node", Set.of(region));
    return new Faults.Happened(FaultKind.KILL, met, from * 1_000, until * 1_000, 0);
  }

  private static Invocation written(long second) {
    long at = BEGAN + nanos(second);
    return Invocation.acknowledged("a", "unique-1", Call.set("v"), at - 1, at, "OK");
  }

  private static Load.Failed failed(long second, boolean writes) {
    long at = BEGAN + nanos(second);
    return new Load.Failed(0, List.of("SET", "a", "v"), writes, at, at + 1, "NOREPLICAS");
  }

  /** A write each second but from the one to the other. */
  private static RegionAvailability silent(long from, long until, Faults.Happened... happened) {
    List<Invocation> history =
        LongStream.concat(LongStream.rangeClosed(0, from), LongStream.rangeClosed(until, 60))
            .mapToObj(RegionAvailabilityTest::written)
            .toList();
    List<Load.Failed> failed = Stream.of(true, false).map(it -> failed(from + 1, it)).toList();
    return RegionAvailability.of(HERE, history, failed, List.of(happened), BEGAN);
  }

  @Test
  void writes_that_stop_for_a_cut_from_others_are_seen_and_counted() {
    RegionAvailability availability = silent(12, 18, cut(10, 20));
    assertThat(availability.longestGapMillis()).isEqualTo(6_000);
    assertThat(availability.aloneMillis()).isEqualTo(10_000 + ODD);
    assertThat(availability.longestGapAloneMillis()).isEqualTo(6_000);
    assertThat(availability.failedAlone()).containsExactly(failed(13, true));
  }

  @Test
  void writes_that_stop_for_the_whole_of_a_cut_are_seen_as_long_as_it_is() {
    assertThat(silent(8, 30, cut(10, 20)).longestGapAloneMillis()).isEqualTo(10_000 + ODD);
  }

  @Test
  void what_is_wrong_inside_as_well_excuses_them_until_it_has_recovered() {
    RegionAvailability availability = silent(12, 18, cut(10, 30), killed(HERE, 12, 14));
    assertThat(availability.aloneMillis()).isEqualTo(2_000 + 11_000 + ODD);
    assertThat(availability.longestGapAloneMillis()).isEqualTo(1_000);
    assertThat(availability.failedAlone()).isEmpty();
  }

  @Test
  void what_happens_in_another_region_is_no_excuse() {
    assertThat(silent(12, 18, killed(ELSEWHERE, 10, 20)).longestGapAloneMillis()).isEqualTo(6_000);
  }

  @Test
  void nothing_wrong_is_nothing_alone() {
    RegionAvailability availability = silent(12, 18);
    assertThat(availability.aloneMillis()).isZero();
    assertThat(availability.longestGapAloneMillis()).isZero();
  }
}
