package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Quantities;
import io.trefoil.cli.Reply;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * A multi-leader database in two regions that are far apart, with a writer in each. The way between
 * them is cut and healed, conflicts are told as they happen, and in the end both are compared.
 */
final class RegionsShow implements Show {
  static final String DATABASE = "users";

  private static final long CREATE_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final Stage stage;
  private final Writer.Settings settings;
  private final Events events;
  private final List<DemoRegion> regions = new ArrayList<>();
  private final LinkState link = new LinkState();
  private final ConflictWatch conflicts;
  private volatile boolean on = true;
  private List<String> proof = List.of();

  /**
   * @param names two
   */
  RegionsShow(Stage stage, Writer.Settings settings, List<String> names) {
    this.stage = stage;
    this.settings = settings;
    this.events = stage.events();
    for (String name : names) {
      List<NodeProcess> nodes = stage.nodes().in(name);
      regions.add(
          new DemoRegion(
              name, DATABASE, nodes, settings, () -> on, events::add, status -> noteLinks()));
    }
    this.conflicts =
        new ConflictWatch(
            DATABASE,
            regions.stream().map(DemoRegion::administrator).toList(),
            // The key's prefix only tells this run from others.
            event -> events.add(event.replace(settings.keyPrefix(), "")));
  }

  @Override
  public boolean isReady(ClusterStatus status) {
    return status.database(0).map(it -> DatabaseLine.of(it).hasLeaders()).orElse(false);
  }

  @Override
  public String awaited() {
    return "leader of its region's database 0";
  }

  @Override
  public void begin() {
    regions.forEach(this::linkToOthers);
    boolean isThere =
        StatusWatch.ask(regions.get(0).nodes().get(0))
            .flatMap(status -> status.database(DATABASE))
            .isPresent();
    if (!isThere) {
      create();
    }
    regions.forEach(DemoRegion::start);
    Demo.daemon(conflicts).start();
  }

  /** Ports differ from run to run. */
  private void linkToOthers(DemoRegion region) {
    for (DemoRegion other : regions) {
      if (other != region) {
        List<String> words = new ArrayList<>(List.of("REGION", "LINK", other.name()));
        other.nodes().forEach(node -> words.add("127.0.0.1:" + stage.nodes().door(node)));
        region.administrator().run(words);
      }
    }
  }

  /** All regions must be in reach for it, and connections take a moment. */
  private void create() {
    List<String> words =
        new ArrayList<>(
            List.of("DATABASE", "CREATE", DATABASE, "REPLICATION", "MULTI-LEADER", "REGIONS"));
    words.add(Integer.toString(regions.size()));
    regions.forEach(region -> words.add(region.name()));
    words.addAll(List.of("REPLICAS", "2", "COMMIT", "MAJORITY", "PARTITIONS", "1"));
    long begin = System.nanoTime();
    String outcome = tryTo(words);
    while (!outcome.isEmpty()
        && System.nanoTime() - begin < CREATE_LIMIT_NANOS
        && !stage.isStopping()) {
      LockSupport.parkNanos(RETRY_NANOS);
      outcome = tryTo(words);
    }
    long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    events.add(
        String.join(" ", words)
            + ": "
            + (outcome.isEmpty() ? Quantities.millis(tookMillis) : outcome));
  }

