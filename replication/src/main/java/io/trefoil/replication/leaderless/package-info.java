/**
 * Leaderless replication: every replica takes writes, and quorums answer for what was written.
 *
 * <p>Each replica is the coordinator of its clients' commands. What it writes as such goes into its
 * own log, and it streams that log to the others in order, as a single leader would. Nothing is
 * ever cut, and there are no epochs: entries are merged, and merging is idempotent. See {@code
 * docs/protocols/leaderless.md}.
 *
 * <p>{@link io.trefoil.replication.leaderless.LeaderlessReplica} is the door. {@code Streams} is
 * what it sends as a coordinator, {@code Arrivals} what others stream to it, {@code Reads} what it
 * asks others for.
 *
 * <p>{@link io.trefoil.replication.leaderless.AntiEntropy} is a machine of its own beside it: what
 * streams did not bring, and what may be forgotten. {@code Round} is one pull, {@code Coverage}
 * what follows from those that ended. See {@code docs/protocols/anti-entropy.md}.
 *
 * @see "DeCandia et al. 2007, Dynamo: Amazon's Highly Available Key-value Store"
 */
package io.trefoil.replication.leaderless;
