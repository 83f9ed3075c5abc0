package io.trefoil.replication.kernel;

/** Where a machine puts what is to be done. */
@FunctionalInterface
public interface Effects {
  void add(Effect effect);
}