  /** Why it did not go; empty when it did. */
  private String tryTo(List<String> words) {
    try {
      Reply reply = regions.get(0).administrator().ask(words.toArray(String[]::new));
      return reply instanceof Reply.Failure ? reply.text() : "";
    } catch (IOException | CommandFailed e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** Heals what is cut, lets the regions come to rest, and compares them. */
  @Override
  public void end() {
    try {
      for (DemoRegion region : regions) {
        region.stop();
      }
      conflicts.stop();
      stage.nodes().link().heal();
      proof = proof();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<String> proof() {
    String away =
        stage.nodes().all().stream()
            .filter(node -> !DemoNodes.isRunning(node))
            .map(NodeProcess::name)
            .collect(Collectors.joining(", "));
    if (!away.isEmpty()) {
      return List.of("Not compared: " + away + " does not run; r starts it again");
    }
    List<String> lines = new ArrayList<>(new RegionsProof(regions, DATABASE, settings).lines());
    conflicts.look();
    lines.add(
        "conflicts: "
            + conflicts.count()
            + " values were hidden by later writes; CONFLICTS "
            + DATABASE
            + " names each");
    return lines;
  }

  @Override
  public boolean press(int key) {
    switch (key) {
      case 'x' -> toggleLink();
      case 'k' -> killLeader();
      default -> {
        on ^= key == 'w';
        return false;
      }
    }
    return true;
  }

  private void toggleLink() {
    if (link.isCut()) {
      stage.nodes().link().heal();
      link.heal(System.nanoTime());
      events.add("the link is healed");
    } else {
      stage.nodes().link().cut();
      link.cut(System.nanoTime());
      events.add("the link is cut: no region hears of the other; x heals it");
    }
  }

  private void killLeader() {
    for (DemoRegion region : regions) {
      NodeProcess leader = region.leader().filter(DemoNodes::isAlive).orElse(null);
      if (leader != null) {
        events.add("kill -9 " + leader.name() + ", which leads in " + region.name());
        leader.kill();
        return;
      }
    }
    events.add("no leader to kill");
  }

  private void noteLinks() {
    link.see(regions.stream().allMatch(this::isLevel), System.nanoTime()).ifPresent(events::add);
  }

  /** Whether the other region has what was written here, but for about a second's entries. */
  private boolean isLevel(DemoRegion region) {
    return region
        .link()
        .map(
            it ->
                it.state().equals("streaming")
                    && it.unacknowledgedEntries() <= settings.perSecond())
        .orElse(false);
  }

  @Override
  public List<String> tries() {
    DemoRegion first = regions.get(0);
    DemoRegion second = regions.get(1);
    int here = first.nodes().get(0).ports().client();
    int there = second.nodes().get(0).ports().client();
    return List.of(
        String.format(
            "./trefoil cli -p %d -n %s set k here   (in %s)", here, DATABASE, first.name()),
        String.format("./trefoil cli -p %d -n %s get k   (in %s)", there, DATABASE, second.name()),
        String.format("./trefoil status -p %d --watch", here),
        String.format("./trefoil conflicts -p %d %s", there, DATABASE),
        String.format("./trefoil database -p %d verify %s", here, DATABASE));
  }

  @Override
  public List<String> frame(int width, int height) {
    return RegionsView.frame(model(), width, height);
  }

  @Override
  public String line() {
    return RegionsView.line(model());
  }

  @Override
  public List<String> verdict() {
    return proof;
  }

  private RegionsModel model() {
    List<RegionsModel.NodeLine> nodes = new ArrayList<>();
    for (DemoRegion region : regions) {
      region.nodes().forEach(node -> nodes.add(nodeLine(region, node)));
    }
    return new RegionsModel(
        nodes,
        regions.stream().map(RegionsShow::row).toList(),
        regions.stream().map(DemoRegion::controller).collect(Collectors.joining(" ")).strip(),
        regions.stream().allMatch(DemoRegion::isCurrent),
        DemoLayout.LINK_DELAY_MILLIS,
        link.words(System.nanoTime()),
        on ? "on" : "off",
        conflicts.count(),
        events.all(),
        tries(),
        stage.showsTries(),
        stage.upSeconds());
  }

  private static RegionsModel.NodeLine nodeLine(DemoRegion region, NodeProcess node) {
    return new RegionsModel.NodeLine(
        node.name(),
        node.state(),
        node.pid(),
        node.ports().client(),
        region.name(),
        region.copy(node).map(ClusterStatus.Replica::role).orElse(""),
        region.copy(node).map(ClusterStatus.Replica::state).orElse(""));
  }

  private static RegionsModel.RegionRow row(DemoRegion region) {
    return new RegionsModel.RegionRow(
        region.name(),
        region.partition().map(ClusterStatus.Partition::leader).orElse(""),
        region.partition().map(ClusterStatus.Partition::state).orElse(""),
        region.acknowledgedPerSecond(),
        region.ledger().counts(),
        region.link().orElse(null));
  }
}
