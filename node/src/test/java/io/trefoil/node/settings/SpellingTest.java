package io.trefoil.node.settings;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpellingTest {
  @ParameterizedTest
  @CsvSource({
    "client.prt, client.port",
    "clint.port, client.port",
    "client.max-conections, client.max-connections",
    "client.maxConnections, client.max-connections",
    "password-file, client.password-file",
    "lease, cluster.lease",
    "insecur, insecure",
    "loglevel, log.level",
    "log-level, log.level"
  })
  void whatWasMeantIsFound(String word, String meant) {
    assertThat(Spelling.nearest(word, SettingTable.paths())).contains(meant);
  }

  @ParameterizedTest
  @CsvSource({"''", "x", "appendonly", "maxmemory", "client.tls.certificate"})
  void nothingIsSuggestedForWhatIsNotNear(String word) {
    assertThat(Spelling.nearest(word, SettingTable.paths())).isEmpty();
  }

  @Property(tries = 300)
  void theDistanceIsThatOfTheDefinition(
      @ForAll @StringLength(max = 6) @CharRange(from = 'a', to = 'c') String a,
      @ForAll @StringLength(max = 6) @CharRange(from = 'a', to = 'c') String b) {
    assertThat(Spelling.distance(a, b)).isEqualTo(slowDistance(a, b));
  }

  private static int slowDistance(String a, String b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a.length() + b.length();
    }
    String restA = a.substring(1);
    String restB = b.substring(1);
    int replaced = slowDistance(restA, restB) + (a.charAt(0) == b.charAt(0) ? 0 : 1);
    return Math.min(replaced, Math.min(slowDistance(restA, b), slowDistance(a, restB)) + 1);
  }
}
