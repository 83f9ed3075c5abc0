package io.trefoil.simulation.cluster;

import io.trefoil.node.DivergenceFolder;
import io.trefoil.node.DivergenceSummary;
import io.trefoil.node.LeftHistory;
import io.trefoil.simulation.Mutant;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.NoSuchFileException;
import java.util.List;

/** What left the history, on a simulated machine: saved for the checks, as no client reads it. */
final class MachineDivergences implements DivergenceFolder {
  private final Machine machine;
  private final ClusterWorld world;
  private final Runnable mayDie;

  /**
   * @param mayDie called before the disk is touched
   */
  MachineDivergences(Machine machine, ClusterWorld world, Runnable mayDie) {
    this.machine = machine;
    this.world = world;
    this.mayDie = mayDie;
  }

  @Override
  public DivergenceSummary save(LeftHistory left) {
    mayDie.run();
    DivergenceSummary summary = DivergenceSummary.of(left, 0);
    boolean stored = world.mutant != Mutant.DIVERGENCE_NOT_STORED;
    if (stored && machine.diverged.putIfAbsent(summary.name(), left) == null) {
      world.note(machine, "saves what left the history: " + summary.name());
      world.count(left.unknownCount() == 0 ? "divergence saved" : "divergence not wholly known");
    }
    return summary;
  }

  @Override
  public List<DivergenceSummary> list() {
    return machine.diverged.values().stream().map(left -> DivergenceSummary.of(left, 0)).toList();
  }

  @Override
  public SeekableByteChannel open(String name) throws NoSuchFileException {
    throw new NoSuchFileException(name);
  }

  @Override
  public void noteReplay(String name, DivergenceSummary.Replay replay) {
    throw new UnsupportedOperationException("no client replays here");
  }

  @Override
  public void delete(String name) throws NoSuchFileException {
    throw new NoSuchFileException(name);
  }
}
