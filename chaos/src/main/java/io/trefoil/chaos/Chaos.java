package io.trefoil.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Reply;
import io.trefoil.cli.RespClient;
import io.trefoil.cli.process.FolderLock;
import io.trefoil.cli.process.LocalPorts;
import io.trefoil.cli.process.NodePorts;
import io.trefoil.cli.process.NodeProcess;
import io.trefoil.cli.process.PortPlan;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Regions;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** One run: a cluster is started, things go wrong while clients work, and all of it is judged. */
final class Chaos {
  private static final String DATABASE = "chaos";
  private static final int NUMBER = 1;
  private static final long READY_MILLIS = 120_000;
  private static final long POLL_MILLIS = 200;
  private static final long STOP_MILLIS = 5_000;
  private static final int CALLS_AFTERWARDS = 200;
  private static final String INCOMPLETE = "incomplete";
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * @param layout the nodes, and the regions that they are in where the database has regions
   * @param seed of the plan of faults, and of what clients ask
   * @param millis how long things go wrong
   * @param isChanged whether the database is changed meanwhile
   * @param port client port of the first node, when free
   * @param folder of data and page; what an earlier run left there is removed
   */
  record Settings(
      long seed,
      long millis,
      Layout layout,
      DatabaseSettings database,
      boolean isChanged,
      int port,
      Path folder) {
    /** How it replicates, as the grammar says it: {@code MAJORITY}, or {@code R 2 W 2}. */
    String rule() {
      return database.isLeaderless()
          ? String.format("R %d W %d", database.quorums().reads(), database.quorums().writes())
          : database.commit().toString();
    }
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private final Settings settings;
  private final NodeProcess.Launch launch;
  private final PrintStream out;
  private final Layout layout;
  private final Changes changes;
  private final List<NodeProcess> nodes = new ArrayList<>();

  Chaos(Settings settings, NodeProcess.Launch launch, PrintStream out) {
    this.settings = settings;
    this.launch = launch;
    this.out = out;
    this.layout = settings.layout();
    this.changes = new Changes(DATABASE, settings.database());
  }

  /**
   * Runs, prints the verdict and writes the page.
   *
   * @return whether every promise was kept
   */
  boolean run() throws IOException, InterruptedException {
    try (FolderLock lock = FolderLock.take(settings.folder(), DATABASE)) {
      lock.endLeftovers();
      prepare();
      // A signal must not leave nodes behind that stand still and so hear nothing.
      Thread cleaning = new Thread(() -> nodes.forEach(NodeProcess::kill));
      Runtime.getRuntime().addShutdownHook(cleaning);
      Links links = new Links(layout);
      List<LongSupplier> pids = nodes.stream().map(node -> (LongSupplier) node::pid).toList();
      try (FaultyNetwork network = new FaultyNetwork(links, new SocketOwners(pids))) {
        listen(network);
        for (NodeProcess node : nodes) {
          node.start();
        }
        lock.describe(nodes);
        awaitNodes();
        linkRegions();
        createDatabase();
        return torment(links, network);
      } finally {
        stopNodes();
        Runtime.getRuntime().removeShutdownHook(cleaning);
      }
    }
  }

  // --- before

  private void prepare() throws IOException {
    PortPlan plan = PortPlan.pick(settings.port(), layout.nodes(), new LocalPorts());
    for (int i = 0; i < layout.nodes(); i++) {
      String name = layout.name(i);
      Path data = settings.folder().resolve(name);
      Path config = settings.folder().resolve(name + ".yaml");
      if (Files.exists(data) && !Files.exists(config)) {
        throw new CommandFailed(data + " was not made by an earlier run; remove it yourself");
      }
      deleteTree(data);
      Files.writeString(config, config(data, plan.nodes(), i));
      nodes.add(new NodeProcess(name, plan.nodes().get(i), data, config, launch));
    }
  }

  private static void deleteTree(Path root) throws IOException {
    if (Files.exists(root)) {
      List<Path> paths;
      try (Stream<Path> walk = Files.walk(root)) {
        paths = walk.sorted(Comparator.reverseOrder()).toList();
      }
      for (Path path : paths) {
        Files.delete(path);
      }
    }
  }

  /** Each node has an address of its own for the others; the network stands there. */
  private static String addressAmongNodes(int node) {
    return "127.0.1." + (node + 1);
  }

  private String config(Path data, List<NodePorts> ports, int node) {
    int region = layout.regionOf(node);
    int founder = layout.nodesOf(region).get(0);
    List<String> lines = new ArrayList<>();
    lines.add("# Written at each start; changes are lost.");
    lines.add("node.name: " + layout.name(node));
    if (layout.hasRegions()) {
      lines.add("node.region: " + layout.regions().get(region));
    }
    lines.add("data.dir: '" + data.toString().replace("'", "''") + "'");
    lines.add("client.port: " + ports.get(node).client());
    lines.add("peer.port: " + ports.get(node).peer());
    lines.add("peer.advertise: " + addressAmongNodes(node));
    lines.add("control.port: " + ports.get(node).control());
    lines.add("http.port: " + ports.get(node).http());
    lines.add("memory.table: 32mb");
    lines.add("memory.block-cache: 8mb");
    lines.add("journal.segment: 16mb");
    lines.add("cluster.expect: " + layout.nodesEach());
    lines.add("cluster.database0-partitions: 1");
    if (node != founder) {
      lines.add("cluster.join: " + addressAmongNodes(founder) + ":" + ports.get(founder).peer());
    }
    return String.join("\n", lines) + "\n";
  }

  private void listen(FaultyNetwork network) throws InterruptedException {
    for (int i = 0; i < nodes.size(); i++) {
      NodePorts ports = nodes.get(i).ports();
      network.listen(i, new InetSocketAddress(addressAmongNodes(i), ports.peer()));
      network.listen(i, new InetSocketAddress(addressAmongNodes(i), ports.control()));
    }
  }

  private void awaitNodes() throws IOException, InterruptedException {
    say("starting " + nodes.size() + " nodes, data in " + settings.folder());
    require("all nodes up", () -> nodes.stream().allMatch(this::seesAllUp));
  }

  /** Each region to each other, at the addresses that its nodes have for others. */
  private void linkRegions() throws IOException {
    for (int from = 0; layout.hasRegions() && from < layout.regions().size(); from++) {
      for (int to = 0; to < layout.regions().size(); to++) {
        if (from != to) {
          order(from, "REGION LINK " + layout.regions().get(to) + addresses(to));
        }
      }
    }
  }

  private String addresses(int region) {
    return layout.nodesOf(region).stream()
        .map(it -> " " + addressAmongNodes(it) + ":" + nodes.get(it).ports().peer())
        .collect(Collectors.joining());
  }

  private void createDatabase() throws IOException, InterruptedException {
    DatabaseSettings database = settings.database();
    String words =
        String.format(
            "DATABASE CREATE %s NUMBER %d REPLICATION %s%s REPLICAS %d PARTITIONS %d DURABILITY %s %s",
            DATABASE,
            NUMBER,
            database.replication(),
            database.isMultiLeader() ? regionOptions(database) : "",
            database.replicas(),
            database.partitions(),
            database.durability(),
            (database.isLeaderless() ? "" : "COMMIT ") + settings.rule());
    if (database.isMultiLeader()) {
      require(
          "regions in reach", () -> regionsAreReached(words)); // links are new, and take a moment
    } else {
      order(0, words);
    }
    require("database " + DATABASE + " in sync", this::isInSync);
  }

  private boolean regionsAreReached(String words) throws IOException {
    try {
      order(0, words);
      return true;
    } catch (CommandFailed e) {
      if (e.getMessage().contains("in reach") || e.getMessage().contains("Say it again")) {
        return false;
      }
      throw e;
    }
  }

  private static String regionOptions(DatabaseSettings database) {
    Regions regions = database.regions();
    return String.format(
        " REGIONS %d %s TOPOLOGY %s READS %s",
        regions.names().size(),
        String.join(" ", regions.names()),
        regions.topology(),
        database.reads());
  }

  private void order(int region, String words) throws IOException {
    try (RespClient client = client(nodes.get(layout.nodesOf(region).get(0)))) {
      Reply reply = client.call(words.split(" "));
      if (reply.bare() instanceof Reply.Failure failure) {
        throw new CommandFailed(words + ": " + failure.message());
      }
    }
  }

  // --- while things go wrong

  private boolean torment(Links links, FaultyNetwork network)
      throws IOException, InterruptedException {
    List<FaultKind> kinds =
        changes.possible(layout.nodesEach()).stream()
            .filter(kind -> settings.isChanged() || !kind.isChange())
            .toList();
    List<PlannedFault> plan =
        FaultPlan.draw(settings.seed(), settings.millis(), layout.nodes(), kinds);
    long planned = plan.stream().filter(each -> each.kind().isChange()).count();
    say(
        String.format(
            "%s, %s, %d replicas, %d partitions: %d s, %d faults and %d changes planned, seed %d",
            settings.rule(),
            settings.database().durability(),
            settings.database().replicas(),
            settings.database().partitions(),
            settings.millis() / 1_000,
            plan.size() - planned,
            planned,
            settings.seed()));
    Observer observer = new Observer(nodes, layout, NUMBER, settings.database().partitions());
    Thread observing = new Thread(observer, "observer");
    observing.setDaemon(true);
    observing.start();
    List<Integer> ports = nodes.stream().map(node -> node.ports().client()).toList();
    Load load = Load.start(ports, layout, NUMBER, work(), settings.seed());
    Consumer<String> tell =
        what -> say(String.format("%7.1f s  %s", observer.millis() / 1_000.0, what));
    List<Administrator> administrators =
        IntStream.range(0, layout.regions().size())
            .mapToObj(it -> new Administrator(changes, nodes, layout, it, observer, tell))
            .toList();
    Faults faults = new Faults(nodes, links, network, layout, administrators, observer, tell);
    faults.run(plan, settings.millis());
    say("all is mended");
    boolean asDeclared = !changes.arePossible() || areRestored(faults, administrators);
    administrators.forEach(Administrator::close);
    // What does not come about in time is waited for no more: that is the verdict.
    boolean serves = asDeclared && await(faults, () -> isSeen(this::serves));
    long before = load.acknowledged();
    boolean wentOn = serves && await(faults, () -> load.acknowledged() > before + CALLS_AFTERWARDS);
    load.stop();
    observer.stop();
    observing.join();
    List<Administrator.Asked> asked = asked(administrators);
    Evidence evidence = evidence(load, observer, faults, asked, asDeclared, wentOn);
    Verdict verdict = Verdict.of(evidence);
    Report report = new Report(settings, evidence, verdict, faults.happened(), observer);
    report.lines().forEach(out::println);
    Path page = settings.folder().resolve("report.html");
    Files.writeString(page, report.html());
    out.println("page         " + page);
    out.flush();
    return verdict.isGood();
  }

  private Work work() {
    if (settings.database().isMultiLeader()) {
      return new RegionWork();
    }
    return settings.database().isLeaderless() ? new QuorumWork() : new LedWork();
  }

  private boolean areRestored(Faults faults, List<Administrator> administrators)
      throws IOException, InterruptedException {
    for (Administrator each : administrators) {
      if (!await(faults, each::isIdle) || !await(faults, each::restore)) {
        return false;
      }
    }
    return await(faults, () -> isSeen(changes::isAsDeclared));
  }

  private static List<Administrator.Asked> asked(List<Administrator> administrators) {
    return administrators.stream()
        .flatMap(each -> each.asked().stream())
        .sorted(Comparator.comparingLong(Administrator.Asked::untilMillis))
        .toList();
  }

  private Evidence evidence(
      Load load,
      Observer observer,
      Faults faults,
      List<Administrator.Asked> asked,
      boolean asDeclared,
      boolean wentOn)
      throws IOException, InterruptedException {
    if (wentOn) {
      await(faults, this::isInSync);
    }
    List<Map<String, String>> contents = equalContents(faults, contents());
    String verified = wentOn ? verified(faults) : verify();
    Set<String> saved = new HashSet<>();
    long unknown = 0;
    for (NodeProcess node : nodes) {
      for (Path file : node.divergenceFiles()) {
        unknown += readDivergence(file, saved);
      }
    }
    Set<FaultKind> kindsAsked =
        asked.stream().map(Administrator.Asked::kind).collect(Collectors.toSet());
    return new Evidence(
        changes.mayStand(kindsAsked),
        load.history(),
        load.followerReads(),
        load.withoutReplicas(),
        Availability.of(
            load.history(), load.failed(), untilAnswered(faults, observer), observer.beganNanos()),
        regions(load, faults, observer),
        contents,
        saved,
        unknown,
        asked,
        asDeclared,
        verified,
        wentOn,
        observer.contradictions(),
        faults.unexpectedEnds());
  }

  private List<RegionEvidence> regions(Load load, Faults faults, Observer observer) {
    List<RegionEvidence> regions = new ArrayList<>();
    List<Faults.Happened> happened = untilAnswered(faults, observer);
    for (int region = 0; layout.hasRegions() && region < layout.regions().size(); region++) {
      int each = region;
      List<Load.Failed> failed =
          load.failed().stream().filter(it -> layout.regionOf(it.node()) == each).toList();
      RegionAvailability availability =
          RegionAvailability.of(each, load.history(each), failed, happened, observer.beganNanos());
      regions.add(new RegionEvidence(layout.regions().get(each), load.history(each), availability));
    }
    return regions;
  }

  /** What went wrong, until the nodes that it met answered again: some had to start. */
  private List<Faults.Happened> untilAnswered(Faults faults, Observer observer) {
    return faults.happened().stream()
        .map(it -> it.until(observer.answeredAt(met(it), it.untilMillis())))
        .toList();
  }

  private List<Integer> met(Faults.Happened fault) {
    if (fault.kind().isBetweenRegions()) {
      return List.of();
    }
    if (fault.node() >= 0) {
      return List.of(fault.node());
    }
    int region = fault.met().region();
    return region >= 0
        ? layout.nodesOf(region)
        : IntStream.range(0, layout.nodes()).boxed().toList();
  }

  /** What each node has; of those that tell. */
  private List<Map<String, String>> contents() {
    List<Map<String, String>> contents = new ArrayList<>();
    for (NodeProcess node : nodes) {
      try (RespClient client = client(node)) {
        contents.add(new Contents(client, !hasOneLeader()).read(NUMBER));
      } catch (IOException | CommandFailed e) {
        say(node.name() + " does not tell what it has: " + e.getMessage());
      }
    }
    return contents;
  }

  /**
   * Replicas come to be equal in some time: followers, too, hear a little later than their leader
   * that a last write is committed. What was told last, if not in time.
   */
  private List<Map<String, String>> equalContents(Faults faults, List<Map<String, String>> first)
      throws IOException, InterruptedException {
    List<List<Map<String, String>>> told = new ArrayList<>(List.of(first));
    await(
        faults,
        () -> {
          List<Map<String, String>> last = told.get(told.size() - 1);
          if (last.size() == nodes.size() && Set.copyOf(last).size() == 1) {
            return true;
          }
          told.set(0, contents());
          return false;
        });
    return told.get(0);
  }

  /**
   * Asked again while not all could be compared: on a busy machine a leader may change meanwhile.
   * Replicas without a leader come to be equal in some time: they are asked until they are.
   */
  private String verified(Faults faults) throws IOException, InterruptedException {
    String[] result = {INCOMPLETE};
    await(
        faults,
        () -> {
          result[0] = verify();
          return hasOneLeader()
              ? !result[0].startsWith(INCOMPLETE)
              : result[0].equals(Evidence.EQUAL);
        });
    return result[0];
  }

  private boolean hasOneLeader() {
    return !settings.database().isLeaderless() && !settings.database().isMultiLeader();
  }

  /** Of each region, which also compares itself with the others; the first that is not equal. */
  private String verify() {
    for (int region = 0; region < layout.regions().size(); region++) {
      String result = verify(nodes.get(layout.nodesOf(region).get(0)));
      if (!result.equals(Evidence.EQUAL)) {
        return result;
      }
    }
    return Evidence.EQUAL;
  }

  private static String verify(NodeProcess node) {
    try (RespClient client = client(node)) {
      List<Reply> fields = Contents.items(client.call("DATABASE", "VERIFY", DATABASE));
      for (int i = 0; i + 1 < fields.size(); i += 2) {
        if (fields.get(i).text().equals("result")) {
          return fields.get(i + 1).text();
        }
      }
      return "no result";
    } catch (IOException | CommandFailed e) {
      return INCOMPLETE + ": " + e.getMessage();
    }
  }

  /** Adds the keys of a divergence file; gives how many entries it only counts. */
  private static long readDivergence(Path file, Set<String> keys) throws IOException {
    long unknown = 0;
    for (String line : Files.readAllLines(file)) {
      JsonNode json = JSON.readTree(line);
      unknown += json.path("unknown_entries").asLong();
      String key = text(json, "key");
      if (key != null && key.startsWith(Keys.GROWING)) {
        key = Keys.ofField(key, text(json, "field"));
      }
      if (key != null) {
        keys.add(key);
      }
    }
    return unknown;
  }

  /** As it is, or in base64 when it is no text; null when it is not there. */
  private static String text(JsonNode json, String name) {
    return json.has(name + "_base64")
        ? new String(
            Base64.getDecoder().decode(json.path(name + "_base64").asText()),
            StandardCharsets.UTF_8)
        : json.path(name).asText(null);
  }

  // --- the cluster

  private static RespClient client(NodeProcess node) throws IOException {
    return RespClient.connect("127.0.0.1", node.ports().client(), CONNECT, PATIENCE);
  }

  private boolean seesAllUp(NodeProcess node) {
    return Observer.ask(node).filter(status -> areAllUp(status)).isPresent();
  }

  /** All of its region, that is. */
  private boolean areAllUp(ClusterStatus status) {
    return status.nodes().size() == layout.nodesEach()
        && status.nodes().stream().allMatch(ClusterStatus.Node::isUp);
  }

  /** Whether all nodes are up and every copy has what its leader has, as every node sees it. */
  private boolean isInSync() {
    return isSeen(Chaos::isInSync);
  }

  /** Whether every node says that all are up, and that of the database. */
  private boolean isSeen(Predicate<ClusterStatus.Database> what) {
    return nodes.stream()
        .allMatch(
            node ->
                Observer.ask(node)
                    .filter(this::areAllUp)
                    .flatMap(status -> status.database(NUMBER))
                    .filter(what)
                    .isPresent());
  }

  private static boolean isInSync(ClusterStatus.Database database) {
    return hasAllReplicas(database, replica -> replica.inSync() && replica.counts());
  }

  /**
   * Whether all is there, with clients at work. Hints for the others are then always on their way:
   * that there are none is waited for when clients have stopped.
   */
  private boolean serves(ClusterStatus.Database database) {
    return database.isLeaderless()
        ? hasAllReplicas(database, replica -> replica.isServing() && replica.counts())
        : isInSync(database);
  }

  private static boolean hasAllReplicas(
      ClusterStatus.Database database, Predicate<ClusterStatus.Replica> such) {
    return !database.partitionStates().isEmpty()
        && database.partitionStates().stream()
            .allMatch(
                partition -> partition.isServing() && partition.replicas().stream().allMatch(such));
  }

  private void require(String what, Condition condition) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(READY_MILLIS);
    while (!condition.holds()) {
      for (NodeProcess node : nodes) {
        if (node.state() == NodeProcess.State.DEAD) {
          throw new CommandFailed(
              node.name()
                  + " ended while starting, "
                  + node.endedWith()
                  + "; its last words:\n"
                  + String.join("\n", node.lastLines(15)));
        }
      }
      if (System.nanoTime() > deadline) {
        throw new CommandFailed(
            "waited in vain for: " + what + "; logs are in " + settings.folder());
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  private static boolean await(Faults faults, Condition condition)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(READY_MILLIS);
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      faults.lookAfterNodes();
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    return true;
  }

  private void stopNodes() throws IOException, InterruptedException {
    for (NodeProcess node : nodes) {
      node.askToStop();
    }
    for (NodeProcess node : nodes) {
      if (!node.awaitEnd(STOP_MILLIS)) {
        node.kill();
      }
    }
  }

  private void say(String line) {
    out.println(line);
    out.flush();
  }
}
