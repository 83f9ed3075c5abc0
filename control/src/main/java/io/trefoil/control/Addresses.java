package io.trefoil.control;

import io.trefoil.base.HostPort;

/**
 * Where a node listens.
 *
 * @param host name or address that the others reach it by
 * @param clientPort the Redis protocol
 * @param peerPort messages between nodes
 * @param controlPort Raft of the control plane
 * @param httpPort metrics and health
 * @param region where nodes of other regions reach its peer port
 */
public record Addresses(
    String host, int clientPort, int peerPort, int controlPort, int httpPort, HostPort region) {

  /** A node that those of other regions reach as those of its own do. */
  public Addresses(String host, int clientPort, int peerPort, int controlPort, int httpPort) {
    this(host, clientPort, peerPort, controlPort, httpPort, new HostPort(host, peerPort));
  }
}
