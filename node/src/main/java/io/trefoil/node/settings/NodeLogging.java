package io.trefoil.node.settings;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import io.trefoil.base.Invariants;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * The log of a node: {@code <data.dir>/logs/node.log}, 10 MB a file, the newest five kept. Standard
 * output gets warnings and errors, or everything.
 *
 * <p>A line is time (UTC), level, thread, {@code node=<name>} and the message. Line ends inside a
 * message are blanked, so that no message can pass for two.
 */
public final class NodeLogging implements AutoCloseable {
  /** What standard output gets. */
  public enum Console {
    WARNINGS,
    ALL
  }

  /**
   * How much log is kept.
   *
   * @param fileBytes a file that has grown to this is set aside
   * @param files with the one being written
   * @param checkMillis how often the size is looked at; a file is too large by what is logged
   *     meanwhile
   */
  record Bounds(long fileBytes, int files, long checkMillis) {
    static final Bounds DEFAULT = new Bounds(10L << 20, 5, 100);
  }

  /** Libraries whose info is not about this node's state. */
  private static final List<String> QUIET = List.of("org.apache.ratis", "io.netty", "org.rocksdb");

  private final LoggerContext context;

  private NodeLogging(LoggerContext context) {
    this.context = context;
  }

  /**
   * Sends the process's log there from now on. Whatever was set up before is gone.
   *
   * @throws IOException when the log's file can't be written
   */
  public static NodeLogging start(NodeSettings settings, Console console) throws IOException {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    return start(context, settings, console, Bounds.DEFAULT);
  }

  static NodeLogging start(
      LoggerContext context, NodeSettings settings, Console console, Bounds bounds)
      throws IOException {
    Path file = writableFile(settings.node().dataDir());
    context.reset();
    context.start();
    Level level = Level.toLevel(settings.logLevel().toString());
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(level);
    for (String library : QUIET) {
      context.getLogger(library).setLevel(level.isGreaterOrEqual(Level.WARN) ? level : Level.WARN);
    }
    // A peer that is away would fill the log: a stack trace for each of many tries a second.
    context.getLogger("org.apache.ratis.server.leader").setLevel(Level.ERROR);
    context.getLogger("org.apache.ratis.util.LifeCycle").setLevel(Level.OFF);
    root.addAppender(fileAppender(context, settings.node().name(), file, bounds));
    root.addAppender(consoleAppender(context, settings.node().name(), console));
    return new NodeLogging(context);
  }

  /**
   * Logback would note a file that it can't open where nobody looks; so it is opened here first.
   */
  private static Path writableFile(Path dataDir) throws IOException {
    Path file = dataDir.resolve("logs").resolve("node.log");
    Files.createDirectories(file.getParent());
    Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND).close();
    return file;
  }

  private static RollingFileAppender<ILoggingEvent> fileAppender(
      LoggerContext context, String node, Path file, Bounds bounds) {
    RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
    appender.setName("file");
    appender.setFile(file.toString());

    FixedWindowRollingPolicy window = new FixedWindowRollingPolicy();
    window.setContext(context);
    window.setParent(appender);
    window.setFileNamePattern(literal(file.resolveSibling("node")) + ".%i.log");
    window.setMinIndex(1);
    window.setMaxIndex(bounds.files() - 1);
    window.start();

    SizeBasedTriggeringPolicy<ILoggingEvent> size = new SizeBasedTriggeringPolicy<>();
    size.setContext(context);
    size.setMaxFileSize(new FileSize(bounds.fileBytes()));
    size.setCheckIncrement(Duration.buildByMilliseconds(bounds.checkMillis()));
    size.start();

    appender.setRollingPolicy(window);
    appender.setTriggeringPolicy(size);
    return started(appender, context, node);
  }

  /** A percent sign in a folder's name is not a conversion. */
  private static String literal(Path path) {
    return path.toString().replace("%", "\\%");
  }

  private static ConsoleAppender<ILoggingEvent> consoleAppender(
      LoggerContext context, String node, Console console) {
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setName("console");
    if (console == Console.WARNINGS) {
      ThresholdFilter warnings = new ThresholdFilter();
      warnings.setLevel(Level.WARN.levelStr);
      warnings.start();
      appender.addFilter(warnings);
    }
    return started(appender, context, node);
  }

  private static <A extends OutputStreamAppender<ILoggingEvent>> A started(
      A appender, LoggerContext context, String node) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(
        "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\",UTC} %-5level [%thread] node="
            + node
            + " %replace(%msg){'[\\r\\n]+', ' '}%n");
    encoder.start();
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.start();
    Invariants.check(appender.isStarted(), "the log's set-up is refused: " + appender.getName());
    return appender;
  }

  /** Writes out what was logged and closes the file; what is logged later goes nowhere. */
  @Override
  public void close() {
    context.stop();
  }
}
