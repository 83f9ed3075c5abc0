package io.trefoil.replication.leaderless;

/**
 * What is known of anti-entropy with another replica or learner, in the configuration that stands.
 * For status. Times are this node's monotonic milliseconds.
 *
 * @param progress of the round that runs, or how the last one ended
 * @param outcome how the last round that ended did; {@code NONE_YET} before
 * @param endedRound its number among this replica's rounds; 0 before
 * @param endedMillis when it ended
 * @param state what it last said of its copy; {@code FORGOT} until it was heard from
 * @param startedMillis when the last round began
 * @param finishedMillis when the last one that did not fail ended
 * @param compared a stamp: this copy has everything that the replica had up to it; 0 for none yet
 * @param complete a stamp up to which it says to have everything that was ever written; 0 for none
 * @param leavesDiffered of the last round
 * @param bytesPulled since the configuration stands
 * @param keysMerged since the configuration stands
 */
public record RepairView(
    Progress progress,
    Progress outcome,
    long endedRound,
    long endedMillis,
    CopyState state,
    long startedMillis,
    long finishedMillis,
    long compared,
    long complete,
    int leavesDiffered,
    long bytesPulled,
    long keysMerged) {
  /** Of a round. */
  public enum Progress {
    NONE_YET,
    RUNNING,
    EQUAL,
    DIFFERED,
    FAILED
  }
}
