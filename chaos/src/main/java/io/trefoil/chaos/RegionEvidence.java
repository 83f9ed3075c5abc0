package io.trefoil.chaos;

import io.trefoil.check.Invocation;
import java.util.List;

/**
 * What a run has left of one region.
 *
 * @param history what its clients were told, each connection of which is a session
 */
record RegionEvidence(String name, List<Invocation> history, RegionAvailability availability) {
  RegionEvidence {
    history = List.copyOf(history);
  }
}
