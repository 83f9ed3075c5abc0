package io.trefoil.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class QuorumReadsTest {
  private static Invocation set(String value, long start, long end) {
    return Invocation.acknowledged("w", "k", Call.set(value), start, end, "OK");
  }

  private static Invocation delete(long start, long end) {
    return Invocation.acknowledged("w", "k", Call.delete(), start, end, "1");
  }

  private static Invocation get(String value, long start, long end) {
    return Invocation.acknowledged("r", "k", Call.get(), start, end, value);
  }

  private static List<Violation> stale(Invocation... history) {
    return QuorumReads.stale(List.of(history));
  }

  private static List<Violation> goBack(Invocation... history) {
    return QuorumReads.goBack(List.of(history));
  }

  @Test
  void aReadThatMissesAnAcknowledgedWriteIsFound() {
    assertThat(stale(set("1", 0, 1), set("2", 2, 3), get("1", 4, 5))).hasSize(1);
    assertThat(stale(set("1", 0, 1), get(null, 4, 5))).hasSize(1);
    assertThat(stale(set("1", 0, 1), delete(2, 3), get("1", 4, 5))).hasSize(1);
    assertThat(stale(set("1", 0, 1), delete(2, 3), set("2", 4, 5), get(null, 6, 7))).hasSize(1);
  }

  @Test
  void oneOfSeveralWritesAtTheSameTimeMayStay() {
    assertThat(stale(set("1", 0, 5), set("2", 1, 3), get("1", 6, 7))).isEmpty();
    assertThat(stale(set("1", 0, 5), set("2", 1, 3), get("2", 6, 7))).isEmpty();
    assertThat(stale(set("1", 0, 5), delete(1, 3), get(null, 6, 7))).isEmpty();
  }

  @Test
  void aWriteThatIsUnderWayMayBeSeenOrNot() {
    assertThat(stale(set("1", 0, 1), set("2", 2, 9), get("1", 4, 5))).isEmpty();
    assertThat(stale(set("1", 0, 1), set("2", 2, 9), get("2", 4, 5))).isEmpty();
  }

  @Test
  void aWriteThatWasNotAcknowledgedMaySurfaceAtAnyTimeLater() {
    Invocation uncertain = Invocation.uncertain("w", "k", Call.set("1"), 0);
    assertThat(stale(uncertain, set("2", 2, 3), get("1", 4, 5))).isEmpty();
    assertThat(stale(uncertain, set("2", 2, 3), get(null, 4, 5))).hasSize(1);
    Invocation refused = Invocation.refused("w", "k", Call.set("1"), 0);
    assertThat(stale(refused, set("2", 2, 3), get("1", 4, 5))).hasSize(1);
  }

  @Test
  void whatNobodyWroteAndWhatIsWrittenLaterIsFound() {
    assertThat(stale(set("1", 0, 1), get("x", 4, 5))).hasSize(1);
    assertThat(stale(get("1", 0, 1), set("1", 2, 3))).hasSize(1);
  }

  @Test
  void aReadAfterAReadOfSomethingNewerIsFound() {
    Invocation underWay = Invocation.uncertain("w", "k", Call.set("2"), 2);
    assertThat(goBack(set("1", 0, 1), underWay, get("2", 4, 5), get("1", 6, 7))).hasSize(1);
    assertThat(goBack(set("1", 0, 1), underWay, get("1", 4, 5), get("2", 6, 7))).isEmpty();
    assertThat(goBack(set("1", 0, 1), underWay, get("2", 4, 8), get("1", 6, 7))).isEmpty();
  }

  @Test
  void readsOfWritesAtTheSameTimeMayTakeTurns() {
    assertThat(goBack(set("1", 0, 9), set("2", 1, 9), get("2", 2, 3), get("1", 4, 5))).isEmpty();
    assertThat(goBack(get(null, 0, 1), set("1", 2, 3), get("1", 4, 5))).isEmpty();
  }
}
