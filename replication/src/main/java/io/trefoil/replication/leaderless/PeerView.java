package io.trefoil.replication.leaderless;

/**
 * What a coordinator knows of another replica or learner. For status.
 *
 * @param match up to where it has confirmed this coordinator's log
 * @param lagEntries how far that is behind the coordinator's last own entry, as indexes go: foreign
 *     entries in between are counted; 0 when it has everything
 * @param reachable whether it was heard from lately
 * @param heardMillis when it was last heard from, in this node's monotonic milliseconds
 * @param counts whether it says that its copy counts; false until it was heard from
 * @param gap whether entries were skipped for it since this coordinator started
 */
public record PeerView(
    long match,
    long lagEntries,
    boolean reachable,
    long heardMillis,
    boolean counts,
    boolean gap) {}
