package io.trefoil.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.simulation.cluster.ClusterKind;
import io.trefoil.simulation.cluster.ClusterSimulation;
import io.trefoil.simulation.cluster.Reduction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A check that never fails proves nothing: each rule that is broken on purpose must be caught, by
 * the seed or the trace that the page names. With {@code -Ddocs.rewrite} seeds are looked for.
 */
class MutantTest {
  private static final Path PAGE = Path.of("../docs/simulation.md");
  private static final String HEADER = "| mutant | the rule | caught by | a user may lose |";
  private static final long SEEDS = 4_000;

  static Stream<Mutant> ofTheProtocol() {
    return of(Mutant.World.PROTOCOL);
  }

  static Stream<Mutant> ofClusters() {
    return Arrays.stream(Mutant.World.values())
        .filter(it -> it.kind() != null)
        .flatMap(it -> of(it));
  }

  private static Stream<Mutant> of(Mutant.World world) {
    return Arrays.stream(Mutant.values()).filter(it -> it.world() == world && it != Mutant.NONE);
  }

  @ParameterizedTest
  @MethodSource("ofTheProtocol")
  void aBrokenRuleIsCaught(Mutant mutant) throws IOException {
    isCaught(mutant);
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("ofClusters")
  void aPortThatLiesIsCaught(Mutant mutant) throws IOException {
    isCaught(mutant);
  }

  private static void isCaught(Mutant mutant) throws IOException {
    long seed = seeds().get(mutant);
    assertThat(seed).isBetween(1L, SEEDS);
    assertThatCode(() -> run(seed, mutant, Mutant.NONE))
        .as("without it")
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> run(seed, mutant, mutant)).isInstanceOf(SimulationFailure.class);
  }

  /** Runs the world of {@code of}, with {@code broken} in it. */
  private static void run(long seed, Mutant of, Mutant broken) {
    ClusterKind kind = of.world().kind();
    if (kind != null) {
      new ClusterSimulation(seed, broken, Reduction.NONE, 1, kind).run();
    } else {
      new Simulation(seed, broken, 1).run();
    }
  }

  @Test
  void thePageListsThemAll() throws IOException {
    Map<Mutant, Long> seeds = System.getProperty("docs.rewrite") == null ? seeds() : lookForSeeds();
    String page = Files.readString(PAGE);
    int begin = page.indexOf(HEADER);
    int end = page.indexOf("\n\n", begin);
    String rewritten = page.substring(0, begin) + table(seeds) + page.substring(end);
    if (System.getProperty("docs.rewrite") != null) {
      Files.writeString(PAGE, rewritten);
    }
    assertThat(PAGE).as("rewrite it with -Ddocs.rewrite").hasContent(rewritten);
  }

  private static String table(Map<Mutant, Long> seeds) {
    StringBuilder table = new StringBuilder(HEADER).append("\n|---|---|---|---|");
    for (Mutant mutant : Mutant.values()) {
      if (mutant != Mutant.NONE) {
        table.append(
            String.format(
                "%n| `%s` | %s | %s | %s |",
                mutant.label(), mutant.rule(), by(mutant, seeds.get(mutant)), mutant.costs()));
      }
    }
    return table.toString();
  }

  private static String by(Mutant mutant, Long seed) {
    return switch (mutant.world()) {
      case TRACE -> "a [trace](../" + TracesTest.traceOf(mutant) + ")";
      case PROTOCOL -> "protocol " + seed;
      case CLUSTER, TAILED, SCRUBBED, LEADERLESS, REGIONS ->
          mutant.world().kind().label() + " " + seed;
    };
  }

  /** What the page says. */
  private static Map<Mutant, Long> seeds() throws IOException {
    Map<Mutant, Long> seeds = new EnumMap<>(Mutant.class);
    List<String> lines = Files.readAllLines(PAGE);
    for (String line : lines.subList(lines.indexOf(HEADER) + 2, lines.size())) {
      String[] cells = line.split(" *\\| *");
      if (cells.length < 4) {
        break;
      }
      String by = cells[3];
      Arrays.stream(Mutant.values())
          .filter(it -> ("`" + it.label() + "`").equals(cells[1]))
          .filter(it -> it.world() != Mutant.World.TRACE)
          .forEach(it -> seeds.put(it, Long.parseLong(by.substring(by.indexOf(' ') + 1))));
    }
    return seeds;
  }

  private static Map<Mutant, Long> lookForSeeds() {
    Map<Mutant, Long> seeds = new EnumMap<>(Mutant.class);
    for (Mutant mutant : Mutant.values()) {
      if (mutant != Mutant.NONE && mutant.world() != Mutant.World.TRACE) {
        int threads = Runtime.getRuntime().availableProcessors();
        Optional<Seeds.Failed> failed =
            Seeds.run(1, SEEDS, threads, seed -> run(seed, mutant, mutant));
        seeds.put(mutant, failed.map(Seeds.Failed::seed).orElse(-1L));
      }
    }
    return seeds;
  }
}
