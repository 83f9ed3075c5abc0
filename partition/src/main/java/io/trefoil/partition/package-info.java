/**
 * Which slot a key belongs to, which partition a slot belongs to, and which nodes hold a partition.
 * Pure functions over values.
 *
 * <p>Reading order: {@link io.trefoil.partition.Slots}, {@link io.trefoil.partition.SlotRanges},
 * {@link io.trefoil.partition.Placement}. Slots are those of the Redis Cluster specification.
 */
package io.trefoil.partition;
