package io.trefoil.simulation.cluster;

/** Ends a simulated process in the middle of what it does. */
final class ProcessDied extends Error {
  private static final long serialVersionUID = 1L;

  ProcessDied() {
    super("killed", null, false, false);
  }
}
