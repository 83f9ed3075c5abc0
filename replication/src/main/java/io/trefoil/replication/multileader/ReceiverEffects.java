package io.trefoil.replication.multileader;

/** Where a receiver puts what is to be done. */
@FunctionalInterface
public interface ReceiverEffects {
  void add(ReceiverEffect effect);
}
