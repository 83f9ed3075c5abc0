package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.PartitionId;
import io.trefoil.node.SnapshotWorld.Piece;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How much of the journal a leader keeps for a follower that is away, and what happens past it. */
class JournalKeepTest {
  private static final PartitionId FIRST = new PartitionId(1, 0);
  private static final PartitionId SECOND = new PartitionId(1, 1);
  private static final long KEEP_BYTES = 1 << 20;
  private static final int VALUE_BYTES = 20_000;

  private final SnapshotWorld world = new SnapshotWorld(1L << 40);

  @BeforeEach
  void aFollowerThatHasAllGoesAway() {
    world.write(FIRST, "a", 10);
    world.write(SECOND, "a", 10);
    world.connect();
    awaitEqual();
    world.breakConnections();
    world.pass(2_000);
  }

  private void awaitEqual() {
    world.passUntil("all is there", () -> world.isEqual(FIRST) && world.isEqual(SECOND));
  }

  /** Writes a MB in 50 values, and has what may go of the journal go. */
  private void writeMegabytes(PartitionId id, int count) {
    for (int i = 0; i < 50 * count; i++) {
      world.write(id, "k" + i % 200, VALUE_BYTES);
      if (i % 10 == 0) {
        world.pass(20);
        world.leader.release(KEEP_BYTES);
      }
    }
    world.leader.release(KEEP_BYTES);
    world.leader.release(KEEP_BYTES);
  }

  private boolean isLeftBehind(PartitionId id) {
    return world.leader.replicas.find(id).hasLeftBehind(world.follower.id);
  }

  @Test
  void withinTheCapItIsCaughtUpFromTheLog() {
    writeMegabytes(FIRST, 3);
    world.leader.release(4 << 20);
    world.connect();
    awaitEqual();
  }

  @Test
  void pastTheCapTheJournalIsBoundedAndTheFollowerGetsASnapshot() {
    writeMegabytes(FIRST, 8);
    assertThat(world.leader.journal.sizeBytes())
        .isBetween(KEEP_BYTES / 2, KEEP_BYTES + 4 * (64 << 10));
    assertThat(isLeftBehind(FIRST)).isTrue();
    assertThat(world.leader.replicas.leftBehind()).isEqualTo(1);
    world.connect();
    awaitEqual();
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(1);
    world.leader.release(KEEP_BYTES);
    assertThat(world.leader.replicas.leftBehind()).isZero();
  }

  @Test
  void onlyTheOldestGoesSoThatOthersAreStillCaughtUp() {
    writeMegabytes(FIRST, 8);
    world.write(SECOND, "late", VALUE_BYTES);
    writeMegabytes(FIRST, 1);
    assertThat(isLeftBehind(FIRST)).isTrue();
    assertThat(isLeftBehind(SECOND)).isFalse();
    assertThat(world.leader.journal.firstIndex(world.leader.replicas.find(SECOND).copy()))
        .as("the first entry kept of a partition that is written seldom")
        .isLessThanOrEqualTo(world.leader.replicas.find(SECOND).lastIndex());
    world.connect();
    awaitEqual();
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(1);
  }

  @Test
  void aFollowerThatIsThereIsNotSaidToBeLeftBehind() {
    world.connect();
    writeMegabytes(FIRST, 8);
    assertThat(isLeftBehind(FIRST)).isFalse();
    assertThat(world.delivered(Piece.BEGIN)).isZero();
  }
}
