package io.trefoil.simulation;

import java.util.SplittableRandom;

/**
 * What a run looks like, all drawn from its seed. Fault rates are drawn one by one and are often
 * zero: a run with a single kind of fault reaches states that a run with all of them never does.
 *
 * @param replicas N, 1 to 5
 * @param spares nodes that a replica can be moved to
 * @param fsync stable means synced, else written
 * @param available async goes on with fewer fence answers, and may lose
 * @param keys few, so that operations meet
 * @param faultsMillis how long faults happen
 * @param lossPerMille messages lost; repeated and late likewise
 * @param crashEveryMillis mean time between kills and crashes, 0 for never; others likewise
 * @param machines how many of a hundred crashes take the machine
 * @param betweenEffects kills between two effects, per hundred thousand effects
 */
public record Shape(
    int replicas,
    int spares,
    Rule rule,
    boolean fsync,
    boolean available,
    int clients,
    int keys,
    int faultsMillis,
    int lossPerMille,
    int repeatedPerMille,
    int latePerMille,
    int cutEveryMillis,
    int crashEveryMillis,
    int machines,
    int powerEveryMillis,
    int pauseEveryMillis,
    int pausedReplyPerMille,
    int betweenEffects,
    int slowDiskPerMille,
    int controllerEveryMillis,
    int failoverEveryMillis,
    int changeEveryMillis,
    int checkpointEntries,
    int memoryEntries) {

  static Shape draw(SplittableRandom random) {
    int replicas = new int[] {1, 2, 2, 3, 3, 3, 3, 3, 4, 5, 5}[random.nextInt(11)];
    Rule rule = Rule.values()[random.nextInt(4)];
    boolean lossy = rule == Rule.ASYNC && random.nextInt(3) > 0;
    return new Shape(
        replicas,
        lossy ? 0 : random.nextInt(2),
        rule,
        random.nextBoolean(),
        lossy,
        1 + random.nextInt(4),
        1 + random.nextInt(3),
        3_000 + random.nextInt(5_000),
        maybe(random, 1 + random.nextInt(80)),
        maybe(random, 1 + random.nextInt(80)),
        maybe(random, 1 + random.nextInt(100)),
        maybe(random, 200 + random.nextInt(2_000)),
        maybe(random, 200 + random.nextInt(2_500)),
        random.nextInt(101),
        random.nextInt(6) == 0 ? 1_500 + random.nextInt(3_000) : 0,
        maybe(random, 200 + random.nextInt(2_000)),
        maybe(random, 1 + random.nextInt(30)),
        maybe(random, 5 + random.nextInt(60)),
        maybe(random, 1 + random.nextInt(100)),
        maybe(random, 300 + random.nextInt(2_000)),
        maybe(random, 400 + random.nextInt(2_500)),
        lossy ? 0 : maybe(random, 300 + random.nextInt(2_000)),
        5 + random.nextInt(60),
        1 + random.nextInt(20));
  }

  private static int maybe(SplittableRandom random, int rate) {
    return random.nextInt(5) < 2 ? 0 : rate;
  }
}
