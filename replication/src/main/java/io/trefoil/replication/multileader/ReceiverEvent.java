package io.trefoil.replication.multileader;

/** What can happen to a {@link RegionReceiver}. */
public sealed interface ReceiverEvent {
  /**
   * Time has passed.
   *
   * @param nowMillis monotonic milliseconds of this node; only differences mean anything
   * @param wallMillis since 1970; for status alone
   */
  record Tick(long nowMillis, long wallMillis) implements ReceiverEvent {}

  /** A connection to the neighbour's leader stands. It may be another one than before. */
  record LinkUp(int region) implements ReceiverEvent {}

  record LinkDown(int region) implements ReceiverEvent {}

  record Received(int region, RegionMessage message) implements ReceiverEvent {}

  /** The local entries of {@link ReceiverEffect.Append} up to this sequence are committed. */
  record Committed(long sequence) implements ReceiverEvent {}
}
