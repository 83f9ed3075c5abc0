package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.PartitionId;
import io.trefoil.node.SnapshotWorld.Piece;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Snapshots arrive whole, over connections that break, at their rate, and never damaged. */
class SnapshotStreamTest {
  private static final long FAST = 1L << 40;
  private static final int KEYS = 80;

  /** Of 80 values of 64 KB and their keys; each fourth value ends in a chunk of its own. */
  private static final int CHUNKS = 40;

  /** In BEGIN's frame: of the index that the snapshot is at. */
  private static final int POSITION_AT = 11;

  private static final PartitionId PARTITION = new PartitionId(1, 0);

  private static SnapshotWorld filled() {
    SnapshotWorld world = new SnapshotWorld(FAST);
    world.fill(1, KEYS);
    return world;
  }

  private static void awaitEqual(SnapshotWorld world) {
    for (PartitionId id : world.ids()) {
      world.passUntil("the follower has it all", () -> world.isEqual(id));
    }
  }

  /** Breaks connections, once, when so many of a piece have arrived. */
  private static void breakAt(SnapshotWorld world, Piece piece, int count, Runnable breaking) {
    world.onTheWay =
        frame -> {
          if (SnapshotWorld.piece(frame) == piece && world.delivered(piece) == count) {
            world.onTheWay = UnaryOperator.identity();
            breaking.run();
          }
          return world.isConnected(SnapshotWorld.LEADER) ? frame : null;
        };
  }

  @Test
  void aSnapshotIsInstalledWhileWritesGoOn() {
    SnapshotWorld world = filled();
    world.onTheWay =
        frame -> {
          if (SnapshotWorld.piece(frame) == Piece.CHUNK && world.delivered(Piece.CHUNK) % 5 == 0) {
            world.tasks.execute(() -> world.write(PARTITION, "k0", 10));
          }
          return frame;
        };
    world.connect();
    awaitEqual(world);
    assertThat(world.delivered)
        .containsEntry(Piece.BEGIN, 1)
        .containsEntry(Piece.CHUNK, CHUNKS)
        .containsEntry(Piece.END, 1);
  }

  @Test
  void afterABrokenConnectionItGoesOnFromWhatIsDurable() {
    SnapshotWorld world = filled();
    breakAt(world, Piece.CHUNK, 25, world::breakConnections);
    world.connect();
    world.pass(2_000);
    assertThat(world.delivered(Piece.CHUNK)).isEqualTo(25);
    world.connect();
    awaitEqual(world);
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(1);
    assertThat(world.delivered(Piece.CHUNK))
        .isBetween(CHUNKS, CHUNKS + SnapshotStream.WINDOW_CHUNKS);
  }

  @Test
  void itIsResumedAgainAndAgain() {
    SnapshotWorld world = filled();
    for (int at = 5; at < CHUNKS; at += 5) {
      breakAt(world, Piece.CHUNK, at, world::breakConnections);
      world.connect();
      world.pass(1_000);
      assertThat(world.delivered(Piece.CHUNK)).isEqualTo(at);
    }
    world.connect();
    awaitEqual(world);
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(1);
  }

  @Test
  void itGoesOnWhenOnlyTheWayOfTheChunksBroke() {
    SnapshotWorld world = filled();
    breakAt(world, Piece.CHUNK, 25, world::breakLeaders);
    world.connect();
    world.pass(2_000);
    world.connectLeader();
    awaitEqual(world);
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(1);
  }

  @Test
  void itGoesOnWhenOnlyTheWayOfTheAnswersBroke() {
    SnapshotWorld world = filled();
    breakAt(world, Piece.CHUNK, 25, world::breakFollowers);
    world.connect();
    world.pass(2_000);
    world.connectFollower();
    awaitEqual(world);
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(1);
  }

  @Test
  void whatTheLeaderDidNotHearOfTheEndItIsToldAgain() {
    SnapshotWorld world = filled();
    world.onTheWay =
        frame -> {
          if (SnapshotWorld.piece(frame) == Piece.END) {
            world.breakFollowers(); // after which it is installed, and says so to nobody
          }
          return frame;
        };
    world.connect();
    world.pass(2_000);
    world.connectFollower();
    awaitEqual(world);
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(1);
  }

