/**
 * Multi-leader replication: each region has a leader that takes writes, and the leaders of a
 * partition exchange what their regions committed.
 *
 * <p>In a region the partition is a single-leader group with a log; that is not this package's
 * business. What other regions wrote is appended to that log and commits like anything else. See
 * {@code docs/protocols/multi-leader.md}.
 *
 * <p>Reading order: {@code RegionOrigin}, {@code Piece} and {@code RegionVector}, the words of it
 * all; {@link io.trefoil.replication.multileader.RegionSender}, which serves one other region; then
 * {@link io.trefoil.replication.multileader.RegionReceiver}, which takes in what the neighbours
 * have. {@code NeighbourLink} and {@code PieceQueue} are its parts for one neighbour, {@code
 * Holders} which neighbour brings what, by {@code RegionWays}.
 *
 * @see "Ladin, Liskov, Shrira and Ghemawat 1992, Providing High Availability Using Lazy
 *     Replication"
 */
package io.trefoil.replication.multileader;
