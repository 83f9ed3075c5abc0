package io.trefoil.node.http;

/**
 * How far a follower is behind its leader, as the leader sees it.
 *
 * @param node the follower's name
 * @param region the follower's region
 * @param lagMillis how long ago the follower last had everything; 0 when it has
 */
public record FollowerSample(
    String node, String region, long lagEntries, long lagBytes, long lagMillis) {}
