package io.trefoil.resp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecimalTest {
  private final Decimal decimal = new Decimal();

  @Property
  void whatIsWrittenIsRead(@ForAll long number) {
    byte[] array = new byte[30];
    int length = Decimal.write(number, array, 5);
    assertThat(new String(array, 5, length, StandardCharsets.US_ASCII))
        .isEqualTo(Long.toString(number));
    assertThat(Decimal.length(number)).isEqualTo(length);
    assertThat(decimal.parse(array, 5, length)).isTrue();
    assertThat(decimal.value()).isEqualTo(number);
  }

  @Property
  void onlyTheCanonicalTextIsANumber(
      @ForAll @CharRange(from = '+', to = '9') @StringLength(max = 21) String text) {
    assertThat(parse(text)).isEqualTo(isCanonical(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "-0",
        "00",
        "01",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "0x1",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999"
      })
  void otherTextsAreNotNumbers(String text) {
    assertThat(parse(text)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, Long.MAX_VALUE, -1, 0, 1, 10, 99, 100})
  void theEdgesAreNumbers(long number) {
    assertThat(parse(Long.toString(number))).isTrue();
    assertThat(decimal.value()).isEqualTo(number);
  }

  private boolean parse(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return decimal.parse(bytes, 0, bytes.length);
  }

  private static boolean isCanonical(String text) {
    try {
      return Long.toString(Long.parseLong(text)).equals(text);
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
