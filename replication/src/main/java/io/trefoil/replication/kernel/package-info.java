/**
 * What every protocol is built from: {@link io.trefoil.replication.kernel.Event events} in, {@link
 * io.trefoil.replication.kernel.Effect effects} out, {@link io.trefoil.replication.kernel.Message
 * messages} between replicas, and small values with one idea each: {@link
 * io.trefoil.replication.kernel.Membership who counts}, {@link
 * io.trefoil.replication.kernel.EpochTable where histories part}, {@link
 * io.trefoil.replication.kernel.PeerProgress how far a follower is}.
 */
package io.trefoil.replication.kernel;
