package io.trefoil.chaos;

import io.trefoil.check.Invocation;
import io.trefoil.control.DatabaseSettings;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a run has left, from which it is judged.
 *
 * @param mayHaveStood settings: those declared, and those that changes asked for
 * @param history what clients were told whose reads are linearizable, or ask R replicas
 * @param followerReads what clients were told by whatever node they asked
 * @param withoutReplicas writes that were refused because replicas were out of reach
 * @param availability how well it served while nodes were away
 * @param regions what each region has left; none where there are none
 * @param contents what each node answers in the end, by key; of those that answer
 * @param savedKeys keys in divergence files
 * @param unknownEntries entries that divergence files count and no longer have
 * @param changes what an operator asked for
 * @param asDeclared whether the database was as declared again, and nothing on its way, in the end
 * @param verified what {@code DATABASE VERIFY} found
 * @param wentOn whether calls were acknowledged when all was mended
 * @param leaderContradictions epochs that two nodes were said to lead
 * @param unexpectedEnds nodes that ended though nothing was done to them
 */
record Evidence(
    Set<DatabaseSettings> mayHaveStood,
    List<Invocation> history,
    List<Invocation> followerReads,
    long withoutReplicas,
    Availability availability,
    List<RegionEvidence> regions,
    List<Map<String, String>> contents,
    Set<String> savedKeys,
    long unknownEntries,
    List<Administrator.Asked> changes,
    boolean asDeclared,
    String verified,
    boolean wentOn,
    List<String> leaderContradictions,
    List<String> unexpectedEnds) {
  /** What {@code DATABASE VERIFY} says of replicas that are. */
  static final String EQUAL = "equal";

  boolean isLeaderless() {
    return mayHaveStood.stream().allMatch(DatabaseSettings::isLeaderless);
  }

  boolean isMultiLeader() {
    return mayHaveStood.stream().allMatch(DatabaseSettings::isMultiLeader);
  }

  /** Whether anything left the history. */
  boolean anythingDiverged() {
    return !savedKeys.isEmpty() || unknownEntries > 0;
  }
}
