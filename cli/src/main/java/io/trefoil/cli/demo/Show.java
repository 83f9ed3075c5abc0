package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.process.NodeProcess;
import java.nio.file.Path;
import java.util.List;

/**
 * What is to be seen of one algorithm on the demo's nodes: its databases, their clients, what a
 * user may do to them, and how it looks.
 */
interface Show {
  /** What shows share: the nodes, and what is known of them. */
  interface Stage {
    DemoNodes nodes();

    Events events();

    /** Of the data. */
    Path directory();

    /** Whether commands to try are shown in place of the events. */
    boolean showsTries();

    long upSeconds();

    /** Whether the user wants no more. */
    boolean isStopping();
  }

  /** Whether a node whose status this is needs no more waiting for. */
  boolean isReady(ClusterStatus status);

  /** What a node does not show that is not ready, in a few words. */
  String awaited();

  /** Commands to try in another terminal. */
  List<String> tries();

  /** Starts the clients; the nodes serve by then. */
  void begin();

  /** Stops the clients. */
  void end();

  /** For a screen, at most {@code height} lines, none longer than {@code width}. */
  List<String> frame(int width, int height);

  /** The same in one line, for an output that is no screen. */
  String line();

  /** Does what the key stands for, if anything; whether events will tell of it. Any thread. */
  boolean press(int key);

  /** What the clients have seen in all, to be said at the end. */
  List<String> verdict();

  /** For a table's cell that would else be empty. */
  static String dash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  /** The node's process in a few words; empty when it runs, as it should. */
  static String trouble(NodeProcess.State state) {
    return state == NodeProcess.State.RUNNING ? "" : state.name().toLowerCase();
  }
}
