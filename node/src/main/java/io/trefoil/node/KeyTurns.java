package io.trefoil.node;

import io.trefoil.base.Bytes;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps the order of commands on a key while some of them wait for other replicas: a write lets
 * nobody pass, and reads let reads pass. Owner thread only.
 */
final class KeyTurns {
  private final Map<Bytes, Turn> turns = new HashMap<>();

  private static final class Turn {
    private int readers;
    private boolean writes;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();

    boolean lets(boolean write) {
      return waiting.isEmpty() && !writes && (!write || readers == 0);
    }

    boolean isOver() {
      return !writes && readers == 0;
    }
  }

  /** The first of the keys on which a command has to wait, or null. */
  Bytes blocking(List<Bytes> keys, boolean write) {
    if (turns.isEmpty()) {
      return null;
    }
    for (Bytes key : keys) {
      Turn turn = turns.get(key);
      if (turn != null && !turn.lets(write)) {
        return key;
      }
    }
    return null;
  }

  /** How many commands wait for a key. */
  int waiting(Bytes key) {
    Turn turn = turns.get(key);
    return turn == null ? 0 : turn.waiting.size();
  }

  /** Runs a command when it is its turn on a key that {@link #blocking} named. */
  void await(Bytes key, Runnable command) {
    turns.get(key).waiting.add(command);
  }

  /** A command on these keys waits for others, and others wait for it. */
  void begin(List<Bytes> keys, boolean write) {
    for (Bytes key : keys) {
      Turn turn = turns.computeIfAbsent(key, each -> new Turn());
      turn.writes |= write;
      turn.readers += write ? 0 : 1;
    }
  }

  /** It is done: those who waited for it go on. */
  void end(List<Bytes> keys, boolean write) {
    for (Bytes key : keys) {
      Turn turn = turns.get(key);
      turn.writes &= !write;
      turn.readers -= write ? 0 : 1;
    }
    keys.forEach(this::goOn);
  }

  /** Each that was waiting comes to wait again, in its order, if one before it has to. */
  private void goOn(Bytes key) {
    Turn turn = turns.get(key);
    if (turn == null || !turn.isOver()) {
      return;
    }
    turns.remove(key);
    turn.waiting.forEach(Runnable::run);
  }
}
