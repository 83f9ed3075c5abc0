package io.trefoil.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Promises;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.control.Promises.Failure;
import io.trefoil.simulation.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The page of promises says what {@link Promises} does, and each "may" has a seed that shows it.
 * With {@code -Ddocs.rewrite} seeds are looked for.
 */
class PromisesPageTest {
  private static final Path PAGE = Path.of("../docs/promises.md");
  private static final Path README = Path.of("../README.md");
  private static final String MAY = "may: seed ";
  private static final int REPLICAS = 3;

  private static final int MOST_SEEDS = 2_000;

  /** The first seed that shows each thing that may be seen. */
  private static final class Seeds {
    private final Map<Rule, Map<Anomaly, Long>> byRule = new EnumMap<>(Rule.class);

    private Map<Anomaly, Long> of(Rule rule) {
      return byRule.computeIfAbsent(rule, it -> new EnumMap<>(Anomaly.class));
    }

    private boolean isWhole() {
      return Arrays.stream(Rule.values())
          .allMatch(rule -> of(rule).keySet().equals(Promises.mayBeSeen(settings(rule, false))));
    }

    /** Runs one seed after the other, until all were seen. */
    private static Seeds lookedFor() {
      Seeds seeds = new Seeds();
      for (long seed = 1; seed <= MOST_SEEDS && !seeds.isWhole(); seed++) {
        ClusterCoverage run = new ClusterSimulation(seed, /* traceLines= */ 0).run();
        for (Rule rule : Rule.values()) {
          for (Anomaly anomaly : Anomaly.values()) {
            if (run.of(rule, anomaly) > 0) {
              seeds.of(rule).putIfAbsent(anomaly, seed);
            }
          }
        }
      }
      return seeds;
    }

    /** What the page says. */
    private static Seeds onPage() throws IOException {
      Seeds seeds = new Seeds();
      for (String line : Files.readAllLines(PAGE)) {
        String[] cells = line.split(" *\\| *");
        for (Anomaly anomaly : Anomaly.values()) {
          if (cells.length > 1 && cells[1].equals(anomaly.words())) {
            for (Rule rule : Rule.values()) {
              String cell = cells[2 + rule.ordinal()];
              if (cell.startsWith(MAY)) {
                seeds.of(rule).put(anomaly, Long.parseLong(cell.substring(MAY.length())));
              }
            }
          }
        }
      }
      return seeds;
    }
  }

  private static DatabaseSettings settings(Rule rule, boolean fsync) {
    return ClusterShape.settings(rule, REPLICAS, 1, fsync);
  }

  private static String name(Rule rule) {
    return rule == Rule.SEMI_SYNC ? "SEMI-SYNC 1" : rule.name();
  }

  @Tag("slow")
  @Test
  void everyMayHasASeedThatShowsIt() throws IOException {
    Seeds seeds = Seeds.onPage();
    Map<Long, ClusterCoverage> runs = new TreeMap<>();
    for (Rule rule : Rule.values()) {
      assertThat(seeds.of(rule).keySet())
          .isEqualTo(Promises.mayBeSeen(settings(rule, /* fsync= */ false)));
      seeds
          .of(rule)
          .forEach(
              (anomaly, seed) ->
                  assertThat(
                          runs.computeIfAbsent(
                                  seed, it -> new ClusterSimulation(it, /* traceLines= */ 0).run())
                              .of(rule, anomaly))
                      .as("%s of %s in seed %d", anomaly, rule, seed)
                      .isPositive());
    }
  }

  /** With {@code -Ddocs.rewrite} the page is written first. */
  @Test
  void thePageSaysWhatTheTableSays() throws IOException {
    boolean rewrite = System.getProperty("docs.rewrite") != null;
    String rendered = render(rewrite ? Seeds.lookedFor() : Seeds.onPage());
    if (rewrite) {
      Files.writeString(PAGE, rendered);
    }
    assertThat(PAGE).as("rewrite it with -Ddocs.rewrite").hasContent(rendered);
  }

  @Test
  void theFirstPageSaysTheSame() throws IOException {
    for (Rule rule : Rule.values()) {
      String begin = rule == Rule.SEMI_SYNC ? "| `SEMI-SYNC k` | 1 + k |" : "| `" + rule + "`";
      String row =
          Files.readAllLines(README).stream()
              .filter(line -> line.startsWith(begin))
              .findFirst()
              .orElseThrow();
      DatabaseSettings settings = settings(rule, /* fsync= */ false);
      assertThat(row)
          .contains(Promises.acknowledged(settings, Failure.PROCESS_KILLED).words())
          .contains(Promises.acknowledged(settings, Failure.MACHINE_LOST).words());
    }
  }

  private static String render(Seeds seeds) {
    StringBuilder page =
        new StringBuilder(
            """
            # Promises

            What a single-leader database of three replicas promises, and what may happen all the same. Made from one table in the code
            (`Promises`), which status and the simulation use, too: a simulated cluster in which something else happens is a failure, and so is a set of seeds
            in which what may happen never does.

            ## What becomes of acknowledged writes

            """);
    page.append("| `COMMIT` | `DURABILITY` |");
    for (Failure failure : Failure.values()) {
      page.append(' ').append(failure.words()).append(" |");
    }
    page.append("\n|---|---|---|---|---|\n");
    for (Rule rule : Rule.values()) {
      for (boolean fsync : new boolean[] {false, true}) {
        DatabaseSettings settings = settings(rule, fsync);
        page.append("| `").append(name(rule)).append("` | `").append(fsync ? "FSYNC" : "OS");
        page.append("` |");
        for (Failure failure : Failure.values()) {
          page.append(' ').append(Promises.acknowledged(settings, failure).words()).append(" |");
        }
        page.append('\n');
      }
    }
    page.append(
        """

        With `FAILOVER SAFE` nothing leaves the history of an `ASYNC` database: no other node leads until all replicas have answered. A divergence file holds
        what the journal still had, which `journal.keep` bounds; of the rest it holds the number. What proves "nothing is lost": `ClusterSimulationTest`,
        `SimulationTest`, and `FailoverTest` with real processes.

        ## What clients may see

        While processes are killed and stopped and the network is cut; each "may" names a seed that shows it.

        """);
    page.append("| |");
    for (Rule rule : Rule.values()) {
      page.append(" `").append(name(rule)).append("` |");
    }
    page.append("\n|---|---|---|---|---|\n");
    for (Anomaly anomaly : Anomaly.values()) {
      page.append("| ").append(anomaly.words()).append(" |");
      for (Rule rule : Rule.values()) {
        Long seed = seeds.of(rule).get(anomaly);
        page.append(seed == null ? " never |" : " " + MAY + seed + " |");
      }
      page.append('\n');
    }
    return page.append(
            """

            `./trefoil simulate --seeds 1 --trace --seed N | grep -n 'clients  see'` finds the place in the run's trace.
            """)
        .toString()
        .replace("\r", "");
  }
}
