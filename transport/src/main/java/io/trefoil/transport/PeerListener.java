package io.trefoil.transport;

/** What a node does with what comes in. Called on the lane's thread. */
public interface PeerListener {
  /**
   * Judges a connection that another node opened.
   *
   * @return null to accept it, else why not; the reason is logged on both sides
   */
  String refuse(Hello hello);

  /**
   * A frame came in on a connection that another node dialed.
   *
   * @param frame valid during the call only; begins at {@code offset}
   */
  void onFrame(PeerConnection from, byte[] frame, int offset, int length);

  /**
   * A reply came back on a connection that this node dialed.
   *
   * @param frame valid during the call only; begins at {@code offset}
   */
  void onReply(Lane lane, PeerAddress from, byte[] frame, int offset, int length);

  /** The connection to a node on this lane broke, or can't be made. Told once until it is back. */
  void onLost(Lane lane, PeerAddress peer);

  /** The connection to a node on this lane stands. */
  void onConnected(Lane lane, PeerAddress peer);
}
