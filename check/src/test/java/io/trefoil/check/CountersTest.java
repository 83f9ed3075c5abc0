package io.trefoil.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CountersTest {
  private static Invocation increment(long start, long end, String result) {
    return Invocation.acknowledged("a", "k", Call.increment(), start, end, result);
  }

  private static Invocation read(long start, long end, String result) {
    return Invocation.acknowledged("b", "k", Call.get(), start, end, result);
  }

  @Test
  void a_count_that_two_calls_got_is_found() {
    List<Invocation> history = List.of(increment(1, 2, "1"), increment(3, 4, "2"));
    assertThat(new Counters(history).countedTwice()).isEmpty();
    history = List.of(increment(1, 2, "1"), increment(3, 4, "1"));
    assertThat(new Counters(history).countedTwice()).hasSize(1);
  }

  @Test
  void a_read_may_show_what_was_asked_for_and_no_more() {
    List<Invocation> history =
        List.of(increment(1, 2, "1"), Invocation.uncertain("a", "k", Call.increment(), 5));
    Counters counters = new Counters(history);
    assertThat(counters.neverAsked(List.of(read(6, 7, "2"), read(6, 7, null)))).isEmpty();
    assertThat(counters.neverAsked(List.of(read(6, 7, "3")))).hasSize(1);
    assertThat(counters.neverAsked(List.of(read(3, 4, "2")))).hasSize(1);
  }

  @Test
  void a_read_that_lacks_what_was_acknowledged_before_it_began_is_old() {
    Counters counters = new Counters(List.of(increment(1, 2, "1"), increment(3, 6, "2")));
    Invocation during = read(5, 8, "1");
    Invocation after = read(7, 8, "1");
    assertThat(counters.old(List.of(during, after, read(7, 8, "2")))).containsExactly(after);
  }

  @Test
  void keys_are_told_apart() {
    Counters counters = new Counters(List.of(increment(1, 2, "1")));
    Invocation other = Invocation.acknowledged("b", "other", Call.get(), 5, 6, "1");
    assertThat(counters.neverAsked(List.of(other))).hasSize(1);
  }
}
