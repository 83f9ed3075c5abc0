package io.trefoil.node.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantitiesTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "17, 17",
    "17b, 17",
    "1kb, 1024",
    "256mb, 268435456",
    "1GB, 1073741824",
    "2Tb, 2199023255552",
    "00064kb, 65536",
    "8388607tb, 9223370937343148032"
  })
  void aSizeIsANumberWithAUnitOfPowersOf1024(String text, long bytes) {
    assertThat(Quantities.size(text)).contains(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "mb",
        "-1mb",
        "+1mb",
        "1.5gb",
        "1 mb",
        " 1mb",
        "1k",
        "1mib",
        "0x10",
        "1_000",
        "8388608tb",
        "999999999999999999kb",
        "1234567890123456789",
        "١kb"
      })
  void textThatIsNoSizeOrBeyond63BitsIsRefused(String text) {
    assertThat(Quantities.size(text)).isEmpty();
  }

  @Property
  void aSizeWrittenOutReadsTheSame(@ForAll @LongRange(min = 0, max = 999_999_999_999L) long n) {
    assertThat(Quantities.size(Quantities.sizeText(n))).contains(n);
    assertThat(Quantities.size(Quantities.sizeText(n * 1024))).contains(n * 1024);
  }

  @ParameterizedTest
  @CsvSource({"0, 0b", "1023, 1023b", "1024, 1kb", "1536, 1536b", "67108864, 64mb"})
  void aSizeIsWrittenInTheLargestUnitThatFits(long bytes, String text) {
    assertThat(Quantities.sizeText(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"600ms, PT0.6S", "2S, PT2S", "90s, PT1M30S", "5m, PT5M", "1h, PT1H", "0ms, PT0S"})
  void aDurationIsANumberWithAUnit(String text, Duration duration) {
    assertThat(Quantities.duration(text)).contains(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "600", "ms", "-1s", "1.5s", "1 s", "1d", "1234567890123ms"})
  void aDurationWithoutAUnitOrNumberIsRefused(String text) {
    assertThat(Quantities.duration(text)).isEmpty();
  }

  @Property
  void aDurationWrittenOutReadsTheSame(
      @ForAll @LongRange(min = 0, max = 999_999_999_999L) long millis) {
    Duration duration = Duration.ofMillis(millis);
    assertThat(Quantities.duration(Quantities.durationText(duration)))
        .isEqualTo(Optional.of(duration));
  }
}
