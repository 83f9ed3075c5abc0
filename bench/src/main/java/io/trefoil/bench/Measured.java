package io.trefoil.bench;

import java.util.List;

/**
 * The measurements of one kind of request.
 *
 * @param rate that was asked for, a second; 0 for as many as possible
 * @param samples of each side, in the order of the sides, the pairs in turn
 */
record Measured(double reads, int pipeline, double rate, List<List<Sample>> samples) {
  /** For a column. */
  String title() {
    String kind =
        reads == 0 ? "writes" : reads == 1 ? "reads" : Math.round(reads * 100) + "% reads";
    return kind + " -P " + pipeline;
  }
}
