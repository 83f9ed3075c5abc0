package io.trefoil.replication.leaderless;

/**
 * What anti-entropy has done since it started.
 *
 * @param roundsEqual rounds that found no leaf to differ
 * @param roundsDiffering rounds that found some, and merged what was lacking
 * @param roundsFailed rounds that did not come to an end
 * @param messagesSent questions and answers
 * @param bytesSent of those, about
 * @param leavesPulled how often a leaf was asked for
 */
public record RepairCounters(
    long roundsEqual,
    long roundsDiffering,
    long roundsFailed,
    long messagesSent,
    long bytesSent,
    long leavesPulled) {}
