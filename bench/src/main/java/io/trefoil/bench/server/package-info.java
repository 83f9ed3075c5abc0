/**
 * What is measured: Trefoil and its peers, started as processes on this machine with the same
 * promise, as far as they have one. Begin with {@link io.trefoil.bench.server.Servers} and {@link
 * io.trefoil.bench.server.Deployment}.
 */
package io.trefoil.bench.server;
