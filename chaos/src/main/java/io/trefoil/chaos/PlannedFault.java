package io.trefoil.chaos;

/**
 * One fault, or change, of a plan.
 *
 * @param atMillis when it comes, since the start
 * @param lastsMillis until it is mended; 0 when there is nothing to mend
 * @param ofLeader whether it meets the node that leads the first partition then
 * @param node index of the node that it meets otherwise
 * @param other index of a second node, which differs from {@code node}
 * @param amount milliseconds of a delay, or lost packets in a thousand
 */
record PlannedFault(
    long atMillis,
    FaultKind kind,
    long lastsMillis,
    boolean ofLeader,
    int node,
    int other,
    int amount) {
  long endsMillis() {
    return atMillis + lastsMillis;
  }
}
