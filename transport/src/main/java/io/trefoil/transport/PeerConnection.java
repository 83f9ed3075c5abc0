package io.trefoil.transport;

/** A connection that another node dialed. */
public interface PeerConnection {
  /** How the other node introduced itself. */
  Hello hello();

  /** Whether it stands, as far as is known here. */
  boolean isOpen();

  /** Sends a frame back at once; dropped when the connection is gone. Any thread. */
  void reply(byte[] frame, int offset, int length);

  /**
   * Adds a frame to go back with the lane's next {@link Peers#flush}; dropped when the connection
   * is gone, of which the node at its other end hears. On the lane's thread.
   */
  void replyLater(byte[] frame, int offset, int length);
}
