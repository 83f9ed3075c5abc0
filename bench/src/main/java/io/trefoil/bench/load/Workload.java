package io.trefoil.bench.load;

/**
 * What is asked for.
 *
 * @param reads their share, from 0 to 1
 * @param keys so many there are
 */
public record Workload(double reads, long keys, KeyChoice choice, ValueSizes sizes) {}