  @Test
  void theEndIsSentAgainWhenItIsLost() {
    SnapshotWorld world = filled();
    breakAt(world, Piece.END, 0, world::breakConnections);
    world.connect();
    world.pass(2_000);
    world.connect();
    awaitEqual(world);
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(1);
    assertThat(world.delivered(Piece.CHUNK)).isEqualTo(CHUNKS);
  }

  @Test
  void aFollowerThatForgotTheStreamGetsANewOne() {
    SnapshotWorld world = filled();
    breakAt(world, Piece.CHUNK, 25, world::breakConnections);
    world.connect();
    world.pass(2_000);
    world.follower.receiver = world.follower.newReceiver(); // as after a new start
    world.connect();
    awaitEqual(world);
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(2);
    assertThat(world.delivered(Piece.CHUNK)).isEqualTo(25 + CHUNKS);
    // The first answer was lost, as the follower's own connection did not stand yet.
    assertThat(world.delivered(Piece.RESUME)).isEqualTo(2);
  }

  @Test
  void neitherSideHoldsAStreamForEver() {
    SnapshotWorld world = filled();
    breakAt(world, Piece.CHUNK, 25, world::breakConnections);
    world.connect();
    world.pass(20_000);
    assertThat(world.follower.cells.unfinishedCopies()).hasSize(1);
    world.pass(12_000);
    assertThat(world.follower.cells.unfinishedCopies()).isEmpty();
    world.connect();
    assertThat(world.delivered(Piece.RESUME)).isZero();
    awaitEqual(world);
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(2);
  }

  @Test
  void aDeposedLeaderDoesNotGoOn() {
    SnapshotWorld world = filled();
    breakAt(world, Piece.CHUNK, 25, world::breakConnections);
    world.connect();
    world.pass(2_000);
    world.leader.onState(world.state(2, false));
    world.pass(100);
    world.connect();
    world.pass(2_000);
    assertThat(world.delivered(Piece.RESUME)).isZero();
    assertThat(world.delivered(Piece.CHUNK)).isEqualTo(25);
  }

  @Test
  void aDamagedChunkIsNotTakenAndANewSnapshotBegins() {
    damage(Piece.CHUNK, 7, frame -> frame[frame.length - 1] ^= 1);
  }

  @Test
  void aDamagedBeginningIsFoundAtTheEnd() {
    damage(Piece.BEGIN, 0, frame -> frame[POSITION_AT] ^= 1);
  }

  /** Damages one piece when so many have arrived. */
  private static void damage(Piece piece, int count, Consumer<byte[]> damaging) {
    SnapshotWorld world = filled();
    world.onTheWay =
        frame -> {
          if (SnapshotWorld.piece(frame) == piece && world.delivered(piece) == count) {
            damaging.accept(frame);
          }
          return frame;
        };
    world.connect();
    awaitEqual(world);
    assertThat(world.delivered(Piece.BEGIN)).isEqualTo(2);
  }

  @Test
  void theRateHoldsForAllTogether() {
    SnapshotWorld world = new SnapshotWorld(1 << 20);
    world.fill(3, KEYS);
    world.connect();
    world.pass(8_000);
    // A tenth of a second's worth may be sent at once, and what overdraws that.
    assertThat(world.chunkBytes).isBetween(7L << 20, (8L << 20) + (512 << 10));
  }

  @Test
  void twoAreSentAtATimeInTurnsAndTheOthersWait() {
    SnapshotWorld world = new SnapshotWorld(8 << 20);
    world.fill(5, KEYS);
    Map<PartitionId, Integer> open = new TreeMap<>();
    List<PartitionId> began = new ArrayList<>();
    world.onTheWay =
        frame -> {
          Piece piece = SnapshotWorld.piece(frame);
          if (piece == Piece.BEGIN) {
            began.add(SnapshotWorld.partition(frame));
            open.put(SnapshotWorld.partition(frame), 0);
            assertThat(open).hasSizeLessThanOrEqualTo(SnapshotSender.MAX_STREAMS);
          } else if (piece == Piece.CHUNK) {
            open.merge(SnapshotWorld.partition(frame), 1, Integer::sum);
            if (began.size() == 2) {
              List<Integer> sent = new ArrayList<>(open.values());
              assertThat(Math.abs(sent.get(0) - sent.get(sent.size() - 1))).isLessThan(8);
            }
          } else if (piece == Piece.END) {
            open.remove(SnapshotWorld.partition(frame));
          }
          return frame;
        };
    world.connect();
    awaitEqual(world);
    assertThat(began).hasSize(5);
  }
}
