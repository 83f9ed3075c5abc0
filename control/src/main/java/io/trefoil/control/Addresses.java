package io.trefoil.control;

/**
 * Where a node listens.
 *
 * @param host name or address that the others reach it by
 * @param clientPort the Redis protocol
 * @param peerPort messages between nodes
 * @param controlPort Raft of the control plane
 * @param httpPort metrics and health
 */
public record Addresses(String host, int clientPort, int peerPort, int controlPort, int httpPort) {}
