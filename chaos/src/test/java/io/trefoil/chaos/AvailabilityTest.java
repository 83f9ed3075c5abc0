package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AvailabilityTest {
  private static final long BEGAN = nanos(50);

  private static long nanos(long seconds) {
    return TimeUnit.SECONDS.toNanos(seconds);
  }

  private static Faults.Happened happened(FaultKind kind, int node, long from, long until) {
    Met met = new Met(node, -1, "", Set.of(0));
    return new Faults.Happened(kind, met, from * 1_000, until * 1_000, 0);
  }

  private static Load.Failed failed(int node, long second) {
    long at = BEGAN + nanos(second);
    return new Load.Failed(
        node, List.of("GET", "a"), false, at, at + 1, "NOREPLICAS nobody is there");
  }

  private static Invocation written(long second) {
    long at = BEGAN + nanos(second);
    return Invocation.acknowledged("a", "unique-1", Call.set("v"), at - 1, at, "OK");
  }

  private static List<Load.Failed> counted(Load.Failed failed, Faults.Happened... happened) {
    return Availability.of(List.of(), List.of(failed), List.of(happened), BEGAN).failed();
  }

  @Test
  void a_call_that_fails_elsewhere_while_one_node_is_away_counts() {
    Faults.Happened killed = happened(FaultKind.KILL, 0, 10, 20);
    assertThat(counted(failed(1, 9), killed)).as("before").isEmpty();
    assertThat(counted(failed(1, 15), killed)).hasSize(1);
    assertThat(counted(failed(1, 24), killed)).as("while it recovers").hasSize(1);
    assertThat(counted(failed(1, 26), killed)).as("afterwards").isEmpty();
    assertThat(counted(failed(0, 15), killed)).as("at the node itself").isEmpty();
  }

  @Test
  void what_fails_while_more_is_wrong_does_not_count() {
    Faults.Happened killed = happened(FaultKind.KILL, 0, 10, 20);
    assertThat(counted(failed(1, 15), killed, happened(FaultKind.PAUSE, 2, 8, 12))).isEmpty();
    assertThat(counted(failed(1, 15), killed, happened(FaultKind.PAUSE, 0, 8, 12))).hasSize(1);
    assertThat(counted(failed(1, 15), killed, happened(FaultKind.SPLIT, 0, 15, 16))).isEmpty();
    assertThat(counted(failed(1, 15), happened(FaultKind.KILL_ALL, -1, 10, 20))).isEmpty();
  }

  @Test
  void gaps_are_between_acknowledged_writes() {
    List<Invocation> history =
        List.of(
            written(1),
            written(4),
            Invocation.acknowledged("a", "a", Call.get(), BEGAN, BEGAN + nanos(20), null),
            Invocation.uncertain("a", "unique-2", Call.set("v"), BEGAN + nanos(21)),
            written(30),
            written(35));
    List<Faults.Happened> happened =
        List.of(happened(FaultKind.KILL_ALL, -1, 10, 20), happened(FaultKind.KILL, 1, 31, 40));
    Availability availability = Availability.of(history, List.of(), happened, BEGAN);
    assertThat(availability.longestGapMillis()).isEqualTo(26_000);
    assertThat(availability.longestGapOfOneMillis()).isEqualTo(5_000);
  }
}
