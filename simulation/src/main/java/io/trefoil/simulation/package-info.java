/**
 * One partition and everything that can go wrong around it, decided by a seed: the network, the
 * disks, the clocks, the controllers, the clients. The replicas are the server's own {@link
 * io.trefoil.replication.singleleader.SingleLeaderReplica}; the rest is a model that keeps the
 * rules of {@code docs/protocols/single-leader.md} and breaks everything else.
 *
 * <p>Reading order: {@link io.trefoil.simulation.Simulation} (a run), {@link
 * io.trefoil.simulation.SimulatedNode} (the shell around a replica), {@link
 * io.trefoil.simulation.Controller} (who opens epochs, fences and appoints), {@link
 * io.trefoil.simulation.Checks} (what must hold after every event), {@link
 * io.trefoil.simulation.History} (what clients saw).
 */
package io.trefoil.simulation;
