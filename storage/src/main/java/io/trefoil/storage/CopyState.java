package io.trefoil.storage;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;

/**
 * What RocksDB holds of one copy of a partition.
 *
 * @param copy the copy's id; never used again after a drop
 * @param position the cells are exactly the state after this entry, apart from expired cells that
 *     were collected
 * @param keyCount how many keys are present at that position
 * @param meta what the caller gave to {@link PartitionStore#freeze}
 */
public record CopyState(long copy, Position position, long keyCount, Bytes meta) {}
