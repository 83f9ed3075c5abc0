package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * ioredis, the client of Node.js: {@code src/test/js/ioredis/ioredis.js} says what it does here.
 * npm installs it below {@code target}, in the version of its lock file.
 */
@Tag("slow")
class IoredisTest {
  private static final Path SCRIPT = Path.of("src/test/js/ioredis");
  private static final Path INSTALLED = Path.of("target/ioredis");

  /** What npm says when there is no network. */
  private static final Pattern UNREACHABLE =
      Pattern.compile("npm (?:ERR!|error) code (?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT)");

  @TempDir private Path folder;

  @Test
  void ioredis_does_what_it_is_chosen_for() throws Exception {
    Programs.require("node", "npm");
    install();
    try (ClusterProcesses cluster = ClusterProcesses.start(folder, 3)) {
      List<String> command = new ArrayList<>(List.of("node", "ioredis.js"));
      cluster.nodes().forEach(node -> command.add(Integer.toString(node.clientPort())));
      assertThat(run(command).requireWell().printed)
          .containsPattern("\n[1-9]\\d* checks, 0 failed\n");
    }
  }

  private static void install() throws IOException, InterruptedException {
    Files.createDirectories(INSTALLED);
    for (String file : List.of("package.json", "package-lock.json", "ioredis.js")) {
      Files.copy(
          SCRIPT.resolve(file), INSTALLED.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    String flags = "--prefer-offline --ignore-scripts --no-audit --no-fund --fetch-retries=1";
    Ended npm = run(Stream.concat(Stream.of("npm", "ci"), Stream.of(flags.split(" "))).toList());
    if (UNREACHABLE.matcher(npm.printed).find()) {
      System.err.println("SKIPPED: npm reaches no registry, ioredis is NOT tested");
      assumeTrue(false, "npm reaches no registry");
    }
    npm.requireWell();
  }

  /** What a program printed, and with which exit code it ended. */
  private record Ended(List<String> command, int code, String printed) {
    Ended requireWell() {
      assertThat(code).as("%s printed %s", command, printed).isZero();
      return this;
    }
  }

  /** Runs a program, which is to end in time. */
  private static Ended run(List<String> command) throws IOException, InterruptedException {
    Path output = INSTALLED.resolve(command.get(0) + ".log");
    Process process =
        new ProcessBuilder(command)
            .directory(INSTALLED.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    process.getOutputStream().close();
    try {
      boolean ended = process.waitFor(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS);
      String printed = Files.readString(output, UTF_8);
      assertThat(ended).as("%s ended; it printed %s", command, printed).isTrue();
      return new Ended(command, process.exitValue(), printed);
    } finally {
      process.destroyForcibly();
    }
  }
}
