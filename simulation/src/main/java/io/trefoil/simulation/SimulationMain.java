package io.trefoil.simulation;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Runs seeds: {@code --seeds N} many, from {@code --seed S} on; {@code --trace} prints each. */
public final class SimulationMain {
  private SimulationMain() {}

  public static void main(String[] arguments) {
    long seeds = 100;
    long first = 1;
    boolean trace = false;
    Mutant mutant = Mutant.NONE;
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--seeds" -> seeds = Long.parseLong(arguments[++i]);
        case "--seed" -> first = Long.parseLong(arguments[++i]);
        case "--mutant" -> mutant = Mutant.valueOf(arguments[++i]);
        case "--trace" -> trace = true;
        default -> {
          System.err.println("usage: simulate [--seeds N] [--seed S] [--mutant NAME] [--trace]");
          System.exit(2);
        }
      }
    }
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.exit(run(first, seeds, mutant, trace, out) ? 0 : 1);
  }

  private static boolean run(
      long first, long seeds, Mutant mutant, boolean trace, PrintStream out) {
    Coverage coverage = new Coverage();
    long started = System.nanoTime();
    for (long seed = first; seed < first + seeds; seed++) {
      Simulation simulation = new Simulation(seed, mutant, trace ? 1_000_000 : 300);
      try {
        coverage.add(simulation.run());
      } catch (SimulationFailure failure) {
        out.println(failure.getMessage());
        out.println("again with: simulate --seeds 1 --seed " + seed + " --trace");
        return false;
      }
      if (trace) {
        out.println(simulation.shape());
        simulation.trace().forEach(out::println);
      }
    }
    long millis = (System.nanoTime() - started) / 1_000_000;
    out.println("seeds        " + seeds + " from " + first + " in " + millis + " ms");
    out.println(coverage.summary());
    return true;
  }
}
