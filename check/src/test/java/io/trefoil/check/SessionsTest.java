package io.trefoil.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.check.Sessions.Guarantee;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each checker of what replicas may answer from their own copies, with histories that break it. */
class SessionsTest {
  private final Versions versions = new Versions().add("k", List.of("1", "2", "3"));

  private static Invocation set(String client, String value, long start, long end) {
    return Invocation.acknowledged(client, "k", Call.set(value), start, end, "OK");
  }

  private static Invocation get(String client, String value, long start, long end) {
    return Invocation.acknowledged(client, "k", Call.get(), start, end, value);
  }

  private List<Violation> check(Guarantee guarantee, Invocation... history) {
    return Sessions.check(guarantee, List.of(history), versions);
  }

  @Test
  void aClientThatDoesNotSeeItsOwnWriteIsFoundAndAnothersIsNot() {
    Invocation write = set("a", "2", 0, 10);
    assertThat(check(Guarantee.READ_YOUR_WRITES, write, get("a", "1", 20, 30))).hasSize(1);
    assertThat(check(Guarantee.READ_YOUR_WRITES, write, get("a", null, 20, 30))).hasSize(1);
    assertThat(check(Guarantee.READ_YOUR_WRITES, write, get("a", "3", 20, 30))).isEmpty();
    assertThat(check(Guarantee.READ_YOUR_WRITES, write, get("b", "1", 20, 30))).isEmpty();
    assertThat(check(Guarantee.READ_YOUR_WRITES, write, get("a", "1", 5, 30))).isEmpty();
  }

  @Test
  void readsOfOneClientThatGoBackAreFound() {
    assertThat(check(Guarantee.MONOTONIC_READS, get("a", "2", 0, 1), get("a", "1", 2, 3)))
        .hasSize(1);
    assertThat(
            check(
                Guarantee.MONOTONIC_READS,
                get("a", "2", 0, 1),
                get("a", "2", 2, 3),
                get("a", null, 4, 5)))
        .hasSize(1);
    assertThat(check(Guarantee.MONOTONIC_READS, get("a", "2", 0, 1), get("b", "1", 2, 3)))
        .isEmpty();
  }

  @Test
  void writesOfOneClientInAnotherOrderAreFound() {
    assertThat(check(Guarantee.MONOTONIC_WRITES, set("a", "2", 0, 1), set("a", "1", 2, 3)))
        .hasSize(1);
    assertThat(check(Guarantee.MONOTONIC_WRITES, set("a", "1", 0, 1), set("a", "2", 2, 3)))
        .isEmpty();
  }

  @Test
  void aReadIsAsOldAsTheWriteThatItLacks() {
    List<Invocation> history = List.of(set("a", "2", 0, 100), get("b", "1", 151, 160));
    assertThat(Staleness.check(history, versions, 50)).hasSize(1);
    assertThat(Staleness.check(history, versions, 51)).isEmpty();
    assertThat(Staleness.check(List.of(set("a", "2", 0, 9), get("b", "3", 99, 99)), versions, 0))
        .isEmpty();
  }

  @Test
  void readsOfATextThatGrowsShowOneHistory() {
    List<Invocation> forked = List.of(get("a", "xy", 0, 1), get("b", "xz", 0, 1));
    assertThat(Prefixes.check(forked)).hasSize(1);
    assertThat(Prefixes.check(List.of(get("a", "xy", 0, 1), get("b", "x", 5, 6)))).isEmpty();
    assertThat(Prefixes.check(List.of(get("a", "xy", 0, 1), get("b", "y", 5, 6)))).hasSize(1);
  }
}
