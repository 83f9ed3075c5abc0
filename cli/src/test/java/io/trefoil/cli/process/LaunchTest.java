package io.trefoil.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Java takes the last of several options: the user's word is last, the command's before it. */
class LaunchTest {
  private static final Map<String, String> PROPERTIES =
      Map.of(
          "trefoil.node.classpath", "a.jar",
          "trefoil.node.options", "-Xmx1g -XX:+UseParallelGC",
          "trefoil.node.options.user", "  -Xmx64m ");

  @AfterEach
  void forget() {
    PROPERTIES.keySet().forEach(System::clearProperty);
  }

  @Test
  void aCommandsHeapIsItsOwnUnlessTheUserSaysOtherwise() {
    PROPERTIES.forEach(System::setProperty);
    assertThat(heaps()).containsExactly("-Xmx1g", "-Xmx256m", "-Xmx64m");
    System.clearProperty("trefoil.node.options.user");
    assertThat(heaps()).containsExactly("-Xmx1g", "-Xmx256m");
  }

  private static List<String> heaps() {
    return NodeProcess.Launch.ofThisProject("demo", "-Xmx256m").options().stream()
        .filter(option -> option.startsWith("-Xmx"))
        .toList();
  }
}
