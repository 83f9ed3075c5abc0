package io.trefoil.replication.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EpochTableTest {
  private static EpochTable table() {
    EpochTable table = new EpochTable();
    table.append(3, 1);
    table.append(5, 11);
    table.append(9, 21);
    return table;
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 3", "10, 3", "11, 5", "20, 5", "21, 9", "1000, 9"})
  void anIndexBelongsToTheEpochThatWroteIt(long index, long epoch) {
    assertThat(table().epochAt(index)).isEqualTo(epoch);
  }

  @ParameterizedTest
  @CsvSource({"9, 30, 30", "8, 30, 20", "5, 15, 15", "4, 30, 10", "3, 7, 7", "2, 30, 0"})
  void logsCanAgreeAtMostUpToTheLastIndexOfTheOlderEpoch(long epoch, long end, long last) {
    assertThat(table().lastIndexUpTo(epoch, end)).isEqualTo(last);
  }

  @Test
  void cuttingForgetsEpochsThatWroteNothingElse() {
    EpochTable table = table();
    table.cut(11);
    assertThat(table).hasToString("3@1");
    table.append(12, 11);
    assertThat(table).hasToString("3@1 12@11");
  }

  @Test
  void anEpochThatWroteNothingIsReplacedByTheNext() {
    EpochTable table = table();
    table.append(10, 21);
    assertThat(table).hasToString("3@1 5@11 10@21");
  }

  @Test
  void aTableComesBackFromItsBytes() {
    ByteSink sink = new ByteSink();
    table().writeTo(sink);
    assertThat(EpochTable.readFrom(new ByteSource(sink.toArray()))).hasToString(table().toString());
  }

  @ParameterizedTest
  @CsvSource({
    "3@1 5@11, 3@1 5@11, 30, 30",
    "3@1 5@11, 3@1 6@11, 30, 10",
    "3@1 5@11, 3@1, 30, 10",
    "3@1 5@11, 3@1 6@21, 9, 9",
    "3@1 5@11, 4@1, 30, 0",
    "3@1 5@11 9@21, 3@1 5@11 7@15 8@18, 30, 14",
  })
  void historiesAreTheSameUpToWhereTheirEpochsPart(
      String one, String other, long end, long common) {
    assertThat(parse(one).lastCommon(parse(other), end)).isEqualTo(common);
    assertThat(parse(other).lastCommon(parse(one), end)).isEqualTo(common);
  }

  private static EpochTable parse(String text) {
    EpochTable table = new EpochTable();
    for (String run : text.split(" ")) {
      String[] numbers = run.split("@");
      table.append(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]));
    }
    return table;
  }
}
