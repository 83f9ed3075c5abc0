package io.trefoil.node.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Programs that tests use and that may not be installed. */
final class Programs {
  private Programs() {}

  /** Skips the test, loudly, where one of these is not on the {@code PATH}. */
  static void require(String... names) {
    for (String name : names) {
      if (!isThere(name)) {
        System.err.println("SKIPPED: no " + name + " on the PATH, what needs it is NOT tested");
        assumeTrue(false, "no " + name + " on the PATH");
      }
    }
  }

  private static boolean isThere(String name) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
  }
}
