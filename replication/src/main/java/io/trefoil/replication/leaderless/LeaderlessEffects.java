package io.trefoil.replication.leaderless;

/** Where a machine puts what is to be done. */
@FunctionalInterface
public interface LeaderlessEffects {
  void add(LeaderlessEffect effect);
}
