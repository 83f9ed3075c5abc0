package io.trefoil.simulation;

/** A promise was broken. The message says which; the run that threw it adds seed and trace. */
public final class SimulationFailure extends RuntimeException {
  public SimulationFailure(String message) {
    super(message);
  }

  public SimulationFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
