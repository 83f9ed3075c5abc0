package io.trefoil.simulation.cluster;

import java.util.SplittableRandom;
import java.util.function.Function;

/** What kind of database a simulated world is about. */
public enum ClusterKind {
  /** One cluster with leaders. */
  LED("cluster", ClusterShape::draw),
  /** The same, which somebody tails. */
  TAILED("tailed", ClusterShape::draw),
  /** The same, whose replicas are compared every few seconds. */
  SCRUBBED("scrubbed", ClusterShape::drawScrubbed),
  /** One cluster without. */
  LEADERLESS("leaderless", ClusterShape::drawLeaderless),
  /** Several clusters, each of which is a region. */
  REGIONS("regions", ClusterShape::drawRegions);

  private final String label;
  private final Function<SplittableRandom, ClusterShape> shapes;

  ClusterKind(String label, Function<SplittableRandom, ClusterShape> shapes) {
    this.label = label;
    this.shapes = shapes;
  }

  /** As it is written on the command line. */
  public String label() {
    return label;
  }

  ClusterShape draw(SplittableRandom random) {
    return shapes.apply(random);
  }
}
