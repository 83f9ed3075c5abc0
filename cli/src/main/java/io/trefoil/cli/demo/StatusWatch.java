package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Reply;
import io.trefoil.cli.RespClient;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Asks the running nodes for the cluster's status, a few times a second, in its own thread. */
final class StatusWatch implements Runnable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(300);
  private static final Duration REPLY_TIMEOUT = Duration.ofSeconds(1);
  private static final long INTERVAL_MILLIS = 250;

  /** Sees each status after the one before it; both times in the watch's thread. */
  interface Listener {
    /** {@code before} is null at the first status. */
    void onStatus(ClusterStatus before, ClusterStatus now);
  }

  private final List<NodeProcess> nodes;
  private final Listener listener;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile ClusterStatus latest;
  private volatile boolean answered;
  private NodeProcess lastAnswerer;

  StatusWatch(List<NodeProcess> nodes, Listener listener) {
    this.nodes = List.copyOf(nodes);
    this.listener = listener;
  }

  /** The last status that any node answered; null before the first. */
  ClusterStatus latest() {
    return latest;
  }

  /** Whether a node answered when last asked; if not, {@link #latest} is old. */
  boolean isCurrent() {
    return answered;
  }

  void stop() {
    stopped.countDown();
  }

  @Override
  public void run() {
    try {
      do {
        Optional<ClusterStatus> status = askAny();
        answered = status.isPresent();
        if (answered) {
          listener.onStatus(latest, status.get());
          latest = status.get();
        }
      } while (!stopped.await(INTERVAL_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stays with a node that answers: going round would mix views that differ for a moment. */
  private Optional<ClusterStatus> askAny() {
    List<NodeProcess> order = new ArrayList<>(nodes);
    if (lastAnswerer != null) {
      order.remove(lastAnswerer);
      order.add(0, lastAnswerer);
    }
    for (NodeProcess node : order) {
      Optional<ClusterStatus> status = ask(node);
      if (status.isPresent()) {
        lastAnswerer = node;
        return status;
      }
    }
    return Optional.empty();
  }

  /** One node's view; empty when it does not answer. */
  static Optional<ClusterStatus> ask(NodeProcess node) {
    if (node.state() != NodeProcess.State.RUNNING) {
      return Optional.empty();
    }
    try (RespClient client =
        RespClient.connect("127.0.0.1", node.ports().client(), CONNECT_TIMEOUT, REPLY_TIMEOUT)) {
      Reply reply = client.call("STATUS");
      return reply instanceof Reply.BulkString
          ? Optional.of(ClusterStatus.parse(reply.text()))
          : Optional.empty();
    } catch (IOException | CommandFailed e) {
      // A node that starts or dies gives no view; its process's state is shown beside.
      return Optional.empty();
    }
  }
}
