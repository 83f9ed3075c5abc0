package io.trefoil.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantitiesTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "999, 999 B",
    "1000, 1.0 KB",
    "1536, 1.5 KB",
    "1048576, 1.0 MB",
    "9223372036854775807, 8.0 EB"
  })
  void bytesAreShort(long bytes, String text) {
    assertThat(Quantities.bytes(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, 0 ms", "999, 999 ms", "1500, 1.5 s", "59999, 59.9 s", "90000, 1m30s"})
  void timesAreShort(long millis, String text) {
    assertThat(Quantities.millis(millis)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, 0s", "59, 59s", "60, 1m0s", "3600, 1h0m", "90061, 1d1h"})
  void longTimesAreShort(long seconds, String text) {
    assertThat(Quantities.seconds(seconds)).isEqualTo(text);
  }

  @Test
  void aTableAlignsItsColumnsAndCutsWhatIsTooWide() {
    TextTable table = new TextTable(12, "NAME", ">N").row("a", 1).row("abc def", 1234);
    assertThat(table.lines()).containsExactly("NAME       ~", "a          ~", "abc def  12~");
    assertThatThrownBy(() -> table.row("one cell")).isInstanceOf(IllegalArgumentException.class);
  }
}
