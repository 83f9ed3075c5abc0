package io.trefoil.simulation.cluster;

import io.trefoil.control.CommitRule;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.simulation.Rule;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** Of a database that is led. */
final class ClusterChanges implements Administrator.Changes {
  private final ClusterWorld world;
  private final ClusterShape shape;
  private final Administrator administrator;
  private Rule rule;
  private int replicas;

  /** All that was asked for: nobody knows which of it was done. */
  private final Set<Rule> rules = EnumSet.noneOf(Rule.class);

  private final Set<Integer> sizes = new TreeSet<>();

  ClusterChanges(ClusterWorld world, Administrator administrator) {
    this.world = world;
    this.shape = world.shape();
    this.administrator = administrator;
    this.rule = shape.rule();
    this.replicas = shape.replicas();
    rules.add(rule);
    sizes.add(replicas);
  }

  @Override
  public void changeRule(SplittableRandom random) {
    Rule wanted = Rule.values()[random.nextInt(Rule.values().length)];
    if (sizes.stream().allMatch(copies -> may(wanted, copies))) {
      rule = wanted;
      CommitRule commit = asked().commit();
      administrator.ask("commit rule changed", ("DATABASE ALTER data COMMIT " + commit).split(" "));
    }
  }

  @Override
  public void move(SplittableRandom random) {
    int nodes = world.machines.size();
    if (nodes > 1 && random.nextBoolean()) {
      int wanted = 1 + random.nextInt(Math.min(nodes, 5));
      if (rules.stream().allMatch(any -> may(any, wanted))) {
        replicas = wanted;
        world.mayMove();
        CommitRule commit = asked().commit();
        List<String> words = new ArrayList<>(List.of("DATABASE", "ALTER", "data", "REPLICAS"));
        words.add(Integer.toString(wanted));
        words.add("COMMIT");
        words.addAll(List.of(commit.toString().split(" ")));
        administrator.ask("copies added or taken away", words.toArray(String[]::new));
      }
    } else if (nodes > 1) {
      world.mayMove();
      administrator.move(random);
    }
  }

  @Override
  public void switchOver(SplittableRandom random) {
    String node = world.anyMachine(random).name();
    switch (random.nextInt(4)) {
      case 0 -> administrator.ask("node drained", "SWITCHOVER", "FROM", node);
      case 1 -> administrator.ask("node drained no more", "SWITCHOVER", "TO", node);
      default -> administrator.ask("switched over", "SWITCHOVER", "data", "TO", node);
    }
  }

  /** Not where a loss that happens here may cost something that others would not. */
  private boolean may(Rule wanted, int copies) {
    DatabaseSettings settings = settings(wanted, copies);
    return shape.rate(FaultRate.DISK_LOSSES) == 0
        || copies > 1 && settings.commit().copies(copies) > 1;
  }

  private DatabaseSettings asked() {
    rules.add(rule);
    sizes.add(replicas);
    for (Rule any : rules) {
      sizes.forEach(copies -> world.mayStand(settings(any, copies)));
    }
    return settings(rule, replicas);
  }

  private DatabaseSettings settings(Rule any, int copies) {
    return ClusterShape.settings(any, copies, shape.partitions(), shape.fsync());
  }
}
