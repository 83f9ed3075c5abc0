package io.trefoil.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QuorumCountsTest {
  private static final Invocation FIRST = added("a", 1, 2, "1");
  private static final Invocation UNCERTAIN =
      Invocation.uncertain("b", "counter", Call.increment(), 3);
  private static final Invocation REFUSED = Invocation.refused("b", "counter", Call.increment(), 4);
  private static final List<Invocation> HISTORY = List.of(FIRST, UNCERTAIN, REFUSED);
  private static final QuorumCounts COUNTS = new QuorumCounts(HISTORY);

  private static Invocation added(String client, long start, long end, String count) {
    return Invocation.acknowledged(client, "counter", Call.increment(), start, end, count);
  }

  private static List<Invocation> read(long start, long end, String count) {
    return List.of(Invocation.acknowledged("c", "counter", Call.get(), start, end, count));
  }

  @Test
  void what_was_acknowledged_counts_once_and_what_is_uncertain_at_most_once() {
    assertThat(COUNTS.inTheEnd(Map.of())).hasSize(1);
    assertThat(COUNTS.inTheEnd(Map.of("counter", "1"))).isEmpty();
    assertThat(COUNTS.inTheEnd(Map.of("counter", "2"))).isEmpty();
    assertThat(COUNTS.inTheEnd(Map.of("counter", "3")).toString())
        .contains("counter is 3 in the end, not from 1 to 2");
  }

  @Test
  void a_read_shows_all_that_was_acknowledged_before_it() {
    assertThat(COUNTS.stale(read(2, 5, null))).as("at the same time").isEmpty();
    assertThat(COUNTS.stale(read(3, 5, "1"))).isEmpty();
    assertThat(COUNTS.stale(read(3, 5, null))).hasSize(1);
  }

  @Test
  void a_read_shows_no_more_than_was_asked_for_until_it_ended() {
    assertThat(COUNTS.neverAsked(read(2, 5, "2"))).isEmpty();
    assertThat(COUNTS.neverAsked(read(2, 3, "2"))).as("asked for later").hasSize(1);
    assertThat(COUNTS.neverAsked(read(2, 5, "3"))).as("refused").hasSize(1);
  }

  @Test
  void two_at_the_same_time_may_be_told_the_same() {
    List<Invocation> same = List.of(added("a", 1, 5, "1"), added("b", 1, 5, "1"));
    QuorumCounts counts = new QuorumCounts(same);
    assertThat(counts.stale(same)).isEmpty();
    assertThat(counts.neverAsked(same)).isEmpty();
    List<Invocation> after = List.of(added("a", 1, 2, "1"), added("b", 3, 5, "1"));
    assertThat(new QuorumCounts(after).stale(after)).as("one of the two is lacking").hasSize(1);
  }
}
