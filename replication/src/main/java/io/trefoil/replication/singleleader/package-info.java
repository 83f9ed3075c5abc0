/**
 * Single-leader replication: one replica takes the writes and sends each change to its followers.
 *
 * <p>The split follows PacificA and Kafka: consensus for the configuration (the controller decides
 * who leads which epoch), log shipping for the data. {@link
 * io.trefoil.replication.singleleader.SingleLeaderReplica} is the door; {@code Leading} and {@code
 * Following} are its two roles; {@code ReplicaLog} is what both know of the log.
 *
 * @see "Lin et al. 2008, PacificA: Replication in Log-Based Distributed Storage Systems"
 */
package io.trefoil.replication.singleleader;
