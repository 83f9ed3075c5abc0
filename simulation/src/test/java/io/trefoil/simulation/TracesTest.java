package io.trefoil.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The protocol as dialogues: lines that are told, then what each replica made of them. {@code
 * -Dtraces.rewrite} writes the files anew; commit one only with a reason for every line that
 * differs.
 */
class TracesTest {
  private static final Path FOLDER = Path.of("src/test/resources/traces/single-leader");
  private static final Path LEADERLESS = Path.of("src/test/resources/traces/leaderless");
  private static final Path REGIONS = Path.of("src/test/resources/traces/multi-leader");

  static Stream<Path> files() throws IOException {
    return files(FOLDER);
  }

  static Stream<Path> leaderlessFiles() throws IOException {
    return files(LEADERLESS);
  }

  static Stream<Path> regionFiles() throws IOException {
    return files(REGIONS);
  }

  private static Stream<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(it -> it.toString().endsWith(".trace")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void theReplicasSayWhatTheTraceSays(Path file) throws IOException {
    check(file, new Dialogue(Mutant.NONE)::tell);
  }

  @ParameterizedTest
  @MethodSource("leaderlessFiles")
  void theLeaderlessReplicasSayWhatTheTraceSays(Path file) throws IOException {
    check(file, new LeaderlessDialogue()::tell);
  }

  @ParameterizedTest
  @MethodSource("regionFiles")
  void theRegionsSayWhatTheTraceSays(Path file) throws IOException {
    check(file, new RegionDialogue()::tell);
  }

  private static void check(Path file, Function<String, List<String>> dialogue) throws IOException {
    List<String> played = play(Files.readAllLines(file), dialogue);
    if (System.getProperty("traces.rewrite") != null) {
      Files.write(file, played);
    }
    assertThat(Files.readAllLines(file)).isEqualTo(played);
  }

  /** Comments stay, commands are told, and what follows a line of dashes is written anew. */
  private static List<String> play(List<String> lines, Function<String, List<String>> dialogue) {
    List<String> played = new ArrayList<>();
    List<String> heard = new ArrayList<>();
    boolean answers = false;
    for (String line : lines) {
      if (line.equals("----")) {
        answers = true;
        played.add(line);
        played.addAll(heard);
        heard.clear();
      } else if (line.isBlank()) {
        answers = false;
        played.add(line);
      } else if (!answers) {
        played.add(line);
        if (!line.startsWith("#")) {
          heard.addAll(dialogue.apply(line));
        }
      }
    }
    return played;
  }

  @Test
  void thereAreTraces() throws IOException {
    assertThat(files()).hasSizeGreaterThanOrEqualTo(8);
    assertThat(leaderlessFiles()).hasSizeGreaterThanOrEqualTo(8);
    assertThat(regionFiles()).hasSizeGreaterThanOrEqualTo(8);
  }

  static Stream<Mutant> tooRareForSeeds() {
    return Arrays.stream(Mutant.values()).filter(it -> it.world() == Mutant.World.TRACE);
  }

  /** The dialogue that shows a mutant that is too rare for seeds, from the project's folder. */
  static String traceOf(Mutant mutant) {
    String name =
        switch (mutant) {
          case PROMISE_NOT_WRITTEN -> "promise-outlives-a-kill";
          case OLD_EPOCH_BY_COUNT -> "counted-and-overtaken";
          default -> throw new IllegalArgumentException(mutant + " has no trace");
        };
    return "simulation/" + FOLDER.resolve(name + ".trace");
  }

  @ParameterizedTest
  @MethodSource("tooRareForSeeds")
  void aBrokenRuleIsCaughtByTheTraceThatShowsIt(Mutant mutant) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("..").resolve(traceOf(mutant)));
    assertThatThrownBy(() -> play(lines, new Dialogue(mutant)::tell))
        .isInstanceOf(SimulationFailure.class)
        .hasMessageContaining("is committed");
  }
}
