package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.node.PartitionReport.ReplicaDigest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScrubTest {
  @Test
  void oneOfThreeThatDiffersFromTwoEqualOnesIsDamaged() {
    assertThat(Scrub.oddOneOut(report(5L, 5L, 6L))).isEqualTo(new NodeId(3));
    assertThat(Scrub.oddOneOut(report(6L, 5L, 5L, 5L, 5L))).isEqualTo(new NodeId(1));
  }

  @Test
  void oneOfTwoMayBeEither() {
    assertThat(Scrub.oddOneOut(report(5L, 6L))).isNull();
  }

  @Test
  void whereMoreThanOneDiffersNobodyIsTakenForDamaged() {
    assertThat(Scrub.oddOneOut(report(5L, 6L, 7L))).isNull();
    assertThat(Scrub.oddOneOut(report(5L, 5L, 6L, 6L))).isNull();
    assertThat(Scrub.oddOneOut(report(5L, 5L, 5L, 6L, 7L))).isNull();
  }

  @Test
  void whereOneWasNotComparedNobodyIsTakenForDamaged() {
    assertThat(Scrub.oddOneOut(report(5L, 5L, 6L, null))).isNull();
  }

  /** Of nodes 1, 2 …; null for one that was not compared. */
  private static PartitionReport report(Long... digests) {
    List<ReplicaDigest> replicas = new ArrayList<>();
    for (Long digest : digests) {
      NodeId node = new NodeId(replicas.size() + 1);
      replicas.add(
          digest == null
              ? new ReplicaDigest(node, "is not connected", 0)
              : new ReplicaDigest(node, null, digest));
    }
    return new PartitionReport(null, new Position(1, 9), 100, replicas, 1, List.of(), true);
  }
}
