package io.trefoil.transport;

/**
 * Where a node listens for its peers.
 *
 * @param node its number, or 0 when it is not known yet
 */
public record PeerAddress(int node, String host, int port) {
  @Override
  public String toString() {
    return (node == 0 ? "" : "n" + node + " at ") + host + ":" + port;
  }
}
