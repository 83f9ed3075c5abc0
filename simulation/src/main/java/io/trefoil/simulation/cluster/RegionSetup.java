package io.trefoil.simulation.cluster;

import io.trefoil.simulation.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** An operator in each region: links it to the others, then one of them creates the database. */
final class RegionSetup {
  private static final long AGAIN_MICROS = 100 * Schedule.MILLIS;

  /** Where a reply to VERIFY says what it came to. */
  private static final int RESULT = 3;

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

  /**
   * Has each region compare its copies with each other, and with those of the other regions.
   *
   * @param equal runs for each that finds them equal
   */
  void verify(Runnable equal) {
    operators.forEach(operator -> verify(operator, equal));
  }

  private void verify(SimulatedClient operator, Runnable equal) {
    operator.ask(
        reply -> {
          world.note(operator.name, "DATABASE VERIFY: " + reply);
          boolean answered = reply != null && reply.startsWith("*");
          String result = answered ? RespText.results(reply, 0).get(RESULT) : "";
          ClusterWorld.require(!result.equals("differs"), operator.name + " finds: " + reply);
          if (result.equals("equal") || answered && lacksOnlyCopies(reply)) {
            equal.run();
          } else {
            world.schedule.after(AGAIN_MICROS, () -> verify(operator, equal));
          }
        },
        "DATABASE",
        "VERIFY",
        "data");
  }

  /** A node compares the copies that it has with those of other regions, and no others. */
  private static boolean lacksOnlyCopies(String reply) {
    int all = 1; // the result of all has the word, too
    return count(reply, "incomplete") - all == count(reply, "this node has no copy");
  }

  private static int count(String text, String word) {
    return text.split(word, -1).length - 1;
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
