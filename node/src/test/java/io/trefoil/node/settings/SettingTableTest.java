package io.trefoil.node.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class SettingTableTest {
  @Test
  void noPathIsThereTwiceAndEveryMeaningIsOneSentenceOnOneLine() {
    assertThat(SettingTable.paths())
        .doesNotHaveDuplicates()
        .allMatch(p -> p.matches("[a-z0-9.-]+"));
    assertThat(SettingTable.ALL)
        .allMatch(s -> s.meaning().matches("[A-Z].*\\.") && !s.meaning().contains("|"));
  }

  @Test
  void everySettingIsInTheHelpWithItsDefaultAndMeaning() {
    assertThat(SettingsReader.help().lines())
        .hasSameSizeAs(SettingTable.ALL)
        .zipSatisfy(
            SettingTable.ALL,
            (line, setting) ->
                assertThat(line)
                    .startsWith("  --" + setting.path() + " ")
                    .contains(" " + setting.shownDefault() + " ")
                    .endsWith(" " + setting.meaning()));
  }

  @Test
  void theOperationsPageSaysWhatTheTableSays() throws IOException {
    GeneratedPage.assertUpToDate("operations/settings.md", SettingsPage.markdown());
  }
}
