package io.trefoil.simulation.cluster;

import io.trefoil.control.Promises;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.simulation.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What runs of clusters have met. Adds up over seeds. */
public final class ClusterCoverage {
  /** What a set of seeds must have met, or it proves nothing about it. */
  private static final List<String> EXPECTED =
      List.of(
          "acknowledged",
          "acknowledged, lost and saved",
          "all without power",
          "backup taken",
          "bit flipped",
          "bounded read by a follower",
          "bounded read by a leader",
          "bridge",
          "cell damaged",
          "change goes on",
          "commit rule changed",
          "connection broken",
          "controller replaced",
          "copies added or taken away",
          "copies moved",
          "cut both ways",
          "cut one way",
          "disk full",
          "disk healed",
          "disk put back",
          "disk replaced",
          "disk stalled",
          "divergence saved",
          "durability changed",
          "histories linearizable",
          "killed between two effects",
          "leaders",
          "machine crashed",
          "from amnesiac to follower",
          "from follower to amnesiac",
          "from follower to leader",
          "from leader to amnesiac",
          "from leader to follower",
          "message Append",
          "message Appended",
          "message ChangeReady",
          "message FenceAnswer",
          "message FenceRequest",
          "message Forward",
          "message Forwarded",
          "message HandOverRequest",
          "message History",
          "message HistoryReply",
          "message Join",
          "message LeaseReply",
          "message LeaseRequest",
          "message Mismatch",
          "message NeedSnapshot",
          "message NotController",
          "message OutcomeReply",
          "message Report",
          "message Resign",
          "message SilenceReport",
          "message Snapshot",
          "message SnapshotAck",
          "message SnapshotResume",
          "message Stale",
          "message Started",
          "message Stopping",
          "message StateReply",
          "message StateRequest",
          "message SubmitRequest",
          "message TermAnswer",
          "message TermQuery",
          "message Whole",
          "message WholeReport",
          "node cut off",
          "node drained",
          "node drained no more",
          "node stopped by its disk",
          "older disk restored",
          "other database",
          "paused",
          "process killed",
          "refused",
          "ring",
          "session goes on elsewhere",
          "session read by a follower",
          "session read by a leader",
          "session told of what left the history",
          "snapshot cut off",
          "split in two",
          "stopped cleanly",
          "stopped in the middle of a task",
          "switched over",
          "sync failed",
          "transaction",
          "uncertain",
          "unsynced writes lost",
          "wall clock frozen",
          "wall clock moved",
          "what was watched had changed");

  /** The same of leaderless databases. */
  private static final List<String> EXPECTED_WITHOUT_LEADER =
      List.of(
          "acknowledged",
          "bridge",
          "connection broken",
          "controller replaced",
          "cut both ways",
          "cut one way",
          "killed between two effects",
          "message Forward",
          "message Forwarded",
          "message Ask",
          "message Compare",
          "message Compared",
          "message Lacking",
          "message Pull",
          "message Pulled",
          "message Share",
          "message Shared",
          "message Superseded",
          "message Told",
          "node cut off",
          "paused",
          "process killed",
          "quorum reads checked",
          "refused",
          "repaired by a read",
          "ring",
          "siblings decided",
          "split in two",
          "stopped cleanly",
          "stopped in the middle of a task",
          "transaction",
          "uncertain",
          "wall clock frozen",
          "wall clock moved",
          "written again above a larger stamp");

  /** The same of regions. */
  private static final List<String> EXPECTED_OF_REGIONS =
      List.of(
          "acknowledged",
          "causes checked",
          "divergence saved",
          "from follower to leader",
          "histories linearizable",
          "killed between two effects",
          "message RegionAcked",
          "message RegionBatch",
          "message RegionElsewhere",
          "message RegionFilled",
          "message RegionPull",
          "message RegionTooOld",
          "region cut off one way",
          "region down",
          "region goes on where it was",
          "region stands in for another",
          "regions cut",
          "regions cut for long",
          "regions found equal",
          "removals may be forgotten",
          "removed for good",
          "session goes on elsewhere",
          "siblings decided",
          "topology ALL-TO-ALL",
          "topology RING",
          "topology STAR",
          "uncertain");

  /** The same of clusters whose replicas are compared. */
  private static final List<String> EXPECTED_OF_SCRUBS =
      List.of(
          "cell changed silently",
          "cell lost silently",
          "found equal in the end",
          "histories linearizable",
          "message Verify",
          "silent damage found",
          "silent damage found amid faults");

  private static final List<String> EXPECTED_OF_TAILS =
      List.of(
          "tail found nothing new",
          "tail goes back",
          "tail has all",
          "tail is what is there",
          "tail read",
          "tail told of what is gone",
          "tail told that histories parted");

  private static final int WIDTH = 84;

  private final ClusterKind kind;

  public ClusterCoverage() {
    this(ClusterKind.LED);
  }

  /** What runs of a kind are to meet. */
  public ClusterCoverage(ClusterKind kind) {
    this.kind = kind;
  }

  private final Map<String, Long> counts = new TreeMap<>();

  void met(String what) {
    counts.merge(what, 1L, Long::sum);
  }

  void ran(Rule rule) {
    met(name(rule));
  }

  /** Something that the rule allows was seen. */
  void saw(Rule rule, Anomaly anomaly) {
    met(name(rule, anomaly));
  }

  /** How often something that the rule allows was seen. */
  public long of(Rule rule, Anomaly anomaly) {
    return of(name(rule, anomaly));
  }

  private static String name(Rule rule, Anomaly anomaly) {
    return name(rule) + ": " + anomaly.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static String name(Rule rule) {
    return "rule " + rule.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public void add(ClusterCoverage other) {
    other.counts.forEach((what, count) -> counts.merge(what, count, Long::sum));
  }

  /** How often something was met. */
  public long of(String what) {
    return counts.getOrDefault(what, 0L);
  }

  /** What was never met; empty when all was. */
  public List<String> missing() {
    if (kind != ClusterKind.LED) {
      List<String> missing =
          new ArrayList<>(
              switch (kind) {
                case REGIONS -> EXPECTED_OF_REGIONS;
                case TAILED -> EXPECTED_OF_TAILS;
                case SCRUBBED -> EXPECTED_OF_SCRUBS;
                default -> EXPECTED_WITHOUT_LEADER;
              });
      missing.removeAll(counts.keySet());
      return missing;
    }
    List<String> missing = new ArrayList<>(EXPECTED);
    for (Rule rule : Rule.values()) {
      missing.add(name(rule));
      for (Anomaly anomaly : Promises.mayBeSeen(ClusterShape.settings(rule, 3, 1, false))) {
        missing.add(name(rule, anomaly));
      }
    }
    missing.removeAll(counts.keySet());
    return missing;
  }

  /** Some lines of text. */
  public String summary() {
    StringBuilder text = new StringBuilder("met         ");
    int column = 0;
    for (Map.Entry<String, Long> entry : counts.entrySet()) {
      String item = " " + entry.getKey() + " " + entry.getValue() + " ";
      if (column + item.length() > WIDTH) {
        text.append("\n            ");
        column = 0;
      }
      text.append(item);
      column += item.length();
    }
    return text.append("\nnever met    ")
        .append(missing().isEmpty() ? "nothing is missing" : String.join(", ", missing()))
        .toString();
  }

  @Override
  public String toString() {
    return counts.toString();
  }
}
