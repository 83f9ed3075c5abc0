package io.trefoil.control;

import io.trefoil.base.Invariants;

/**
 * Which regions of a multi-leader database send to which: who forwards to whom, and nothing else.
 *
 * @param hub the region in the middle of a STAR; empty with every other kind
 */
public record Topology(Kind kind, String hub) {
  /** The order is part of the stored format. */
  public enum Kind {
    ALL_TO_ALL,
    RING,
    STAR
  }

  public static final Topology ALL_TO_ALL = new Topology(Kind.ALL_TO_ALL, "");
  public static final Topology RING = new Topology(Kind.RING, "");

  public Topology {
    Invariants.check(hub.isEmpty() != (kind == Kind.STAR), "a star has a hub, and no other has");
  }

  public static Topology star(String hub) {
    return new Topology(Kind.STAR, hub);
  }

  /** As in the grammar: {@code STAR eu}. */
  @Override
  public String toString() {
    return kind == Kind.STAR ? "STAR " + hub : kind.name().replace('_', '-');
  }
}
