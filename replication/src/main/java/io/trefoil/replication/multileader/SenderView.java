package io.trefoil.replication.multileader;

/**
 * How far a region is sent this log. For status.
 *
 * @param state what the sender does
 * @param sentIndex up to where it was sent since it pulled last
 * @param ackedIndex see {@link RegionSender#ackedIndex}
 * @param endIndex up to where it may be sent
 * @param inFlightBytes sent and not acknowledged
 */
public record SenderView(
    State state, long sentIndex, long ackedIndex, long endIndex, long inFlightBytes) {
  /** What a sender does. */
  public enum State {
    /** Nobody pulls. */
    IDLE,
    STREAMING,
    /** The log no longer holds what was pulled; a snapshot is needed. */
    TOO_OLD
  }
}
