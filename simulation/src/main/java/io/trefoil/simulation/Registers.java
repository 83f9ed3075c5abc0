package io.trefoil.simulation;

import java.util.SortedMap;
import java.util.TreeMap;

/** The state of a partition. */
final class Registers {
  private final SortedMap<Integer, Register> byKey;

  Registers() {
    byKey = new TreeMap<>();
  }

  private Registers(SortedMap<Integer, Register> byKey) {
    this.byKey = new TreeMap<>(byKey);
  }

  Registers copy() {
    return new Registers(byKey);
  }

  /** These, and over them those. */
  Registers overlaidBy(Registers others) {
    Registers both = copy();
    both.byKey.putAll(others.byKey);
    return both;
  }

  Register get(int key) {
    return byKey.getOrDefault(key, Register.NONE);
  }

  Register apply(Operation.Content write) {
    if (write.opens()) {
      return Register.NONE;
    }
    Register after = get(write.key()).after(write);
    byKey.put(write.key(), after);
    return after;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Registers registers && byKey.equals(registers.byKey);
  }

  @Override
  public int hashCode() {
    return byKey.hashCode();
  }

  @Override
  public String toString() {
    return byKey.toString();
  }
}
