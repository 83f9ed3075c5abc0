package io.trefoil.replication.kernel;

/**
 * One replica's protocol. The same events in the same order give the same effects. Not thread-safe:
 * the thread that owns the partition calls it.
 */
public interface Machine {
  /**
   * Takes one event and hands its effects to {@code out} in the order in which they must be carried
   * out.
   *
   * @throws io.trefoil.base.InvariantViolation when the event shows a state that can't be; the
   *     shell then stops the replica
   */
  void step(Event event, Effects out);
}
