package io.trefoil.node;

import io.trefoil.control.Regions;
import io.trefoil.node.Routes.DatabaseRoute;
import io.trefoil.node.Routes.PartitionRoute;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Compares the partitions of a database that spans regions with those of every other region, a few
 * at a time. Belongs to the data loop's thread.
 */
final class RegionVerifications {
  private static final int AT_ONCE = 4;

  private final RegionLinks links;
  private final LongSupplier numbers;

  /**
   * @param numbers no other process draws the same
   */
  RegionVerifications(RegionLinks links, LongSupplier numbers) {
    this.links = links;
    this.numbers = numbers;
  }

  /**
   * @param then gets the reports of each partition, in their order: of each other region
   */
  void verify(DatabaseRoute database, Consumer<List<List<RegionReport>>> then) {
    List<List<RegionReport>> reports = new ArrayList<>();
    ArrayDeque<Consumer<Runnable>> waiting = new ArrayDeque<>();
    for (PartitionRoute partition : database.partitions()) {
      List<RegionReport> ofPartition = new ArrayList<>();
      reports.add(ofPartition);
      Regions regions = database.database().settings().regions();
      for (String region : regions.hasHere() ? regions.others() : List.<String>of()) {
        waiting.add(
            done ->
                links.verify(
                    partition,
                    region,
                    numbers.getAsLong(),
                    report -> {
                      ofPartition.add(report);
                      done.run();
                    }));
      }
    }
    int[] left = {waiting.size()};
    if (left[0] == 0) {
      then.accept(reports);
      return;
    }
    Runnable[] next = new Runnable[1];
    next[0] =
        () -> {
          Consumer<Runnable> comparison = waiting.poll();
          if (comparison != null) {
            comparison.accept(
                () -> {
                  next[0].run();
                  if (--left[0] == 0) {
                    then.accept(reports);
                  }
                });
          }
        };
    for (int i = 0; i < AT_ONCE; i++) {
      next[0].run();
    }
  }
}
