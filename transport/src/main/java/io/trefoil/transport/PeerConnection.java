package io.trefoil.transport;

/** A connection that another node dialed. */
public interface PeerConnection {
  /** How the other node introduced itself. */
  Hello hello();

  /** Sends a frame back at once; dropped when the connection is gone. Any thread. */
  void reply(byte[] frame, int offset, int length);
}
