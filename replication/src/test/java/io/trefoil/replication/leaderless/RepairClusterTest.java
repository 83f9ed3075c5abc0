package io.trefoil.replication.leaderless;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.replication.leaderless.RepairCluster.Cell;
import io.trefoil.replication.leaderless.RepairCluster.Mistake;
import io.trefoil.replication.leaderless.RepairCluster.Node;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clusters under seeds: writes that reach some, loss, starts, copies that forgot. */
@Tag("slow")
class RepairClusterTest {
  private static final int SEEDS = Integer.getInteger("repair.seeds", 60);

  @Test
  void copiesThatForgetNothingEndWithWhatWasWrittenLast() {
    for (int seed = 1; seed <= SEEDS; seed++) {
      RepairCluster cluster = run(seed, Mistake.NONE, false);
      for (Node node : cluster.nodes) {
        cluster.newest.forEach(
            (key, cell) ->
                assertThat(node.cells.get(key))
                    .as("%s at %s", key, node)
                    .isEqualTo(cell.isRemoval() ? null : cell));
      }
    }
  }

  @Test
  void nothingRemovedComesBackThoughCopiesForget() {
    for (int seed = 1; seed <= SEEDS; seed++) {
      run(seed, Mistake.NONE, true);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void mistakesAreNoticed(Mistake mistake) {
    boolean noticed = false;
    for (int seed = mistake.firstSeed; seed < mistake.firstSeed + 1_000 && !noticed; seed++) {
      try {
        run(seed, mistake, true);
      } catch (AssertionError expected) {
        noticed = true;
      }
    }
    assertThat(noticed).isTrue();
  }

  private static RepairCluster run(int seed, Mistake mistake, boolean forgetting) {
    try {
      return runOne(seed, mistake, forgetting);
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }

  private static RepairCluster runOne(int seed, Mistake mistake, boolean forgetting) {
    Random random = new Random(seed * 31L);
    int size = 3 + random.nextInt(3);
    RepairCluster cluster = new RepairCluster(seed, size, size / 2 + 1, mistake);
    cluster.loss = random.nextInt(3) * 0.1;
    for (int i = 0; i < 120; i++) {
      Node node = cluster.nodes.get(random.nextInt(size));
      times(random.nextInt(4), it -> write(cluster, random));
      int fault = random.nextInt(12);
      if (node.up && fault < 3) {
        node.stop();
      } else if (!node.up && fault < 6) {
        if (forgetting && fault < 3 && anotherHasAll(cluster, node)) {
          node.forget(fault == 0);
        }
        node.start();
      }
      cluster.run(random.nextInt(600));
    }
    heal(cluster);
    return cluster;
  }

  /** Else what was written may be lost, and what was removed be back, rightly. */
  private static boolean anotherHasAll(RepairCluster cluster, Node node) {
    return cluster.nodes.stream().anyMatch(it -> it != node && it.hasAllOnDisk());
  }

  private static void times(int times, IntConsumer action) {
    for (int i = 0; i < times; i++) {
      action.accept(i);
    }
  }

  private static void write(RepairCluster cluster, Random random) {
    Node node = cluster.nodes.get(random.nextInt(cluster.nodes.size()));
    if (node.up) {
      String value = random.nextInt(3) == 0 ? null : "v" + random.nextInt(1_000);
      node.write("k" + random.nextInt(24), value);
    }
  }

  private static void heal(RepairCluster cluster) {
    cluster.loss = 0;
    cluster.nodes.stream().filter(it -> !it.up).forEach(Node::start);
    cluster.run(30_000); // what is late is there by then
    Node first = cluster.nodes.get(0);
    for (Node node : cluster.nodes) {
      assertThat(node.machine.state()).as("%s", node).isEqualTo(CopyState.VOUCHES);
      assertThat(node.cells).as("%s", node).isEqualTo(first.cells);
      assertThat(node.cells.values()).as("all is purged").noneMatch(Cell::isRemoval);
    }
  }

  @Test
  void roundOverEqualCopiesTakesLittleAndReadsNoCell() {
    RepairCluster cluster = new RepairCluster(1, 2, 2, Mistake.NONE);
    cluster.run(100);
    Node one = cluster.nodes.get(0);
    Node other = cluster.nodes.get(1);
    for (int i = 0; i < 200; i++) {
      one.cells.put("k" + i, new Cell(i + 1, "v"));
      other.cells.put("k" + i, new Cell(i + 1, "v"));
    }
    List<Long> before = List.of(bytes(cluster), rounds(cluster));

    cluster.run(10_000);

    long rounds = rounds(cluster) - before.get(1);
    assertThat(rounds).isGreaterThan(20);
    assertThat(bytes(cluster) - before.get(0)).isLessThan(rounds * 4096 / 10);
    assertThat(one.cellsRead + other.cellsRead).isZero();
  }

  private static long bytes(RepairCluster cluster) {
    return cluster.nodes.stream().mapToLong(it -> it.machine.counters().bytesSent()).sum();
  }

  private static long rounds(RepairCluster cluster) {
    return cluster.nodes.stream().mapToLong(it -> it.machine.counters().roundsEqual()).sum();
  }
}
