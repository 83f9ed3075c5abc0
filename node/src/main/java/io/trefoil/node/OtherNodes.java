package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks all other nodes that are connected, each once, in the order of asking, and waits for their
 * answers for a second at most.
 *
 * <p>A node that let a second pass is asked on, since it may go on at any time, but nobody waits
 * for it until it has answered something. What it was asked meanwhile is bounded: beyond, it is not
 * asked. Belongs to the data loop's thread.
 */
final class OtherNodes {
  private static final Logger LOG = LoggerFactory.getLogger(OtherNodes.class);

  /** How long an answer is awaited. */
  static final long PATIENCE_NANOS = 1_000_000_000L;

  /** How long after that an answer still tells that its node is there. */
  private static final long MEMORY_NANOS = 60_000_000_000L;

  /** Unanswered bytes of one node from which on those who ask should wait. */
  static final long MANY_BYTES = 4L << 20;

  /** Unanswered bytes of a node that is silent; beyond, it is not asked. */
  static final long MAX_SILENT_BYTES = 32L << 20;

  /** What a question costs while it is under way, beside its words. */
  private static final int OVERHEAD_BYTES = 200;

  /** The way to other nodes. */
  interface Way {
    boolean canReach(NodeId node);

    /** Sends a command, and gives its reply, or an error when none comes. */
    void send(NodeId node, Args args, long deadlineNanos, Consumer<Reply> receiver);
  }

  private final Way way;
  private final NodeId self;
  private final Supplier<? extends Iterable<NodeId>> nodes;
  private final Map<NodeId, Other> others = new HashMap<>();
  private final ArrayDeque<Question> questions = new ArrayDeque<>();

  private static final class Other {
    final NodeId node;
    long unansweredBytes;
    boolean silent;
    boolean leftOut;

    Other(NodeId node) {
      this.node = node;
    }
  }

  private static final class Question {
    final long deadlineNanos;
    final Consumer<List<Reply>> then;
    final List<Other> awaited = new ArrayList<>();
    final List<Reply> replies = new ArrayList<>();

    Question(long deadlineNanos, Consumer<List<Reply>> then) {
      this.deadlineNanos = deadlineNanos;
      this.then = then;
    }
  }

  /**
   * @param nodes all of the cluster
   */
  OtherNodes(Way way, NodeId self, Supplier<? extends Iterable<NodeId>> nodes) {
    this.way = way;
    this.self = self;
    this.nodes = nodes;
  }

  /** Whether there is anybody to ask. */
  boolean any() {
    for (NodeId node : nodes.get()) {
      if (isReachable(node)) {
        return true;
      }
    }
    return false;
  }

  private boolean isReachable(NodeId node) {
    return !node.equals(self) && way.canReach(node);
  }

  /** Whether so much is under way to a node that answers that more should wait. */
  boolean areBusy() {
    return others.values().stream()
        .anyMatch(each -> !each.silent && each.unansweredBytes > MANY_BYTES);
  }

  /**
   * Asks.
   *
   * @param then gets the replies that came in time, errors among them; at once when nobody is
   *     awaited
   */
  void ask(Args args, long nowNanos, Consumer<List<Reply>> then) {
    Question question = new Question(nowNanos + PATIENCE_NANOS, then);
    long bytes = bytes(args);
    for (NodeId node : nodes.get()) {
      if (isReachable(node)) {
        ask(others.computeIfAbsent(node, Other::new), args, bytes, question);
      }
    }
    if (question.awaited.isEmpty()) {
      then.accept(question.replies);
    } else {
      questions.add(question);
    }
  }

  private static long bytes(Args args) {
    long bytes = OVERHEAD_BYTES;
    for (int i = 0; i < args.count(); i++) {
      bytes += args.length(i);
    }
    return bytes;
  }

  private void ask(Other other, Args args, long bytes, Question question) {
    if (other.silent && other.unansweredBytes > MAX_SILENT_BYTES) {
      leaveOut(other);
      return;
    }
    other.unansweredBytes += bytes;
    if (!other.silent) {
      question.awaited.add(other);
    }
    way.send(
        other.node,
        args,
        question.deadlineNanos + MEMORY_NANOS,
        reply -> answered(other, bytes, question, reply));
  }

  private static void leaveOut(Other other) {
    if (!other.leftOut) {
      other.leftOut = true;
      LOG.warn(
          "node={} does not answer: its clients get no published messages until it does",
          other.node);
    }
  }

  private void answered(Other other, long bytes, Question question, Reply reply) {
    other.unansweredBytes -= bytes;
    other.silent = false;
    other.leftOut = false;
    if (question.awaited.remove(other)) {
      question.replies.add(reply);
      if (question.awaited.isEmpty()) {
        questions.remove(question);
        question.then.accept(question.replies);
      }
    }
  }

  /** Ends the waiting for answers that are late. */
  void tick(long nowNanos) {
    while (!questions.isEmpty() && nowNanos - questions.peek().deadlineNanos >= 0) {
      Question late = questions.poll();
      late.awaited.forEach(other -> other.silent = true);
      late.awaited.clear();
      late.then.accept(late.replies);
    }
  }
}
