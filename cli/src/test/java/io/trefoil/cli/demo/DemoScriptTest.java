package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DemoScriptTest {
  private static final char NONE = 0;

  @Test
  void numbersAreSecondsBeforeAKeyOrTheEnd() {
    assertThat(DemoScript.parse(" 10 k 0.5 r p 2 3 "))
        .containsExactly(
            new DemoScript.Step(10_000, 'k'),
            new DemoScript.Step(500, 'r'),
            new DemoScript.Step(0, 'p'),
            new DemoScript.Step(5_000, NONE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "kill", "-1 k", "4000", "1e3", "0x10"})
  void whatIsNeitherIsRefusedByName(String script) {
    assertThatThrownBy(() -> DemoScript.parse(script))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + script.split(" ")[0] + "' is neither a key nor seconds");
  }
}
