package io.trefoil.transport;

/**
 * The port to the other nodes: per lane an ordered connection to each, which may break, and loses
 * then what it had not delivered. {@link PeerNetwork} is the one over sockets.
 *
 * <p>What comes in goes to a {@link PeerListener}. Calls belong to the lane's thread, but for
 * {@link #identify}.
 */
public interface Peers {
  /** Whom this node says it is, on connections dialed from now on. */
  void identify(String cluster, String region, int node, int incarnation);

  /**
   * Dials a peer, and goes on dialing; a changed address replaces the connection. The number is the
   * peer's, but on {@link Lane#REGION}, where it is of the caller's choice.
   */
  void connect(Lane lane, PeerAddress address);

  /** Dials a lane's peers anew, so that they learn who this node is by now. */
  void redial(Lane lane);

  boolean isConnected(Lane lane, int node);

  /** Adds a frame for a node; it leaves with {@link #flush}. Dropped when no connection stands. */
  void send(Lane lane, int node, byte[] frame, int offset, int length);

  /** Sends what was added since the last time, replies included, with one write per peer. */
  void flush(Lane lane);
}
