package io.trefoil.node;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.storage.BucketDigests;
import io.trefoil.storage.CellList;
import java.util.List;

/**
 * What nodes say to each other to compare the replicas of a partition. {@link VerifyCodec} has the
 * bytes.
 */
sealed interface VerifyMessage {
  PartitionId partition();

  /** Between asker and leader the request's number, between leader and replicas the mark's. */
  long id();

  /** Asker to leader, or to one of the replicas that have none: compare. */
  record Ask(PartitionId partition, long id) implements VerifyMessage {}

  /** Leader to asker: still comparing. */
  record Comparing(PartitionId partition, long id) implements VerifyMessage {}

  /** Leader to asker: the outcome. */
  record Report(PartitionId partition, long id, PartitionReport report) implements VerifyMessage {}

  /** Replica to leader: no snapshot can be had at this mark; one at a later mark may do. */
  record Busy(PartitionId partition, long id) implements VerifyMessage {}

  /** Replica to leader: can't be compared. */
  record Unable(PartitionId partition, long id, String why) implements VerifyMessage {}

  /** Replica to leader: still reading its cells. */
  record Reading(PartitionId partition, long id) implements VerifyMessage {}

  /** Replica to leader: the digests of its cells at the mark. */
  record Digests(PartitionId partition, long id, Position position, BucketDigests digests)
      implements VerifyMessage {}

  /** Leader to replica: list the cells of these hashes. */
  record ListCells(PartitionId partition, long id, long fromHash, long toHash)
      implements VerifyMessage {}

  /** Replica to leader: the cells from that hash on. */
  record Cells(PartitionId partition, long id, long fromHash, CellList list)
      implements VerifyMessage {}

  /**
   * Comparer to replica of a leaderless partition: tell the sums of the leaves of your tree.
   *
   * @param recount whether first to add up each leaf from the cells
   */
  record AskSums(PartitionId partition, long id, boolean recount) implements VerifyMessage {}

  /**
   * Comparer to replica of a leaderless partition: tell what is to be seen in these leaves.
   *
   * @param leaves in their order; of the others nothing is told
   * @param nowMillis by which keys have expired
   */
  record AskShown(PartitionId partition, long id, List<Integer> leaves, long nowMillis)
      implements VerifyMessage {}

  /**
   * Replica to comparer: the sums of the leaves as it keeps them, or of what is to be seen there.
   *
   * @param broken leaves whose cells, recounted, add up to another sum
   */
  record Sums(PartitionId partition, long id, int broken, BucketDigests sums)
      implements VerifyMessage {}

  /** Leader to replica: it differs from all the others, which are equal. */
  record Damaged(PartitionId partition, long id, String why) implements VerifyMessage {}

  /** Leader to replica: the snapshot is needed no more. */
  record Done(PartitionId partition, long id) implements VerifyMessage {}
}
