package io.trefoil.node;

import io.trefoil.base.Bytes;
import java.util.List;

/**
 * What comparing a partition with its copy in another region came to.
 *
 * @param problem why nothing was compared, or null
 * @param inFlight how many keys differ while entries are on their way that may be about them
 * @param diverged keys that differ although each region has everything that the other had before,
 *     the first ones found
 * @param isWhole whether all that differed was looked at
 */
record RegionReport(
    String region, String problem, int inFlight, List<Key> diverged, boolean isWhole) {
  RegionReport {
    diverged = List.copyOf(diverged);
  }

  /** A key, with the digests of what is to be seen of it; 0 where it is not there. */
  record Key(Bytes name, long here, long there) {}

  PartitionReport.Result result() {
    if (!diverged.isEmpty()) {
      return PartitionReport.Result.DIFFERS;
    }
    return problem == null && inFlight == 0 && isWhole
        ? PartitionReport.Result.EQUAL
        : PartitionReport.Result.INCOMPLETE;
  }
}
