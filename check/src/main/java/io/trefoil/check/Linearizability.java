package io.trefoil.check;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
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
 * uncertain call may take its place at any time after its beginning, or never; of several that ask
 * the same the earlier is placed first, which loses no order, as none of them ever ends. A refused
 * call did nothing. An uncertain read says nothing.
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
          Violation found = checkKey(calls, model);
          if (found != null) {
            violations.add(found);
          }
        });
    return violations;
  }

  /**
   * Looks for an order in which few uncertain calls stand side by side, then for any: among many of
   * them most orders end nowhere, and one that suits hardly ever needs several in a row.
   */
  private static <S> Violation checkKey(List<Invocation> calls, Model<S> model) {
    for (int inARow : new int[] {1, 2, 4}) {
      Search<S> search = new Search<>(calls, model, inARow);
      Violation found = search.run();
      if (found == null || !search.wasCutShort()) {
        return found;
      }
    }
    return new Search<>(calls, model, Integer.MAX_VALUE).run();
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

    /** Of an uncertain call, the one that asks the same and began before it; else -1. */
    private final int[] placedFirst;

    /** Of a call, its number in the order of beginnings. */
    private final int[] rank;

    private List<Integer> longest = List.of();
    private int stuckAt = -1;

    /** How many uncertain calls may stand side by side, and whether that ended a try. */
    private final int inARow;

    private boolean cutShort;

    private Search(List<Invocation> calls, Model<S> model, int inARow) {
      this.calls = calls;
      this.model = model;
      this.inARow = inARow;
      this.placedFirst = new int[calls.size()];
      this.rank = new int[calls.size()];
      link();
    }

    private void findEqualOnes(List<Node> nodes) {
      Map<Call, Integer> last = new HashMap<>();
      int began = 0;
      for (Node node : nodes) {
        if (node.begins) {
          rank[node.call] = began++;
          Invocation it = calls.get(node.call);
          Integer before = it.isAcknowledged() ? null : last.put(it.call(), node.call);
          placedFirst[node.call] = before == null ? -1 : before;
        }
      }
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
      findEqualOnes(nodes);
      Node last = head;
      for (Node node : nodes) {
        last.after = node;
        node.before = last;
        last = node;
      }
    }

    /** Whether there may be an order all the same, with more uncertain calls side by side. */
    private boolean wasCutShort() {
      return cutShort;
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
      if (placedFirst[begin.call] >= 0 && !placed.get(placedFirst[begin.call])) {
        return null;
      }
      S next = model.after(state, it.call());
      if (!it.isAcknowledged() && next.equals(state)) {
        return null; // it may as well never have been done
      }
      if (lastIsNeedless(begin, next) || !it.isAcknowledged() && isFull()) {
        return null;
      }
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

    /** Whether as many uncertain calls stand last as may stand side by side. */
    private boolean isFull() {
      int uncertain = 0;
      for (Step<S> step : steps) {
        if (calls.get(step.begin().call).isAcknowledged()) {
          return false;
        }
        if (++uncertain == inARow) {
          cutShort = true;
          return true;
        }
      }
      return false;
    }

    /**
     * Whether the call placed last is an uncertain one that this call does not need: the same comes
     * of it when that one is never done, or done after this call. As uncertain calls have no end,
     * all that could be next now could have been next before it.
     */
    private boolean lastIsNeedless(Node begin, S next) {
      Step<S> last = steps.peek();
      Invocation it = calls.get(begin.call);
      if (last == null || calls.get(last.begin().call).isAcknowledged()) {
        return false;
      }
      S before = last.stateBefore();
      boolean differs =
          it.isAcknowledged() && !Objects.equals(model.result(before, it.call()), it.result());
      if (differs) {
        return false;
      }
      S without = model.after(before, it.call());
      // Of two uncertain calls one order is enough.
      boolean mayChange = it.isAcknowledged() || rank[begin.call] < rank[last.begin().call];
      return without.equals(next)
          || mayChange && model.after(without, calls.get(last.begin().call).call()).equals(next);
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
