package io.trefoil.simulation.cluster;

import io.trefoil.simulation.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** An operator in each region: links it to the others, then one of them creates the database. */
final class RegionSetup {
  private static final long AGAIN_MICROS = 100 * Schedule.MILLIS;

  private final ClusterWorld world;
  private final List<SimulatedClient> operators = new ArrayList<>();
  private final List<Step> left = new ArrayList<>();

  private record Step(SimulatedClient operator, String[] words) {}

  RegionSetup(ClusterWorld world, Machine clientMachine, SplittableRandom random) {
    this.world = world;
    for (SimulatedRegion region : world.regions) {
      operators.add(new HomeClient(world, clientMachine, "operator-" + region, random, region));
    }
    for (SimulatedRegion here : world.regions) {
      for (SimulatedRegion other : world.regions) {
        if (here != other) {
          left.add(new Step(operators.get(here.number), link(other)));
        }
      }
    }
  }

  private String[] link(SimulatedRegion other) {
    List<String> words = new ArrayList<>(List.of("REGION", "LINK", other.name));
    for (Machine machine : other.machines) {
      if (machine == other.founder() || world.shape().regions().allAddresses()) {
        words.add("127.0.0.1:" + (ClusterWorld.FIRST_PEER_PORT + machine.number));
      }
    }
    return words.toArray(String[]::new);
  }

  /** Who works in the first region. */
  SimulatedClient operator() {
    return operators.get(0);
  }

  /**
   * @param create the words that create the database
   * @param then runs when all is done
   */
  void begin(String[] create, Runnable then) {
    left.add(new Step(operator(), create));
    next(then);
  }

  private void next(Runnable then) {
    if (left.isEmpty()) {
      then.run();
      return;
    }
    Step step = left.get(0);
    step.operator()
        .ask(
            reply -> {
              world.note(step.operator().name, String.join(" ", step.words()) + ": " + reply);
              if ("+OK".equals(reply)) {
                left.remove(0);
                next(then);
              } else {
                world.schedule.after(AGAIN_MICROS, () -> next(then));
              }
            },
            step.words());
  }

  /** A client that stays in a region. */
  private static final class HomeClient extends SimulatedClient {
    private final SimulatedRegion home;

    HomeClient(
        ClusterWorld world,
        Machine own,
        String name,
        SplittableRandom random,
        SimulatedRegion home) {
      super(world, own, name, random.split(), Work.READS_AND_WRITES);
      this.home = home;
    }

    @Override
    Machine target() {
      return home.anyMachine(random);
    }
  }
}
