package io.trefoil.node.http;

import java.util.List;

/**
 * A replica of this node at one moment.
 *
 * @param database its name, or its number when it has none
 * @param partition from 0
 * @param leader whether it leads the partition
 * @param epoch the one it is in
 * @param divergedEntries acknowledged entries in its divergence files, not yet replayed or
 *     discarded
 * @param followers known to a leader only; else empty
 * @param links to other regions, of a leader whose database spans some; else empty
 */
public record ReplicaSample(
    String database,
    int partition,
    boolean leader,
    long epoch,
    long commitIndex,
    long divergedEntries,
    List<FollowerSample> followers,
    List<LinkSample> links) {
  public ReplicaSample {
    followers = List.copyOf(followers);
    links = List.copyOf(links);
  }
}
