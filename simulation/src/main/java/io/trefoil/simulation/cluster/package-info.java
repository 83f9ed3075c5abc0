/**
 * Whole clusters in one thread, driven by one seed: the nodes are {@link io.trefoil.node.NodeCore},
 * with their journals, stores, control loops and command handlers. Replaced are sockets, files,
 * time, threads and the consensus, each behind its port.
 */
package io.trefoil.simulation.cluster;
