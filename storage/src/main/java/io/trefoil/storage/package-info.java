/**
 * The cells of a node's partition copies, in two levels: a table in memory that answers, and
 * RocksDB, written behind it.
 *
 * <p>The journal is the durable log of entries; this package is told positions. RocksDB's own log
 * is off: it always holds exactly the state at some position, and what came later is replayed from
 * the journal.
 *
 * <p>Reading order: {@link io.trefoil.storage.Storage}, {@link io.trefoil.storage.PartitionStore},
 * then inside: {@code Arena} (records outside the heap), {@code HashIndex} (key to record), {@code
 * Layer} (what lies between two clears), {@code Generation} (what is on its way to the disk),
 * {@code Disk} (the layout in RocksDB), {@code CellWalk} (both levels merged in hash order).
 *
 * <p>Sources: write-behind generations after LevelDB's two memtables; size classes after
 * memcached's slabs; the index is linear probing kept in hash order, in segments that split as in
 * extendible hashing (Fagin et al. 1979).
 */
package io.trefoil.storage;
