package io.trefoil.chaos;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.RespClient;
import io.trefoil.cli.process.NodeProcess;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Asks for changes as an operator would, over the client port of a node that runs: one after the
 * other, each once, in a thread of its own. What is answered is noted, and no answer is a failure:
 * a cluster in trouble may refuse, or say that it does not know. Thread-safe.
 */
final class Administrator implements Closeable {
  private static final Duration CONNECT = Duration.ofSeconds(1);

  /** Longer than a node waits for a change to come through. */
  private static final Duration REPLY = Duration.ofSeconds(8);

  private static final String NO_ANSWER = "no answer";

  /**
   * What was asked for, and what came of it.
   *
   * @param words of the command
   * @param answer of the node, or why there was none
   */
  record Asked(FaultKind kind, String words, long fromMillis, long untilMillis, String answer) {
    boolean isDone() {
      return answer.equals("OK");
    }

    /** The kind of answer: {@code OK}, the prefix of an error, or {@code no answer}. */
    String outcome() {
      return answer.startsWith(NO_ANSWER) ? NO_ANSWER : answer.split(" ", 2)[0];
    }

    @Override
    public String toString() {
      return words + ": " + answer;
    }
  }

  private final Changes changes;
  private final List<NodeProcess> nodes;
  private final Observer observer;
  private final Layout layout;
  private final int region;
  private final Consumer<String> say;
  private final List<Asked> asked = new ArrayList<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread made = new Thread(work, "administrator");
            made.setDaemon(true);
            return made;
          });
  private int next;

  /**
   * @param all the nodes of all regions; those of the one region are asked
   */
  Administrator(
      Changes changes,
      List<NodeProcess> all,
      Layout layout,
      int region,
      Observer observer,
      Consumer<String> say) {
    this.changes = changes;
    this.nodes = layout.of(region, all);
    this.layout = layout;
    this.region = region;
    this.observer = observer;
    this.say = say;
  }

  /** A planned change begins, once those before it have their answers. */
  void begin(PlannedFault change) {
    later(
        () -> {
          ClusterStatus.Database now = observer.latest(region);
          if (now != null) {
            List<String> names = nodes.stream().map(NodeProcess::name).toList();
            changes.begin(change, now, names).ifPresent(words -> ask(change.kind(), words));
          }
        });
  }

  /** It is taken back, where it is one that can be. */
  void end(PlannedFault change) {
    later(() -> changes.end(change).ifPresent(words -> ask(change.kind(), words)));
  }

  /** Whether everything asked for has its answer. */
  boolean isIdle() {
    return waiting.get() == 0;
  }

  /** What was asked for, in the order of the answers. */
  List<Asked> asked() {
    synchronized (asked) {
      return List.copyOf(asked);
    }
  }

  /**
   * Asks to have the database as declared; slow, and only while {@link #isIdle}.
   *
   * @return whether that has come through
   */
  boolean restore() {
    return answer(changes.restoration()).equals("OK");
  }

  private void later(Runnable work) {
    waiting.incrementAndGet();
    thread.execute(
        () -> {
          try {
            work.run();
          } finally {
            waiting.decrementAndGet();
          }
        });
  }

  private void ask(FaultKind kind, String words) {
    long from = observer.millis();
    String answer = answer(words);
    String where = layout.hasRegions() ? "in " + layout.regions().get(region) + ": " : "";
    Asked change = new Asked(kind, where + words, from, observer.millis(), answer);
    synchronized (asked) {
      asked.add(change);
    }
    say.accept(change.toString());
  }

  /** Of the first node that knows of the control plane, or else of any that says something. */
  private synchronized String answer(String words) {
    String best = NO_ANSWER + ": no node runs";
    for (int i = 0; i < nodes.size(); i++) {
      NodeProcess node = nodes.get(Math.floorMod(next++, nodes.size()));
      if (node.state() == NodeProcess.State.RUNNING) {
        String answer = answer(node, words);
        boolean isAnswered = !answer.startsWith(NO_ANSWER);
        if (isAnswered && !answer.startsWith("CLUSTERDOWN")) {
          return answer;
        }
        best = isAnswered || best.startsWith(NO_ANSWER) ? answer : best;
      }
    }
    return best;
  }

  private static String answer(NodeProcess node, String words) {
    try (RespClient client =
        RespClient.connect("127.0.0.1", node.ports().client(), CONNECT, REPLY)) {
      return client.call(words.split(" ")).bare().text();
    } catch (IOException | CommandFailed e) {
      return NO_ANSWER + " of " + node.name() + ": " + e.getMessage();
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
