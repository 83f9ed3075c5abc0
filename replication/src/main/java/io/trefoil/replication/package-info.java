/**
 * The protocols, pure: no clock, thread, socket, file or chance inside. A replica of one partition
 * is one machine without input or output; the same classes run in the server, where an event loop
 * feeds them, and in the simulator, where a seed does.
 *
 * <p>Reading order: {@link io.trefoil.replication.kernel} (what goes in, what comes out), then
 * {@link io.trefoil.replication.singleleader}, {@link io.trefoil.replication.leaderless} and {@link
 * io.trefoil.replication.multileader}.
 */
package io.trefoil.replication;
