package io.trefoil.node.http;

/**
 * What this node keeps as coordinator for another replica of a leaderless partition.
 *
 * @param database its name, or its number when it has none
 * @param partition from 0
 * @param node the other replica's name
 * @param region the other replica's region
 */
public record HintSample(
    String database, int partition, String node, String region, long entries, long bytes) {}
