package io.trefoil.node;

import io.trefoil.node.settings.NodeLogging;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.node.settings.SettingsError;
import io.trefoil.node.settings.SettingsReader;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.LoggerFactory;

/** {@code trefoil node}: one node's process. Exit codes: 0 stopped, 1 failed, 2 bad settings. */
public final class Main {
  static final int FAILED = 1;
  static final int BAD_SETTINGS = 2;

  private Main() {}

  public static void main(String[] arguments) {
    List<String> words = List.of(arguments);
    if (words.contains("--help") || words.contains("-h")) {
      System.out.println(SettingsReader.help());
      return;
    }
    if (words.contains("--version")) {
      System.out.println("trefoil " + Node.VERSION);
      return;
    }
    NodeSettings settings;
    try {
      settings = SettingsReader.read(withoutConfigFlag(words));
    } catch (SettingsError e) {
      e.problems().forEach(System.err::println);
      System.exit(BAD_SETTINGS);
      return;
    }
    run(settings);
  }

  /** {@code --config file} and {@code --config=file} are another way to say {@code file}. */
  static List<String> withoutConfigFlag(List<String> words) {
    return words.stream()
        .filter(word -> !word.equals("--config"))
        .map(word -> word.startsWith("--config=") ? word.substring("--config=".length()) : word)
        .toList();
  }

  private static void run(NodeSettings settings) {
    CountDownLatch ended = new CountDownLatch(1);
    int[] code = {0};
    NodeLogging logging;
    try {
      logging = NodeLogging.start(settings, NodeLogging.Console.WARNINGS);
    } catch (IOException e) {
      System.err.println("trefoil node: " + e.getMessage());
      System.exit(FAILED);
      return;
    }
    Node node =
        new Node(
            settings,
            exitCode -> {
              code[0] = exitCode;
              ended.countDown();
            });
    try {
      node.start();
    } catch (NodeFailure e) {
      LoggerFactory.getLogger(Main.class).error("not started: {}", e.getMessage());
      System.err.println("trefoil node: " + e.getMessage());
      node.stop();
      logging.close();
      Runtime.getRuntime().halt(FAILED);
      return;
    }
    Thread stopper = new Thread(() -> stop(node, logging), "stop");
    Runtime.getRuntime().addShutdownHook(stopper);
    if (settings.stopOnStdinClose()) {
      stopWhenInputEnds();
    }
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.exit(code[0]);
  }

  private static void stop(Node node, NodeLogging logging) {
    node.stop();
    logging.close();
  }

  /** Whoever started this process holds its standard input; when they are gone, so is this. */
  private static void stopWhenInputEnds() {
    Thread watcher =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  // what is written there has no meaning
                }
              } catch (IOException e) {
                LoggerFactory.getLogger(Main.class).info("standard input broke: {}", e.toString());
              }
              System.exit(0);
            },
            "stdin");
    watcher.setDaemon(true);
    watcher.start();
  }
}
