package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.check.Call;
import io.trefoil.cli.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class QuorumWorkTest {
  private static final QuorumWork WORK = new QuorumWork();

  private static List<Work.Ask> asked() {
    Random random = new Random(1);
    List<Work.Ask> asked = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      asked.add(WORK.next(random, "value-" + i, 100_000 + i));
    }
    return asked;
  }

  private static String result(Work.Ask ask, Reply reply) {
    return WORK.result(ask, ask.calls().keySet().iterator().next(), reply);
  }

  @Test
  void texts_hashes_sets_and_counts_are_written_removed_and_read() {
    assertThat(asked())
        .extracting(ask -> ask.words().get(0))
        .contains("SET", "DEL", "GET", "INCR", "HINCRBY", "SADD", "SREM", "SISMEMBER", "SMEMBERS")
        .contains("HSET", "HDEL", "HGET", "HGETALL");
  }

  @Test
  void a_key_of_the_history_is_counted_up_or_set_and_never_both() {
    for (Work.Ask ask : asked()) {
      ask.calls()
          .forEach(
              (key, call) ->
                  assertThat(call.kind())
                      .as(key)
                      .isIn(
                          Keys.isCounter(key)
                              ? List.of(Call.Kind.INCREMENT, Call.Kind.GET)
                              : List.of(Call.Kind.SET, Call.Kind.DELETE, Call.Kind.GET)));
    }
  }

  @Test
  void a_key_that_is_set_once_is_not_set_again() {
    assertThat(asked().stream().flatMap(ask -> ask.calls().keySet().stream()))
        .filteredOn(key -> key.startsWith(Keys.UNIQUE))
        .isNotEmpty()
        .doesNotHaveDuplicates();
  }

  @Test
  void what_is_done_to_all_fields_is_done_to_each() {
    Work.Ask ask =
        asked().stream().filter(it -> it.words().get(0).equals("SMEMBERS")).findFirst().get();
    String set = ask.words().get(1);
    Reply reply = new Reply.Items(Reply.Items.Kind.ARRAY, List.of(Reply.BulkString.of("f1")));
    assertThat(ask.calls()).containsEntry(set + "/f1", Call.get()).hasSizeGreaterThan(1);
    assertThat(WORK.result(ask, set + "/f1", reply)).isEqualTo(QuorumWork.THERE);
    assertThat(WORK.result(ask, set + "/f0", reply)).isNull();
  }

  @Test
  void a_member_is_there_or_not() {
    Work.Ask ask =
        new Work.Ask(List.of("SISMEMBER", "set-1", "f0"), Map.of("set-1/f0", Call.get()));
    assertThat(result(ask, new Reply.Int(1))).isEqualTo(QuorumWork.THERE);
    assertThat(result(ask, new Reply.Int(0))).isNull();
    Work.Ask text = Work.Ask.of("text-1", Call.get(), "GET", "text-1");
    assertThat(result(text, Reply.BulkString.of("0"))).isEqualTo("0");
    assertThat(result(text, new Reply.Nil())).isNull();
  }
}
