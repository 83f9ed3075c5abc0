package io.trefoil.node.http;

/**
 * How far a leader is with another region.
 *
 * @param region the other one
 * @param up whether its leader is heard from
 * @param lagEntries what of its log is not here yet; likewise bytes and milliseconds
 * @param unacknowledgedEntries what of the log here that region has not confirmed
 */
public record LinkSample(
    String region,
    boolean up,
    long lagEntries,
    long lagBytes,
    long lagMillis,
    long unacknowledgedEntries) {}
