package io.trefoil.cli;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** A cluster's status as lines of text, none wider than 80 characters. */
final class StatusPage {
  static final int WIDTH = 80;

  /** So many of the last failovers are shown. */
  private static final int FAILOVERS = 5;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());

  private StatusPage() {}

  static List<String> lines(ClusterStatus status) {
    List<String> lines = new ArrayList<>();
    lines.add(TextTable.clip(headline(status), WIDTH));
    lines.add("");
    lines.addAll(nodes(status));
    for (ClusterStatus.Database database : status.databases()) {
      lines.add("");
      lines.addAll(wrap(describe(database), "", "    "));
      lines.addAll(partitions(database));
      lines.addAll(LinksTable.lines(database));
    }
    if (!status.failovers().isEmpty()) {
      lines.add("");
      lines.addAll(failovers(status.failovers()));
    }
    if (!status.warnings().isEmpty()) {
      lines.add("");
      status.warnings().forEach(warning -> lines.addAll(wrap("WARNING " + warning, "", "    ")));
    }
    return lines;
  }

  private static String headline(ClusterStatus status) {
    long up = status.nodes().stream().filter(ClusterStatus.Node::isUp).count();
    int expected = Math.max(status.cluster().expectedNodes(), status.nodes().size());
    String controller = status.cluster().controller();
    return String.format(
        "Cluster %s: %d of %d nodes up, controller %s, as %s sees it",
        dash(status.cluster().id()), up, expected, dash(controller), dash(status.answeredBy()));
  }

  private static List<String> nodes(ClusterStatus status) {
    TextTable table =
        new TextTable(WIDTH, "NODE", "STATE", "CLIENT", "REGION", ">UPTIME", "VERSION", "CONTROL");
    for (ClusterStatus.Node node : status.nodes()) {
      table.row(
          node.name(),
          node.state(),
          node.client(),
          dash(node.region()),
          node.isUp() ? Quantities.seconds(node.uptimeSeconds()) : "-",
          dash(node.version()),
          node.controller() ? "controller" : node.voter() ? "voter" : "-");
    }
    return table.lines();
  }

  private static List<String> failovers(List<ClusterStatus.Failover> failovers) {
    TextTable table =
        new TextTable(WIDTH, "LAST FAILOVERS", "FROM", ">PARTS", ">NO LEADER", "LOSS", "CAUSE");
    for (ClusterStatus.Failover failover :
        failovers.subList(0, Math.min(FAILOVERS, failovers.size()))) {
      boolean over = failover.ledAgain() == failover.partitions();
      table.row(
          TIME.format(Instant.ofEpochMilli(failover.atMs())),
          failover.from(),
          failover.partitions(),
          over ? Quantities.millis(failover.leaderlessMs()) : "still",
          loss(failover),
          failover.words());
    }
    return table.lines();
  }

  private static String loss(ClusterStatus.Failover failover) {
    return failover.leftHistory() > 0
        ? failover.leftHistory() + " kept"
        : failover.possibleLoss() ? "possible" : "none";
  }

  private static String describe(ClusterStatus.Database database) {
    List<String> parts = new ArrayList<>();
    parts.add("Database " + database.title() + ": " + database.replication());
    parts.add(count(database.replicas(), "replica"));
    if (database.isLeaderless()) {
      parts.add(quorums(database));
    }
    parts.add(count(database.partitions(), "partition"));
    if (!database.region().isEmpty()) {
      parts.add(regions(database));
    }
    add(parts, "commit ", database.commit());
    add(parts, "durability ", database.durability());
    add(parts, "reads ", database.reads());
    add(parts, "failover ", database.failover());
    parts.add("write timeout " + database.writeTimeoutMs() + " ms");
    if (database.changing() > 0) {
      List<String> awaited = database.changeWaitsFor();
      parts.add(
          count(database.changing(), "partition")
              + " changing"
              + (awaited.isEmpty() ? "" : " (waits for " + String.join(", ", awaited) + ")"));
    }
    return String.join(", ", parts);
  }

  private static String quorums(ClusterStatus.Database database) {
    String reads =
        database.readsSeeWrites()
            ? "a read sees the last acknowledged write"
            : "a read may miss the last acknowledged write";
    String writes =
        database.writesOverlap() ? "" : "; of two writes the earlier may stay if clocks differ";
    return String.format(
        "R %d W %d (%s%s)%s, conflict %s",
        database.r(),
        database.w(),
        reads,
        writes,
        database.sloppy() ? ", sloppy" : "",
        database.conflict());
  }

  private static String regions(ClusterStatus.Database database) {
    return String.format(
        "regions %s (%s here), %s, conflict %s",
        String.join(" ", database.regions()),
        database.region(),
        database.topology().toLowerCase(Locale.ROOT),
        database.conflict());
  }

  private static void add(List<String> parts, String name, String value) {
    if (!value.isEmpty()) {
      parts.add(name + value);
    }
  }

  private static String count(int count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }

  private static List<String> partitions(ClusterStatus.Database database) {
    List<String> rows = database.isLeaderless() ? leaderless(database) : led(database);
    List<String> lines = new ArrayList<>();
    lines.add("  " + rows.get(0));
    for (int i = 0; i < database.partitionStates().size(); i++) {
      lines.add("  " + rows.get(i + 1));
      String reason = database.partitionStates().get(i).reason();
      if (!reason.isEmpty()) {
        lines.addAll(wrap(reason, "        ", "        "));
      }
    }
    return lines;
  }

  private static List<String> led(ClusterStatus.Database database) {
    TextTable table =
        new TextTable(
            WIDTH - 2,
            ">PART",
            ">EPOCH",
            "LEADER",
            "IN SYNC",
            "STATE",
            "WORST LAG: ENTRIES BYTES TIME");
    for (ClusterStatus.Partition partition : database.partitionStates()) {
      table.row(
          partition.partition(),
          partition.epoch(),
          dash(partition.leader()),
          inSync(partition),
          partition.state(),
          worstLag(partition));
    }
    return table.lines();
  }

  private static List<String> leaderless(ClusterStatus.Database database) {
    TextTable table =
        new TextTable(
            WIDTH - 2, ">PART", "STATE", "REPLICAS", "MOST HINTS: FOR ENTRIES BYTES AWAY");
    for (ClusterStatus.Partition partition : database.partitionStates()) {
      List<ClusterStatus.Replica> replicas = partition.replicas();
      long serving = replicas.stream().filter(ClusterStatus.Replica::isServing).count();
      table.row(
          partition.partition(),
          partition.state(),
          serving + " of " + replicas.size(),
          mostHints(replicas));
    }
    return table.lines();
  }

  /** For whom most is kept; else who is away or lacks something all the same. */
  private static String mostHints(List<ClusterStatus.Replica> replicas) {
    return replicas.stream()
        .max(
            Comparator.comparingLong(ClusterStatus.Replica::hintsEntries)
                .thenComparing(replica -> !replica.isServing())
                .thenComparing(ClusterStatus.Replica::gap))
        .map(StatusPage::hints)
        .orElse("-");
  }

  private static String hints(ClusterStatus.Replica replica) {
    String hints =
        replica.hintsEntries() == 0
            ? replica.node()
            : String.format(
                "%s %d %s %s",
                replica.node(),
                replica.hintsEntries(),
                Quantities.bytes(replica.hintsBytes()),
                replica.awayMs() == 0 ? "-" : Quantities.millis(replica.awayMs()));
    String state = replica.isServing() ? "" : " " + replica.state();
    String gap = replica.gap() ? " with a gap" : "";
    return replica.hintsEntries() == 0 && state.isEmpty() && gap.isEmpty()
        ? "none"
        : hints + state + gap;
  }

  private static String inSync(ClusterStatus.Partition partition) {
    String names =
        partition.replicas().stream()
            .filter(replica -> replica.isFollower() && replica.inSync())
            .map(ClusterStatus.Replica::node)
            .collect(Collectors.joining(" "));
    return dash(names);
  }

  private static String worstLag(ClusterStatus.Partition partition) {
    Optional<ClusterStatus.Replica> worst =
        partition.replicas().stream()
            .filter(ClusterStatus.Replica::isFollower)
            .max(
                Comparator.comparingLong(ClusterStatus.Replica::lagEntries)
                    .thenComparingLong(ClusterStatus.Replica::lagMs));
    return worst.map(StatusPage::lag).orElse("-");
  }

  private static String lag(ClusterStatus.Replica replica) {
    if (replica.lagEntries() == 0 && replica.lagMs() == 0) {
      return replica.inSync() ? "none" : replica.node() + " " + replica.state();
    }
    String lag =
        replica.node()
            + " "
            + replica.lagEntries()
            + " "
            + Quantities.bytes(replica.lagBytes())
            + " "
            + Quantities.millis(replica.lagMs());
    return replica.inSync() ? lag : lag + " " + replica.state();
  }

  private static String dash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  /** Breaks at spaces; a word longer than a line is cut. */
  static List<String> wrap(String text, String firstIndent, String indent) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder(firstIndent);
    boolean lineIsBlank = true;
    for (String word : text.strip().split("\\s+")) {
      if (!lineIsBlank && line.length() + 1 + word.length() > WIDTH) {
        lines.add(TextTable.clip(line.toString(), WIDTH));
        line = new StringBuilder(indent);
        lineIsBlank = true;
      }
      line.append(lineIsBlank ? "" : " ").append(word);
      lineIsBlank = false;
    }
    lines.add(TextTable.clip(line.toString(), WIDTH));
    return lines;
  }
}
