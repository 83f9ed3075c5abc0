package io.trefoil.check;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whether each key behaved as if its calls had happened one after the other, each at a moment
 * between its beginning and its end. Keys are looked at one by one, which is enough
 * (linearizability is a local property).
 *
 * <p>The search of Wing and Gong with the list of Lowe: calls that might be next are tried in turn;
 * what was done and the state that it left are remembered, so that no such pair is tried twice. An
 * uncertain call may take its place at any time after its beginning, or never. A refused call did
 * nothing. An uncertain read says nothing.
 *
 * @see "Wing, Gong: Testing and Verifying Concurrent Objects, 1993"
 * @see "Lowe: Testing for Linearizability, 2017"
 */
public final class Linearizability {
  private static final String PROMISE = "linearizable";

  private Linearizability() {}

  /** What is broken, key by key; empty when the history is linearizable. */
  public static <S> List<Violation> check(List<Invocation> history, Model<S> model) {
    Map<String, List<Invocation>> byKey = new TreeMap<>();
    for (Invocation it : history) {
      boolean says =
          it.isAcknowledged()
              || it.outcome() == Invocation.Outcome.UNCERTAIN && !it.call().isRead();
      if (says) {
        byKey.computeIfAbsent(it.key(), key -> new ArrayList<>()).add(it);
      }
    }
    List<Violation> violations = new ArrayList<>();
    byKey.forEach(
        (key, calls) -> {
          Violation found = new Search<>(calls, model).run();
          if (found != null) {
            violations.add(found);
          }
        });
    return violations;
  }

  /** The beginning or the end of a call, in a list from which placed calls are taken out. */
  private static final class Node {
    private final int call;
    private final boolean begins;
    private final long nanos;
    private Node other;
    private Node before;
    private Node after;

    private Node(int call, boolean begins, long nanos) {
      this.call = call;
      this.begins = begins;
      this.nanos = nanos;
    }

    private void takeOut() {
      before.after = after;
      if (after != null) {
        after.before = before;
      }
    }

    private void putBack() {
      before.after = this;
      if (after != null) {
        after.before = this;
      }
    }
  }

  private record Tried<S>(BitSet placed, S state) {}

  private record Step<S>(Node begin, S stateBefore) {}

  /** The search for one key. */
  private static final class Search<S> {
    private final List<Invocation> calls;
    private final Model<S> model;
    private final Node head = new Node(-1, true, Long.MIN_VALUE);
    private final BitSet placed = new BitSet();
    private final Set<Tried<S>> tried = new HashSet<>();
    private final Deque<Step<S>> steps = new ArrayDeque<>();
    private List<Integer> longest = List.of();
    private int stuckAt = -1;

    private Search(List<Invocation> calls, Model<S> model) {
      this.calls = calls;
      this.model = model;
      link();
    }

    /** At the same moment beginnings come first: the calls then overlap. */
    private void link() {
      List<Node> nodes = new ArrayList<>();
      for (int i = 0; i < calls.size(); i++) {
        Node begin = new Node(i, true, calls.get(i).startNanos());
        Node end = new Node(i, false, calls.get(i).endNanos());
        begin.other = end;
        end.other = begin;
        nodes.add(begin);
        nodes.add(end);
      }
      nodes.sort(
          Comparator.<Node>comparingLong(node -> node.nanos)
              .thenComparing(node -> !node.begins)
              .thenComparingInt(node -> node.call));
      Node last = head;
      for (Node node : nodes) {
        last.after = node;
        node.before = last;
        last = node;
      }
    }

    /** Null when an order was found. */
    private Violation run() {
      S state = model.initial();
      Node entry = head.after;
      while (entry != null && entry.nanos != Invocation.NEVER) {
        if (entry.begins) {
          S next = place(entry, state);
          if (next != null) {
            state = next;
            entry = head.after;
          } else {
            entry = entry.after;
          }
        } else {
          // This call ended, and nothing that could be placed before its end allows it.
          noteStuck(entry.call);
          if (steps.isEmpty()) {
            return violation();
          }
          Step<S> last = steps.pop();
          state = last.stateBefore();
          placed.clear(last.begin().call);
          last.begin().other.putBack();
          last.begin().putBack();
          entry = last.begin().after;
        }
      }
      return null;
    }

    /** The state after the call, or null when it can't be next. */
    private S place(Node begin, S state) {
      Invocation it = calls.get(begin.call);
      if (it.isAcknowledged() && !Objects.equals(model.result(state, it.call()), it.result())) {
        return null;
      }
      S next = model.after(state, it.call());
      BitSet with = (BitSet) placed.clone();
      with.set(begin.call);
      if (!tried.add(new Tried<>(with, next))) {
        return null;
      }
      steps.push(new Step<>(begin, state));
      placed.set(begin.call);
      begin.takeOut();
      begin.other.takeOut();
      return next;
    }

    private void noteStuck(int call) {
      if (stuckAt < 0 || steps.size() > longest.size()) {
        List<Integer> order = new ArrayList<>();
        steps.descendingIterator().forEachRemaining(step -> order.add(step.begin().call));
        longest = order;
        stuckAt = call;
      }
    }

    private Violation violation() {
      Invocation stuck = calls.get(stuckAt);
      List<Invocation> shown = new ArrayList<>();
      S state = model.initial();
      for (int call : longest) {
        state = model.after(state, calls.get(call).call());
      }
      // The last few that were placed say what the key held; the rest is what overlaps the call.
      longest.stream().skip(Math.max(0, longest.size() - 3)).map(calls::get).forEach(shown::add);
      for (int i = 0; i < calls.size(); i++) {
        Invocation it = calls.get(i);
        boolean overlaps =
            it.startNanos() <= stuck.endNanos() && it.endNanos() >= stuck.startNanos();
        if (overlaps && !shown.contains(it)) {
          shown.add(it);
        }
      }
      shown.sort(Comparator.comparingLong(Invocation::startNanos));
      return new Violation(
          PROMISE,
          "no order suits key "
              + stuck.key()
              + ": "
              + longest.size()
              + " of its "
              + calls.size()
              + " calls have one, which leaves "
              + model.result(state, Call.get())
              + ", and then this one does not fit: "
              + stuck,
          shown);
    }
  }
}
