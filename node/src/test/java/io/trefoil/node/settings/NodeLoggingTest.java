package io.trefoil.node.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

class NodeLoggingTest {
  @TempDir Path folder;

  private final LoggerContext context = new LoggerContext();

  NodeLoggingTest() {
    context.setMDCAdapter(new LogbackMDCAdapter()); // what SLF4J does for the process's own context
  }

  @Test
  void aLineHasTimeLevelThreadNodeAndMessage() throws IOException {
    NodeLogging logging = start("info");
    context.getLogger("io.trefoil.node").info("partition={} leads", "0/4");
    logging.close();
    assertThat(lines())
        .singleElement()
        .asString()
        .matches(
            "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z INFO  \\["
                + Pattern.quote(Thread.currentThread().getName())
                + "\\] node=n1 partition=0/4 leads");
  }

  @Test
  void aMessageWithLineEndsStaysOneLine() throws IOException {
    NodeLogging logging = start("info");
    context.getLogger("x").info("first\r\nsecond\nthird");
    logging.close();
    assertThat(lines()).singleElement().asString().endsWith(" node=n1 first second third");
  }

  @Test
  void anExceptionIsLoggedWithItsTrace() throws IOException {
    NodeLogging logging = start("info");
    context.getLogger("x").error("broken", new IllegalStateException("why"));
    logging.close();
    assertThat(lines())
        .contains("java.lang.IllegalStateException: why")
        .anyMatch(line -> line.contains("at io.trefoil.node.settings.NodeLoggingTest"));
  }

  @Test
  void theLevelHoldsForTheNodeAndLibrariesAreHeardFromWarnOn() throws IOException {
    NodeLogging logging = start("debug");
    for (String name :
        List.of("io.trefoil.node", "org.apache.ratis.server", "io.netty.util", "org.rocksdb")) {
      Logger logger = context.getLogger(name);
      logger.trace("trace {}", name);
      logger.debug("debug {}", name);
      logger.info("info {}", name);
      logger.warn("warn {}", name);
    }
    logging.close();
    assertThat(lines())
        .extracting(line -> line.substring(line.indexOf("node=n1 ") + 8))
        .containsExactly(
            "debug io.trefoil.node",
            "info io.trefoil.node",
            "warn io.trefoil.node",
            "warn org.apache.ratis.server",
            "warn io.netty.util",
            "warn org.rocksdb");
  }

  @Test
  void librariesAreNoLouderThanTheNode() throws IOException {
    NodeLogging logging = start("error");
    context.getLogger("io.netty.util").warn("not heard");
    logging.close();
    assertThat(lines()).isEmpty();
  }

  @Test
  void standardOutputGetsWarningsOrEverything() throws IOException {
    assertThat(printed(NodeLogging.Console.WARNINGS)).doesNotContain("calm").contains("alarm");
    assertThat(printed(NodeLogging.Console.ALL)).contains("calm").contains("alarm");
  }

  private String printed(NodeLogging.Console console) throws IOException {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      NodeLogging logging =
          NodeLogging.start(context, settings("info"), console, NodeLogging.Bounds.DEFAULT);
      context.getLogger("x").info("calm");
      context.getLogger("x").warn("alarm");
      logging.close();
    } finally {
      System.setOut(before);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void theFilesAreBoundedInSizeAndNumber() throws IOException {
    NodeLogging.Bounds bounds = new NodeLogging.Bounds(2_000, 3, 0);
    NodeLogging logging =
        NodeLogging.start(context, settings("info"), NodeLogging.Console.WARNINGS, bounds);
    for (int i = 0; i < 500; i++) {
      context.getLogger("x").info("line {}", i);
    }
    logging.close();
    assertThat(names()).containsExactly("node.1.log", "node.2.log", "node.log");
    for (String name : names()) {
      assertThat(Files.size(logs().resolve(name))).isLessThan(2_200);
    }
    assertThat(lines()).last().asString().endsWith(" line 499");
  }

  @Test
  void aRestartGoesOnInTheSameFile() throws IOException {
    for (int start = 1; start <= 2; start++) {
      NodeLogging logging = start("info");
      context.getLogger("x").info("start {}", start);
      logging.close();
    }
    assertThat(lines()).hasSize(2);
  }

  @Test
  void aLogThatCannotBeWrittenIsAnError() throws IOException {
    Files.writeString(folder.resolve("data"), "a file, not a folder");
    assertThatThrownBy(() -> start("info")).isInstanceOf(IOException.class);
  }

  private NodeLogging start(String level) throws IOException {
    return NodeLogging.start(
        context, settings(level), NodeLogging.Console.WARNINGS, NodeLogging.Bounds.DEFAULT);
  }

  private NodeSettings settings(String level) {
    return SettingsReader.read(
        List.of("--data.dir", folder.resolve("data").toString(), "--log.level", level));
  }

  private Path logs() {
    return folder.resolve("data").resolve("logs");
  }

  private List<String> lines() throws IOException {
    return Files.readAllLines(logs().resolve("node.log"));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(logs())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
