package io.trefoil.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LoadTest {
  private static final int PIPELINE = 4;
  private static final ValueSizes SIZES = new ValueSizes(10, 20_000);

  private static Workload workload(double reads) {
    return new Workload(reads, 1_000, KeyChoice.uniform(1_000), SIZES);
  }

  private static Load connect(RedisLikeServer server, int connections, int threads)
      throws IOException {
    Load.Size size = new Load.Size(connections, threads, PIPELINE, SIZES.most());
    return Load.connect(server.address(), () -> new Resp("0", PIPELINE, 0, 0), size, 1);
  }

  private static String answer(List<String> words) {
    return words.get(0).equals("SET") ? "+OK\r\n" : "$1\r\nx\r\n";
  }

  @Test
  void fillingWritesEachKeyOnce() throws Exception {
    try (RedisLikeServer server = new RedisLikeServer(LoadTest::answer);
        Load load = connect(server, 5, 2)) {
      Tally tally = load.fill(workload(0)).tally();
      assertThat(tally.good()).isEqualTo(1_000);
      Set<String> keys = new HashSet<>();
      for (List<String> command : server.commands) {
        assertThat(keys.add(command.get(1))).isTrue();
        assertThat(command.get(2).length()).isBetween(SIZES.least(), SIZES.most());
      }
      assertThat(keys).contains("key:000000000000", "key:000000000999").hasSize(1_000);
    }
  }

  @Test
  void everyRequestHasItsOutcome() throws Exception {
    try (RedisLikeServer server =
            new RedisLikeServer(
                words ->
                    words.get(0).equals("SET")
                        ? "-ERR full\r\n"
                        : words.get(1).endsWith("7") ? "$-1\r\n" : "$1\r\nx\r\n");
        Load load = connect(server, 3, 1)) {
      Load.Result result = load.run(workload(0.5), Pace.MAX, 2, 1, true);
      Tally tally = result.tally();
      assertThat(tally.good() + tally.missing() + tally.errors()).isEqualTo(server.commands.size());
      assertThat(tally.errors()).isEqualTo(count(server, "SET"));
      assertThat(tally.good() + tally.missing()).isEqualTo(count(server, "GET"));
      assertThat(tally.missing()).isPositive();
      assertThat(tally.errorTexts()).containsExactly("ERR full");
      assertThat(result.series().seconds().stream().mapToLong(Series.Second::answered).sum())
          .isEqualTo(tally.good());
    }
  }

  private static long count(RedisLikeServer server, String command) {
    return server.commands.stream().filter(words -> words.get(0).equals(command)).count();
  }

  @Test
  void aPaceIsKeptAndNothingElseIsSent() throws Exception {
    try (RedisLikeServer server = new RedisLikeServer(LoadTest::answer);
        Load load = connect(server, 4, 2)) {
      Tally tally = load.run(workload(1), new Pace(1_000, false), 1, 1, false).tally();
      assertThat(tally.good()).isEqualTo(server.commands.size());
      // Due in the second; a thread that was not run at its end did not see the last of them.
      assertThat(tally.good() + tally.unsent()).isBetween(1L, 1_000L);
    }
  }

  @Test
  void requestsThatHaveNoPlaceToWaitAreCounted() throws Exception {
    try (RedisLikeServer server = new RedisLikeServer(LoadTest::answer);
        Load load = connect(server, 1, 1)) {
      Tally tally = load.run(workload(1), new Pace(10_000_000, true), 1, 1, false).tally();
      assertThat(tally.backlogMax()).isEqualTo(1 << 16);
      assertThat(tally.unsent()).isGreaterThan(1 << 16);
      assertThat(tally.good()).isEqualTo(server.commands.size());
    }
  }

  @Test
  void aServerThatLeavesEndsTheMeasurement() throws Exception {
    try (RedisLikeServer server = new RedisLikeServer(words -> "");
        Load load = connect(server, 1, 1)) {
      assertThatThrownBy(() -> load.fill(workload(0)))
          .isInstanceOf(IOException.class)
          .hasMessageMatching("\\S+:\\d+ closed the connection|.*reset.*|.*[Bb]roken pipe.*");
    }
  }
}
