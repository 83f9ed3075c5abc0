package io.trefoil.simulation.cluster;

import java.util.Locale;

/** What goes wrong in a cluster as often as its seed says: each has a rate of its own. */
public enum FaultRate {
  /** Messages that are late, per mille. */
  SLOW_MESSAGES,
  /** Mean time between them in milliseconds, as all that follow without a unit. */
  CUTS,
  BROKEN_CONNECTIONS,
  KILLS,
  /** How many of a hundred kills take the machine. */
  MACHINE_CRASHES,
  PAUSES,
  /** Stops where a process reads its clock, per hundred thousand. */
  PAUSES_IN_TASKS,
  /** Deaths where a process touches its disk, per hundred thousand. */
  DEATHS_IN_TASKS,
  /** Per mille. */
  SLOW_SYNCS,
  NEW_CONTROLLERS,
  POWER_CUTS,
  DISK_FAULTS,
  CLOCK_FAULTS,
  /** Databases that come and go beside the one that is checked. */
  OTHER_DATABASES,
  /**
   * Backups, restored ones, and disks that are replaced. Never where the loss of one machine may
   * cost something.
   */
  DISK_LOSSES,
  /** Syncs that take seconds, or fail. */
  BAD_SYNCS,
  /** Damage that the node is healed from by the others. As above. */
  HEALED_DISKS,
  /** Cells that are others than were written, which no checksum shows. */
  SILENT_DAMAGE,
  /** Changes of the commit rule. */
  RULE_CHANGES,
  /** Copies that are added, taken away or moved. */
  MOVES,
  /** Leaders that are asked to hand over. */
  SWITCHOVERS,
  /** Cuts between two regions, also for longer than journals are kept. */
  REGION_CUTS,
  /** Whole regions that are down for a while. */
  REGION_OUTAGES;

  /** As it is written on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
