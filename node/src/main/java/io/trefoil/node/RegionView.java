package io.trefoil.node;

import io.trefoil.base.PartitionId;
import io.trefoil.replication.multileader.NeighbourView;
import java.util.Map;

/**
 * What a partition's leader has of other regions, for those who watch.
 *
 * @param neighbours how far what they have is here, by their names
 * @param horizon the stamp up to which all regions have everything
 * @param purgeable the stamp up to which what was removed may be forgotten
 * @param lastChange the stamp of the last change: of what is older something may be left to forget
 */
public record RegionView(
    PartitionId id,
    Map<String, NeighbourView> neighbours,
    long horizon,
    long purgeable,
    long lastChange) {
  static RegionView of(PartitionReplica replica) {
    return new RegionView(
        replica.id(),
        replica.exchange().neighbours(),
        replica.origins().horizon().horizon(),
        replica.origins().horizon().purgeable(),
        replica.origins().lastChange());
  }
}
