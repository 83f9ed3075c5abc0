package io.trefoil.simulation.cluster;

import io.trefoil.control.Quorums;
import java.util.SplittableRandom;

/** Of a leaderless database: never so that less is promised than when it was created. */
final class QuorumChanges implements Administrator.Changes {
  private final ClusterWorld world;
  private final ClusterShape shape;
  private final Administrator administrator;

  /** The last number that was asked for; nobody knows whether it was done. */
  private int replicas;

  QuorumChanges(ClusterWorld world, Administrator administrator) {
    this.world = world;
    this.shape = world.shape();
    this.administrator = administrator;
    this.replicas = shape.replicas();
  }

  @Override
  public void changeRule(SplittableRandom random) {
    alter("quorums changed", replicas, random);
  }

  @Override
  public void move(SplittableRandom random) {
    if (random.nextBoolean()) {
      int most = Math.min(world.machines.size(), 5);
      alter("copies added or taken away", 1 + random.nextInt(most), random);
    } else {
      administrator.move(random);
    }
  }

  @Override
  public void switchOver(SplittableRandom random) {
    throw new IllegalStateException("there is no leader");
  }

  private void alter(String what, int copies, SplittableRandom random) {
    int reads = 1 + random.nextInt(copies);
    int writes = 1 + random.nextInt(copies);
    if (keepsPromises(copies, reads, writes) && !administrator.isBusy()) {
      replicas = copies;
      String words = "DATABASE ALTER data REPLICAS %d R %d W %d".formatted(copies, reads, writes);
      administrator.ask(what, words.split(" "));
    }
  }

  private boolean keepsPromises(int copies, int reads, int writes) {
    Quorums before = shape.quorums();
    int copiesBefore = shape.replicas();
    Quorums after = new Quorums(reads, writes, before.sloppy(), before.conflict());
    boolean survivesLoss = writes > 1 || shape.rate(FaultRate.DISK_LOSSES) == 0;
    return survivesLoss
        && (after.overlap(copies) || !before.overlap(copiesBefore))
        && (after.writesOverlap(copies) || !before.writesOverlap(copiesBefore))
        && (2 * reads > copies || 2 * before.reads() <= copiesBefore);
  }
}
