package io.trefoil.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trefoil.bench.load.Tallies;
import io.trefoil.bench.server.Servers;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReportTest {
  private static final List<Servers> SIDES =
      List.of(new Samples.Named("cassandra", "nothing"), new Samples.Named("trefoil", "nothing"));

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);

  private static Measured measured() {
    return new Measured(
        0.5,
        16,
        123_456,
        List.of(
            List.of(Samples.of(1_000_000, 200), Samples.of(1_200_000, 300)),
            List.of(Samples.of(2_000_000, 5, Tallies.withFaults()), Samples.of(1_800_000, 1_234))));
  }

  private String text() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private void print(Report report) {
    report.begin(SIDES);
    report.add(measured());
    report.end();
  }

  @Test
  void aLineIsOfOneSideAndFitsIntoAHundredColumns() {
    print(new TextReport(BenchCommandTest.settings("--rate", "50%"), print));
    List<String> lines = text().lines().filter(line -> !line.startsWith("machine")).toList();
    assertThat(lines).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(100));
    assertThat(lines)
        .contains(
            "cassandra  cassandra 1.0",
            "           acknowledged: nothing",
            "           50% of the slower side's peak, at equal gaps",
            "50% reads -P 16: 123,456 a second",
            "50% reads -P 16 cassandra  1,100,000   125.0   250.0    500.0    750.0  0.50, 0.25, 0.13",
            "50% reads -P 16 trefoil    1,900,000   309.8   619.5   1239.0   1858.5  0.50, 0.25, 0.13",
            "                trefoil / cassandra: ops/s 1.75 (1.50–2.00), p50 2.07 (0.03–4.11)",
            "memory     resident, of each side's largest server at last: cassandra 177 MB, trefoil 177 MB");
    assertThat(text()).contains("ops/s 1.75 (1.50–2.00)", "p99 2.07 (0.03–4.11)");
  }

  @ParameterizedTest
  @CsvSource({"0.0426,0.043", "4.256,4.26", "42.56,42.6"})
  void latencyHasThreeDigits(double p99, String shown) {
    Report report = new TextReport(BenchCommandTest.settings(), print);
    report.begin(SIDES.subList(0, 1));
    report.add(new Measured(0, 1, 0, List.of(List.of(Samples.of(1, p99)))));
    assertThat(text()).containsPattern(" " + shown + " ");
  }

  @Test
  void sidesThatPromiseDifferentThingsAreToldApart() {
    String line = "The sides do not promise the same.";
    new TextReport(BenchCommandTest.settings(), print).begin(SIDES);
    assertThat(text()).doesNotContain(line);
    new TextReport(BenchCommandTest.settings(), print)
        .begin(List.of(SIDES.get(0), new Samples.Named("trefoil", "2 copies synced")));
    assertThat(text()).contains(line);
  }

  @Test
  void whatDidNotEndWellIsSaid() {
    print(new TextReport(BenchCommandTest.settings(), print));
    assertThat(text())
        .contains(
            "errors 2, reads that found nothing 1, never sent 3: 'ERR full'",
            "70,000 due at once, at most");
  }

  @Test
  void everyMeasurementIsInTheJson() throws Exception {
    print(new JsonReport(BenchCommandTest.settings(), print));
    JsonNode root = new ObjectMapper().readTree(text());
    assertThat(root.at("/sides/1/acknowledged").asText()).isEqualTo("nothing");
    JsonNode measurement = root.at("/measurements/0");
    assertThat(measurement.path("pipeline").asInt()).isEqualTo(16);
    assertThat(measurement.at("/sides/0/medians/ops~1s").asDouble()).isEqualTo(1_100_000);
    assertThat(measurement.at("/sides/0/ratios/ops~1s/median").asDouble()).isEqualTo(1.75);
    assertThat(measurement.at("/sides/1/pairs")).hasSize(2);
    assertThat(measurement.at("/sides/1/pairs/0/errors").asInt()).isEqualTo(2);
    assertThat(measurement.at("/sides/1/pairs/0/error_texts/0").asText()).isEqualTo("ERR full");
  }
}
