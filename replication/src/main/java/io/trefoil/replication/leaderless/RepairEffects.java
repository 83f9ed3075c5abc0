package io.trefoil.replication.leaderless;

/** Where anti-entropy puts what is to be done. */
@FunctionalInterface
public interface RepairEffects {
  void add(RepairEffect effect);
}
