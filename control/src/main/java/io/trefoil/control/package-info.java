/**
 * The control plane: which nodes and databases there are, who replicates and who leads each
 * partition, and in which epoch.
 *
 * <p>Reading order: {@link io.trefoil.control.ClusterState} (the one value that is decided) with
 * {@link io.trefoil.control.ControlCommand}; {@link io.trefoil.control.LeaseGrants} and {@link
 * io.trefoil.control.LeadershipCheck}; {@link io.trefoil.control.FailoverCoordinator}; {@link
 * io.trefoil.control.Controller}, which joins those; {@link io.trefoil.control.ControlPlane}, the
 * shell with Apache Ratis. All but the last are pure. Two classes stand in packages of Ratis's own,
 * to mend what it gets wrong: {@code AtomicFileOutputStream} and {@code JoinerVotes}.
 *
 * @see "Lin et al. 2008, PacificA: Replication in Log-Based Distributed Storage Systems"
 * @see "Ongaro and Ousterhout 2014, In Search of an Understandable Consensus Algorithm"
 */
package io.trefoil.control;
