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
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The page of promises says what {@link Promises} does, and each "may" has a seed that shows it.
 */
class PromisesPageTest {
  private static final Path PAGE = Path.of("../docs/promises.md");
  private static final Path README = Path.of("../README.md");
  private static final int REPLICAS = 3;

  /** Seeds that show something; found by running many. */
  private static final Map<Rule, Map<Anomaly, Long>> SEEDS =
      Map.of(
          Rule.ASYNC,
          Map.of(
              Anomaly.ACKNOWLEDGED_WRITE_LOST, 49L,
              Anomaly.NO_ORDER, 109L,
              Anomaly.OLD_FOLLOWER_READ, 14L),
          Rule.SEMI_SYNC,
          Map.of(Anomaly.OLD_FOLLOWER_READ, 9L, Anomaly.WRITE_REFUSED, 9L),
          Rule.MAJORITY,
          Map.of(Anomaly.OLD_FOLLOWER_READ, 12L, Anomaly.WRITE_REFUSED, 12L),
          Rule.SYNC,
          Map.of(Anomaly.OLD_FOLLOWER_READ, 4L, Anomaly.WRITE_REFUSED, 4L));

  private static DatabaseSettings settings(Rule rule, boolean fsync) {
    return ClusterShape.settings(rule, REPLICAS, 1, fsync);
  }

  private static String name(Rule rule) {
    return rule == Rule.SEMI_SYNC ? "SEMI-SYNC 1" : rule.name();
  }

  @Tag("slow")
  @Test
  void everyMayHasASeedThatShowsIt() {
    Map<Long, ClusterCoverage> runs = new TreeMap<>();
    for (Rule rule : Rule.values()) {
      assertThat(SEEDS.get(rule).keySet())
          .isEqualTo(Promises.mayBeSeen(settings(rule, /* fsync= */ false)));
      SEEDS
          .get(rule)
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
    String rendered = render();
    if (System.getProperty("docs.rewrite") != null) {
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

  private static String render() {
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
        Long seed = SEEDS.get(rule).get(anomaly);
        page.append(seed == null ? " never |" : " may: seed " + seed + " |");
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
