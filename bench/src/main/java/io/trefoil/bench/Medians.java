package io.trefoil.bench;

import java.util.Arrays;
import java.util.List;

/** Medians of measurements, and of what one side is of another in each pair. */
final class Medians {
  /** The median of the pairs' ratios, and their span. */
  record Ratio(double median, double least, double most) {}

  private Medians() {}

  /** Of an even number the mean of the two in the middle. */
  static double of(List<Sample> samples, Sample.Figure figure) {
    return median(samples.stream().mapToDouble(figure.of).sorted().toArray());
  }

  /** What one side is of another: as many measurements, which were made in turn. */
  static Ratio ratio(List<Sample> side, List<Sample> peer, Sample.Figure figure) {
    double[] ratios = new double[side.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = figure.of.applyAsDouble(side.get(i)) / figure.of.applyAsDouble(peer.get(i));
    }
    Arrays.sort(ratios);
    return new Ratio(median(ratios), ratios[0], ratios[ratios.length - 1]);
  }

  private static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
