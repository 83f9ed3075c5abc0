package io.trefoil.replication.multileader;

/** Where a sender puts what is to be done. */
@FunctionalInterface
public interface SenderEffects {
  void add(SenderEffect effect);
}
