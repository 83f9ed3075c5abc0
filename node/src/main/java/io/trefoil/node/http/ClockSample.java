package io.trefoil.node.http;

/**
 * How far another node's clock was ahead of this node's lately, at most.
 *
 * @param node the other node's name
 * @param region the other node's region
 */
public record ClockSample(String node, String region, long aheadMillis) {}
