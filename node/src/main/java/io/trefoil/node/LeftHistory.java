package io.trefoil.node;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.EntryBatch;
import java.util.List;

/**
 * Applied entries of a replica that the history lacks.
 *
 * @param database what people call the partition's database
 * @param newEpoch the leadership whose history lacks them
 * @param first position of the first
 * @param last position of the last
 * @param commonStamp the stamp of the entry before the first, which the history has; {@link
 *     DivergenceSummary#UNKNOWN_STAMP} when the journal had let it go already
 * @param batches the entries, but for those at the beginning that the journal had let go already:
 *     only their number is known, and what they did to the replica is replaced with it
 */
public record LeftHistory(
    PartitionId partition,
    String database,
    long newEpoch,
    Position first,
    Position last,
    long commonStamp,
    List<EntryBatch> batches) {
  public LeftHistory {
    batches = List.copyOf(batches);
  }

  /** How many entries left the history. */
  long count() {
    return last.index() - first.index() + 1;
  }

  /** How many of them, the first, are not among the batches. */
  public long unknownCount() {
    return batches.isEmpty() ? count() : batches.get(0).firstIndex() - first.index();
  }
}
