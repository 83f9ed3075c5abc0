package io.trefoil.replication.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MembershipTest {
  private static final NodeId A = new NodeId(1);
  private static final NodeId B = new NodeId(2);
  private static final NodeId C = new NodeId(3);
  private static final NodeId D = new NodeId(4);

  @ParameterizedTest
  @CsvSource({"1, 9, 5, 3, 9", "2, 9, 5, 3, 5", "3, 9, 5, 3, 3", "2, 0, 5, 0, 0", "2, 5, 5, 0, 5"})
  void anIndexIsCopiedWhenSoManyReplicasHaveIt(int copies, long a, long b, long c, long copied) {
    Map<NodeId, Long> stable = Map.of(A, a, B, b, C, c);
    assertThat(Membership.of(List.of(A, B, C), copies).copiedIndex(stable::get)).isEqualTo(copied);
  }

  @Test
  void whileTwoConfigurationsStandAnIndexNeedsItsCopiesInEach() {
    Membership moving =
        new Membership(
            List.of(
                new Configuration(List.of(A, B, C), 2), new Configuration(List.of(B, C, D), 2)));
    assertThat(moving.copiedIndex(Map.of(A, 9L, B, 9L, C, 0L, D, 0L)::get)).isZero();
    assertThat(moving.copiedIndex(Map.of(A, 9L, B, 9L, C, 0L, D, 7L)::get)).isEqualTo(7);
    assertThat(moving.canCommit(id -> id.equals(A) || id.equals(B))).isFalse();
    assertThat(moving.canCommit(id -> id.equals(B) || id.equals(C))).isTrue();
  }

  /** The arithmetic that everything stands on, for every N up to 7, c, and choice of replicas. */
  @Test
  void anyCommitAndAnyFenceHaveAReplicaInCommon() {
    for (int n = 1; n <= 7; n++) {
      List<NodeId> replicas = IntStream.rangeClosed(1, n).mapToObj(NodeId::new).toList();
      for (int c = 1; c <= n; c++) {
        int f = new Configuration(replicas, c).fenceAnswers();
        for (int copied : subsets(n, c)) {
          for (int fenced : subsets(n, f)) {
            assertThat(copied & fenced).as("n=%d c=%d", n, c).isNotZero();
          }
        }
      }
    }
  }

  private static List<Integer> subsets(int n, int size) {
    List<Integer> subsets = new ArrayList<>();
    for (int bits = 0; bits < 1 << n; bits++) {
      if (Integer.bitCount(bits) == size) {
        subsets.add(bits);
      }
    }
    return subsets;
  }
}
