/**
 * {@code trefoil bench}: figures of Trefoil, and of a peer beside it, measured in turn on this
 * machine by one client. {@code load} is the client, {@code server} what it measures, {@code inner}
 * the loops inside a node. Begin with {@link io.trefoil.bench.Bench}.
 */
package io.trefoil.bench;
