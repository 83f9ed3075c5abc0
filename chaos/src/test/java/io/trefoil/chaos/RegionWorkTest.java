package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.check.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RegionWorkTest {
  private static List<Work.Ask> asked() {
    RegionWork work = new RegionWork();
    Random random = new Random(1);
    List<Work.Ask> asked = new ArrayList<>();
    for (int i = 0; i < 4_000; i++) {
      asked.add(work.next(random, "value-" + i, 100_000 + i));
    }
    return asked;
  }

  private static List<String> keys(List<Work.Ask> asked, Call.Kind kind) {
    return asked.stream()
        .flatMap(ask -> ask.calls().entrySet().stream())
        .filter(call -> call.getKey().startsWith(Keys.ONCE) && call.getValue().kind() == kind)
        .map(call -> call.getKey())
        .toList();
  }

  @Test
  void keys_are_set_once_and_most_are_removed_once_some_time_later() {
    List<Work.Ask> asked = asked();
    List<String> set = keys(asked, Call.Kind.SET);
    List<String> removed = keys(asked, Call.Kind.DELETE);
    assertThat(set).hasSizeGreaterThan(100).doesNotHaveDuplicates();
    assertThat(removed).hasSizeGreaterThan(100).doesNotHaveDuplicates();
    assertThat(removed).isEqualTo(set.subList(0, removed.size()));
  }

  @Test
  void all_else_is_asked_for_as_well() {
    assertThat(asked())
        .extracting(ask -> ask.words().get(0))
        .contains("SET", "DEL", "GET", "INCR", "HINCRBY", "SADD", "SREM", "HSET", "HDEL");
  }
}
