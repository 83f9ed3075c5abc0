package io.trefoil.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WordsTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "set a b          | set,a,b",
        "`  get \t a  `    | get,a",
        "set a \"b c\"    | set,a,b c",
        "set a 'b \"c'    | set,a,b \"c",
        "set a 'it\\'s'   | set,a,it's",
        "set a \"\\x41\\\"\"| set,a,A\"",
        "set a \"\\xzz\"  | set,a,xzz",
        "set a '\\x41'    | set,a,\\x41",
        "set é \"ü\"      | set,é,ü",
      })
  void splitsAsRedisCliDoes(String line, String expected) {
    assertThat(Words.split(line).stream().map(word -> new String(word, StandardCharsets.UTF_8)))
        .containsExactly(expected.split(","));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "   ", "\t"})
  void aBlankLineHasNoWords(String line) {
    assertThat(Words.split(line)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"set a \"b", "set a 'b", "set \"a\"b", "set \"a\\\""})
  void refusesAQuoteThatIsNotClosedOrGoesOn(String line) {
    assertThatThrownBy(() -> Words.split(line)).isInstanceOf(IllegalArgumentException.class);
  }

  @Property
  void whatIsPrintedInQuotesReadsBackAsTheSameBytes(@ForAll byte[] bytes) {
    List<byte[]> words = Words.split("set " + ReplyFormat.quote(bytes) + " end");
    assertThat(words).hasSize(3);
    assertThat(words.get(1)).isEqualTo(bytes);
  }
}
