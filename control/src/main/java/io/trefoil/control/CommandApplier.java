package io.trefoil.control;

import io.trefoil.base.HostPort;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.control.ClusterState.Applied;
import io.trefoil.partition.Placement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The rules of {@link ClusterState#apply}: one method per command. */
final class CommandApplier implements ControlCommand.Handler<Applied> {
  private static final int LAST_ENSURED_NUMBER = 15;

  private final ClusterState state;
  private final long index;
  private final long term;

  CommandApplier(ClusterState state, long index, long term) {
    this.state = state;
    this.index = index;
    this.term = term;
  }

  @Override
  public Applied found(ControlCommand.Found command) {
    if (state.clusterId() != 0) {
      return refused("ERR the cluster is founded already");
    }
    if (command.clusterId() == 0 || command.expect() < 1) {
      return refused("ERR a cluster has an id other than 0 and expects at least one node");
    }
    if (!LeaseTerms.isAllowed(command.leaseMillis())) {
      return refused(
          String.format(
              "ERR a lease lasts %d to %d ms, not %d",
              LeaseTerms.MIN_MILLIS, LeaseTerms.MAX_MILLIS, command.leaseMillis()));
    }
    if (command.database0().replication() == Replication.MULTI_LEADER) {
      return refused(
          "ERR database 0: it is made before regions can be linked, so it can't be MULTI-LEADER");
    }
    DatabaseSettings settings =
        command.database0().over(DatabaseSettings.defaults(command.expect()));
    Optional<String> refusal = DatabaseRules.whyNot("0", command.database0(), settings);
    if (refusal.isPresent()) {
      return refused(DatabaseRules.prefixed("ERR database 0: ", refusal.get()));
    }
    if (settings.replicas() > command.expect()) {
      return refused(
          "ERR database 0: "
              + count(settings.replicas(), "replica")
              + " need as many nodes, the cluster expects "
              + command.expect());
    }
    return done(
        new ClusterState(
            command.clusterId(),
            index,
            command.expect(),
            command.leaseMillis(),
            command.database0(),
            state.nextNode(),
            state.nextDatabase(),
            state.nodes(),
            state.databases(),
            state.partitions(),
            state.failovers(),
            state.regions()));
  }

  // Nodes.

  @Override
  public Applied register(ControlCommand.Register command) {
    Presence presence = command.presence();
    Optional<ClusterNode> known = state.nodeByDisk(presence.diskId());
    Optional<Outcome> refusal = whyNotRegistered(presence, known, command.holderAlive());
    if (refusal.isPresent()) {
      return new Applied(state, refusal.get());
    }
    if (known.isPresent() && known.get().claim() == presence.claim()) {
      // The request came twice: the same process gets the same answer.
      return new Applied(state, registered(known.get()));
    }
    ClusterNode node = known.map(old -> again(old, presence)).orElseGet(() -> fresh(presence));
    SortedMap<NodeId, ClusterNode> nodes = new TreeMap<>(state.nodes());
    state
        .nodeByName(presence.name())
        .filter(holder -> !holder.id().equals(node.id()))
        .ifPresent(holder -> nodes.put(holder.id(), withoutName(holder)));
    nodes.put(node.id(), node);
    int nextNode = Math.max(state.nextNode(), node.id().number() + 1);
    ClusterState next = withDatabase0(withNodes(nodes, nextNode));
    return new Applied(next, registered(node));
  }

  private Optional<Outcome> whyNotRegistered(
      Presence presence, Optional<ClusterNode> known, boolean holderAlive) {
    if (state.clusterId() == 0) {
      return Optional.of(new Outcome.Refused("ERR the cluster is not founded yet", true));
    }
    if (presence.clusterId() != 0 && presence.clusterId() != state.clusterId()) {
      return refusal(
          String.format(
              "ERR the disk of %s belongs to cluster %016x, this is cluster %016x",
              Names.quoted(presence.name()), presence.clusterId(), state.clusterId()));
    }
    Optional<String> badName = Names.whyNotNode(presence.name());
    if (badName.isPresent()) {
      return refusal("ERR " + badName.get());
    }
    if (known.isEmpty()) {
      return whyNotFresh(presence, holderAlive);
    }
    ClusterNode node = known.get();
    if (presence.node() != null && !presence.node().equals(node.id())) {
      return refusal("ERR this disk is that of " + node.id() + ", not of " + presence.node());
    }
    if (presence.journaled() > node.issued()) {
      return refusal(
          "ERR "
              + node.id()
              + " presents incarnation "
              + presence.journaled()
              + ", only "
              + node.issued()
              + " were issued");
    }
    boolean sameProcess = node.claim() == presence.claim();
    Optional<PartitionState> only = onlyCopy(node, presence);
    if (!sameProcess && only.isPresent()) {
      return refusal(
          String.format(
              "ERR %s has set its data aside, and no other node has a whole copy of partition %d of"
                  + " '%s': ./trefoil heal --undo puts it back",
              node.id(),
              only.get().id().number(),
              state.databases().get(only.get().id().database()).title()));
    }
    if (!sameProcess && presence.issued() != node.issued()) {
      return Optional.of(new Outcome.Overtaken(node.issued()));
    }
    if (!sameProcess && holderAlive) {
      return Optional.of(
          new Outcome.Refused(
              "ERR another process runs as "
                  + node.id()
                  + " with incarnation "
                  + node.issued()
                  + "; its lease must run out first",
              true));
    }
    Optional<ClusterNode> holder = state.nodeByName(presence.name());
    if (holder.isPresent() && !holder.get().id().equals(node.id()) && holderAlive) {
      return nameTaken(holder.get());
    }
    return Optional.empty();
  }

  /**
   * A partition that would be lost if a node went on without what its disk had: an empty disk under
   * its identity shows that everything was set aside.
   */
  private Optional<PartitionState> onlyCopy(ClusterNode node, Presence presence) {
    boolean isEmpty = presence.journaled() == 0 && node.incarnation() > 0;
    if (!isEmpty || presence.node() == null) {
      return Optional.empty();
    }
    return state.partitions().values().stream()
        .filter(each -> each.replicas().contains(node.id()))
        .filter(each -> each.replicas().stream().noneMatch(it -> remembers(it, node.id())))
        .findFirst();
  }

  private boolean remembers(NodeId other, NodeId emptied) {
    return !other.equals(emptied) && !state.nodes().get(other).amnesiac();
  }

  private Optional<Outcome> whyNotFresh(Presence presence, boolean holderAlive) {
    if (presence.node() != null) {
      return refusal(
          "ERR the cluster does not know the disk that says it is that of " + presence.node());
    }
    if (state.nodes().size() >= ClusterState.MAX_NODES) {
      return refusal(
          "ERR the cluster has " + ClusterState.MAX_NODES + " nodes, the most there are");
    }
    Optional<ClusterNode> holder = state.nodeByName(presence.name());
    return holder.isPresent() && holderAlive ? nameTaken(holder.get()) : Optional.empty();
  }

  private static Optional<Outcome> nameTaken(ClusterNode holder) {
    return Optional.of(
        new Outcome.Refused(
            "ERR the name '" + holder.name() + "' is that of " + holder.id() + ", which is alive",
            true));
  }

  private ClusterNode fresh(Presence presence) {
    long voters = state.nodes().values().stream().filter(ClusterNode::voter).count();
    return new ClusterNode(
        new NodeId(state.nextNode()),
        presence.name(),
        presence.region(),
        presence.addresses(),
        presence.diskId(),
        presence.claim(),
        1,
        0,
        voters < ClusterState.MAX_VOTERS,
        presence.insecure(),
        false,
        false);
  }

  /**
   * A node that is back. An incarnation that was issued but never served under left nothing behind,
   * so only one below the last that served means an older disk.
   */
  private static ClusterNode again(ClusterNode old, Presence presence) {
    return new ClusterNode(
        old.id(),
        presence.name(),
        presence.region(),
        presence.addresses(),
        old.diskId(),
        presence.claim(),
        old.issued() + 1,
        old.incarnation(),
        old.voter(),
        presence.insecure(),
        old.amnesiac() || presence.journaled() < old.incarnation(),
        false);
  }

  /** A name goes over to a new disk; '#' is in no name that a node can choose. */
  private static ClusterNode withoutName(ClusterNode holder) {
    return holder.withName(holder.name() + "#" + holder.id().number());
  }

  private Outcome registered(ClusterNode node) {
    return new Outcome.Registered(
        state.clusterId(), node.id(), node.issued(), node.voter(), node.amnesiac());
  }

  @Override
  public Applied start(ControlCommand.Start command) {
    ClusterNode node = state.nodes().get(command.node());
    if (node == null) {
      return refused("ERR there is no node " + command.node());
    }
    if (node.issued() != command.incarnation() || node.claim() != command.claim()) {
      return refused(
          "ERR incarnation "
              + command.incarnation()
              + " of "
              + node.id()
              + " was claimed by another process or is over; the last issued is "
              + node.issued());
    }
    if (node.incarnation() == command.incarnation()) {
      return unchanged();
    }
    return done(withNode(node.withIncarnation(command.incarnation())));
  }

  @Override
  public Applied whole(ControlCommand.Whole command) {
    ClusterNode node = state.nodes().get(command.node());
    if (node == null || node.issued() != command.incarnation()) {
      return refused("ERR " + command.node() + " is not at incarnation " + command.incarnation());
    }
    return node.amnesiac() ? done(withNode(node.whole())) : unchanged();
  }

  // Databases.

  @Override
  public Applied create(ControlCommand.Create command) {
    String what = "ERR DATABASE CREATE: ";
    Optional<String> badName = Names.whyNotDatabase(command.name());
    if (badName.isPresent()) {
      return refused(what + badName.get());
    }
    Optional<Database> before = state.database(command.name());
    if (before.isPresent()) {
      return createdAgain(command, before.get());
    }
    if (command.regions() != null && !command.regions().hasHere()) {
      return unchanged(); // it was removed, and dropped
    }
    Integer number = command.options().number();
    if (number != null && state.databaseByNumber(number).isPresent()) {
      String title = state.databaseByNumber(number).orElseThrow().title();
      return refused(what + "number " + number + " is taken by '" + title + "'");
    }
    int chosen = number != null ? number : state.freeNumber();
    return create(what, chosen, command);
  }

  private Applied createdAgain(ControlCommand.Create command, Database database) {
    boolean sameDefinition =
        command.definition() != 0 && command.definition() == database.definition();
    if (sameDefinition && command.regions() != null) {
      return between(command.regions(), database);
    }
    return isMadeBy(command, database)
        ? unchanged()
        : refused("ERR DATABASE CREATE: '" + command.name() + "' exists");
  }

  /** A multi-leader database has other regions from now on. */
  private Applied between(Regions regions, Database database) {
    if (regions.equals(database.settings().regions())) {
      return unchanged();
    }
    Optional<String> refusal = RegionRules.whyNotNext(regions, database, state);
    return refusal.isPresent()
        ? refused("ERR DATABASE ALTER: " + refusal.get())
        : replaced(database.with(database.settings().between(regions)));
  }

  private Applied replaced(Database database) {
    SortedMap<Integer, Database> databases = new TreeMap<>(state.databases());
    databases.put(database.id(), database);
    return done(
        with(state.nextNode(), state.nextDatabase(), state.nodes(), databases, state.partitions()));
  }

  @Override
  public Applied span(ControlCommand.Span command) {
    String what = "ERR DATABASE ALTER: ";
    Database database = state.database(command.name()).orElse(null);
    if (database == null) {
      return refused(what + "there is no database " + Names.quoted(command.name()));
    }
    boolean done =
        command.regions() == null
            ? database.settings().replication() == Replication.SINGLE_LEADER
            : command.regions().equals(database.settings().regions())
                && database.settings().isMultiLeader();
    if (done) {
      return unchanged();
    }
    Optional<String> refusal =
        command.regions() == null
            ? RegionRules.whyNotAlone(database)
            : RegionRules.whyNotSpanning(command, database, state);
    if (refusal.isPresent()) {
      return refused(what + refusal.get());
    }
    if (command.regions() == null) {
      return replaced(database.with(database.settings().alone()));
    }
    DatabaseSettings spanning = database.settings().spanning(command.regions());
    return replaced(
        database.settings().regions() == null
            ? database.spanning(command.definition(), spanning)
            : database.with(spanning));
  }

  /** Whether this command made the database, so that it comes again. */
  private static boolean isMadeBy(ControlCommand.Create command, Database database) {
    DatabaseOptions options = command.options();
    boolean sameDefinition =
        command.definition() != 0 && command.definition() == database.definition();
    if (!sameDefinition || RegionRules.whyNotBetween(command).isPresent()) {
      return false;
    }
    // Of what was not said REPLICAS alone depends on the nodes, and they may be more by now.
    DatabaseSettings settings =
        options.over(
            DatabaseSettings.defaults(database.settings().replicas()), RegionRules.of(command));
    boolean sameNumber = options.number() == null || options.number() == database.number();
    return sameNumber && settings.equals(database.settings());
  }

  @Override
  public Applied ensure(ControlCommand.Ensure command) {
    int number = command.number();
    if (number < 0 || number > LAST_ENSURED_NUMBER) {
      return refused("ERR DB index is out of range");
    }
    if (state.databaseByNumber(number).isPresent()) {
      return unchanged();
    }
    return create(
        "ERR database " + number + ": ",
        number,
        new ControlCommand.Create("", DatabaseOptions.NONE));
  }

  @Override
  public Applied look(ControlCommand.Look command) {
    return unchanged();
  }

  private Applied create(String what, int number, ControlCommand.Create command) {
    // Earlier the defaults would make too few replicas, and database 0 would not be the first.
    if (state.nodes().size() < state.expect()) {
      return new Applied(
          state,
          new Outcome.Refused(
              "CLUSTERDOWN the cluster waits for "
                  + count(state.expect(), "node")
                  + ", it has "
                  + state.nodes().size()
                  + names(),
              true));
    }
    DatabaseOptions options = command.options();
    boolean multiLeader = options.replication() == Replication.MULTI_LEADER;
    Optional<String> refusal =
        multiLeader
            ? RegionRules.whyNotBetween(command)
                .or(() -> RegionRules.whyNotLinked(RegionRules.of(command), state))
            : Optional.empty();
    if (refusal.isPresent()) {
      return refused(what + refusal.get());
    }
    int nodes = multiLeader ? state.nodesIn(command.here()).size() : state.nodes().size();
    DatabaseSettings settings =
        options.over(
            DatabaseSettings.defaults(Math.max(1, nodes)),
            multiLeader ? RegionRules.of(command) : null);
    Database made =
        new Database(
            state.nextDatabase(),
            number,
            command.name(),
            settings,
            multiLeader ? command.definition() : 0);
    refusal = DatabaseRules.whyNot(made.title(), options, settings).or(() -> whyNoRoom(settings));
    return refusal.isPresent()
        ? refused(DatabaseRules.prefixed(what, refusal.get()))
        : done(withDatabase(made));
  }

  private Optional<String> whyNoRoom(DatabaseSettings settings) {
    Optional<String> tooFew = whyTooFewNodes(settings);
    if (tooFew.isPresent()) {
      return tooFew;
    }
    if (state.databases().size() >= ClusterState.MAX_DATABASES) {
      return Optional.of(
          "there are " + ClusterState.MAX_DATABASES + " databases, the most there are");
    }
    int left = ClusterState.MAX_PARTITIONS - state.partitions().size();
    if (settings.partitions() > left) {
      return Optional.of(
          count(settings.partitions(), "partition")
              + ", but only "
              + left
              + " of the cluster's "
              + ClusterState.MAX_PARTITIONS
              + " are left");
    }
    return Optional.empty();
  }

  private Optional<String> whyTooFewNodes(DatabaseSettings settings) {
    int replicas = settings.replicas();
    List<ClusterNode> nodes = state.nodesFor(settings);
    return replicas <= nodes.size()
        ? Optional.empty()
        : Optional.of(
            count(replicas, "replica")
                + (replicas == 1 ? " needs " : " need ")
                + count(replicas, "node")
                + ", "
                + (settings.isMultiLeader()
                    ? "region '" + settings.regions().here() + "'"
                    : "the cluster")
                + " has "
                + nodes.size()
                + names(nodes));
  }

  private String names() {
    return names(state.nodes().values());
  }

  /** In brackets, after a blank; empty for none. */
  static String names(Collection<ClusterNode> nodes) {
    return nodes.isEmpty()
        ? ""
        : nodes.stream().map(ClusterNode::name).collect(Collectors.joining(", ", " (", ")"));
  }

  private ClusterState withDatabase(Database made) {
    DatabaseSettings settings = made.settings();
    List<Placement.Site> sites =
        state.nodesFor(settings).stream()
            .map(node -> new Placement.Site(node.id(), node.region()))
            .toList();
    // Begins at another node each time: many databases of one partition have many leaders.
    List<List<NodeId>> placed =
        Placement.place(sites, settings.partitions(), settings.replicas(), made.id() - 1);
    SortedMap<PartitionId, PartitionState> partitions = new TreeMap<>(state.partitions());
    for (int p = 0; p < placed.size(); p++) {
      PartitionId partition = new PartitionId(made.id(), p);
      partitions.put(
          partition, PartitionState.fresh(partition, settings.configuration(placed.get(p))));
    }
    SortedMap<Integer, Database> databases = new TreeMap<>(state.databases());
    databases.put(made.id(), made);
    return with(state.nextNode(), made.id() + 1, state.nodes(), databases, partitions);
  }

  /** With database 0, when the expected nodes are there; once, however often it is dropped. */
  private ClusterState withDatabase0(ClusterState next) {
    if (next.nextDatabase() != 1 || next.nodes().size() < next.expect()) {
      return next;
    }
    Applied created =
        new CommandApplier(next, index, term)
            .create("ERR database 0: ", 0, new ControlCommand.Create("", next.database0()));
    return created.state();
  }

  @Override
  public Applied alter(ControlCommand.Alter command) {
    String what = "ERR DATABASE ALTER: ";
    Database database = state.database(command.name()).orElse(null);
    if (database == null) {
      return refused(what + "there is no database " + Names.quoted(command.name()));
    }
    DatabaseOptions options = command.options();
    Optional<String> refusal =
        whyNotKept(database, options)
            .or(() -> whyNotAltered(database, options))
            .map(error -> DatabaseRules.prefixed(what, error));
    return refusal.isPresent()
        ? refused(refusal.get())
        : changed(
            what,
            new DatabaseChange(state, database, command.away())
                .to(options.over(database.settings())));
  }

  /** What is asked to change and never does. */
  private static Optional<String> whyNotKept(Database database, DatabaseOptions options) {
    DatabaseSettings old = database.settings();
    if (options.number() != null && options.number() != database.number()) {
      return Optional.of("a database keeps its NUMBER");
    }
    if (options.replication() != null && options.replication() != old.replication()) {
      return Optional.of("a database keeps its REPLICATION");
    }
    return options.partitions() != null && options.partitions() != old.partitions()
        ? Optional.of("a database keeps its PARTITIONS")
        : Optional.empty();
  }

  private Optional<String> whyNotAltered(Database database, DatabaseOptions options) {
    DatabaseSettings old = database.settings();
    DatabaseSettings settings = options.over(old);
    return DatabaseRules.whyNot(database.title(), options, settings)
        .or(() -> whyNotAlone(old, options))
        .or(
            () ->
                settings.replicas() > old.replicas() ? whyTooFewNodes(settings) : Optional.empty());
  }

  /** What all regions have the same is changed in all of them: see {@link #create}. */
  private static Optional<String> whyNotAlone(DatabaseSettings old, DatabaseOptions options) {
    return old.isMultiLeader() && options.saysOfRegions()
        ? Optional.of("REGIONS, TOPOLOGY and CONFLICT are changed in all regions at once")
        : Optional.empty();
  }

  @Override
  public Applied move(ControlCommand.Move command) {
    String what = "ERR DATABASE MOVE: ";
    Database database = state.database(command.name()).orElse(null);
    ClusterNode from = state.nodeByName(command.from()).orElse(null);
    ClusterNode to = state.nodeByName(command.to()).orElse(null);
    Optional<String> refusal = whyNotThere(command.name(), command.partition(), database);
    if (refusal.isPresent()) {
      return refused(what + refusal.get());
    }
    if (from == null || to == null) {
      return refused(what + noNode(from == null ? command.from() : command.to()));
    }
    return changed(
        what,
        new DatabaseChange(state, database, command.away())
            .moved(command.partition(), from.id(), to.id()));
  }

  @Override
  public Applied prefer(ControlCommand.Prefer command) {
    String what = "ERR SWITCHOVER: ";
    Database database = state.database(command.name()).orElse(null);
    ClusterNode node = state.nodeByName(command.node()).orElse(null);
    Optional<String> refusal = whyNotThere(command.name(), command.partition(), database);
    if (refusal.isPresent()) {
      return refused(what + refusal.get());
    }
    if (database.settings().isLeaderless()) {
      return refused(what + "database '" + database.title() + "' is leaderless, it has no leader");
    }
    return node == null
        ? refused(what + noNode(command.node()))
        : changed(
            what,
            new DatabaseChange(state, database, Set.of())
                .preferring(command.partition(), node.id()));
  }

  private static Optional<String> whyNotThere(String name, Integer partition, Database database) {
    if (database == null) {
      return Optional.of("there is no database " + Names.quoted(name));
    }
    int partitions = database.settings().partitions();
    return partition == null || partition < partitions
        ? Optional.empty()
        : Optional.of(
            "'"
                + database.title()
                + "' has partitions 0 to "
                + (partitions - 1)
                + ", no "
                + partition);
  }

  private String noNode(String name) {
    return "there is no node " + Names.quoted(name) + names();
  }

  private Applied changed(String what, DatabaseChange.Result result) {
    if (result.refusal() != null) {
      return refused(DatabaseRules.prefixed(what, result.refusal()));
    }
    SortedMap<Integer, Database> databases = new TreeMap<>(state.databases());
    databases.put(result.database().id(), result.database());
    SortedMap<PartitionId, PartitionState> partitions = new TreeMap<>(state.partitions());
    result.partitions().forEach(partition -> partitions.put(partition.id(), partition));
    if (databases.equals(state.databases()) && partitions.equals(state.partitions())) {
      return unchanged();
    }
    return done(with(state.nextNode(), state.nextDatabase(), state.nodes(), databases, partitions));
  }

  @Override
  public Applied drain(ControlCommand.Drain command) {
    ClusterNode node = state.nodeByName(command.node()).orElse(null);
    if (node == null) {
      return refused("ERR SWITCHOVER: " + noNode(command.node()));
    }
    return node.drained() == command.drained()
        ? unchanged()
        : done(withNode(node.drained(command.drained())));
  }

  @Override
  public Applied drop(ControlCommand.Drop command) {
    Database database = state.database(command.name()).orElse(null);
    if (database == null) {
      return refused("ERR DATABASE DROP: there is no database " + Names.quoted(command.name()));
    }
    SortedMap<Integer, Database> databases = new TreeMap<>(state.databases());
    databases.remove(database.id());
    SortedMap<PartitionId, PartitionState> partitions = new TreeMap<>(state.partitions());
    partitions.keySet().removeAll(state.partitionsOf(database.id()).keySet());
    return done(with(state.nextNode(), state.nextDatabase(), state.nodes(), databases, partitions));
  }

  // Regions.

  @Override
  public Applied linkRegion(ControlCommand.LinkRegion command) {
    Optional<String> refusal = RegionRules.whyNotLinked(command, state);
    if (refusal.isPresent()) {
      return refused("ERR REGION LINK: " + refusal.get());
    }
    SortedMap<String, List<HostPort>> regions = new TreeMap<>(state.regions());
    regions.put(command.name(), command.addresses());
    return regions.equals(state.regions()) ? unchanged() : done(withRegions(regions));
  }

  @Override
  public Applied unlinkRegion(ControlCommand.UnlinkRegion command) {
    Optional<String> refusal = RegionRules.whyNotUnlinked(command.name(), state);
    if (refusal.isPresent()) {
      return refused("ERR REGION UNLINK: " + refusal.get());
    }
    SortedMap<String, List<HostPort>> regions = new TreeMap<>(state.regions());
    regions.remove(command.name());
    return done(withRegions(regions));
  }

  // Epochs.

  @Override
  public Applied openEpochs(ControlCommand.OpenEpochs command) {
    List<PartitionState> opened = new ArrayList<>();
    for (Map.Entry<PartitionId, Long> expected : command.expected().entrySet()) {
      PartitionState partition = state.partitions().get(expected.getKey());
      if (partition != null
          && !partition.isLeaderless()
          && partition.epoch() == expected.getValue()) {
        opened.add(partition.withoutLeader(index));
      }
    }
    if (opened.isEmpty()) {
      return refused("ERR each of these partitions is in another epoch by now");
    }
    ClusterState next = withPartitions(opened);
    return done(
        command.cause() == Failover.Cause.FIRST || opened.get(0).lastLeader() == null
            ? next
            : withFailovers(next, failoversWith(command, opened)));
  }

  private List<Failover> failoversWith(
      ControlCommand.OpenEpochs command, List<PartitionState> opened) {
    List<Failover> failovers = new ArrayList<>(state.failovers());
    failovers.add(
        new Failover(
            index,
            command.atMillis(),
            command.cause(),
            opened.get(0).lastLeader(),
            opened.size(),
            0,
            0,
            false));
    int dropped = Math.max(0, failovers.size() - ClusterState.MAX_FAILOVERS);
    return failovers.subList(dropped, failovers.size());
  }

  private static ClusterState withFailovers(ClusterState next, List<Failover> failovers) {
    return new ClusterState(
        next.clusterId(),
        next.version(),
        next.expect(),
        next.leaseMillis(),
        next.database0(),
        next.nextNode(),
        next.nextDatabase(),
        next.nodes(),
        next.databases(),
        next.partitions(),
        failovers,
        next.regions());
  }

  @Override
  public Applied appoint(ControlCommand.Appoint command) {
    if (command.term() != term) {
      return refusedOfOldTerm(command.term());
    }
    SortedMap<PartitionId, PartitionState> appointed = new TreeMap<>();
    List<Failover> failovers = new ArrayList<>(state.failovers());
    for (ControlCommand.Appointment each : command.appointments()) {
      PartitionState partition = state.partitions().get(each.partition());
      if (canBeLed(partition, each) && !appointed.containsKey(partition.id())) {
        appointed.put(
            partition.id(),
            partition.ledBy(each.leader(), each.incarnation(), each.possibleLoss()));
        failovers.replaceAll(it -> it.epoch() == each.epoch() ? it.appointed(each) : it);
      }
    }
    return appointed.isEmpty()
        ? refused("ERR each of these partitions has a leader or is in another epoch by now")
        : done(withFailovers(withPartitions(appointed.values()), failovers));
  }

  private Applied refusedOfOldTerm(long old) {
    return refused("ERR the controller of term " + old + " leads no more");
  }

  private boolean canBeLed(PartitionState partition, ControlCommand.Appointment appointment) {
    return partition != null
        && !partition.led()
        && partition.epoch() != 0
        && partition.epoch() == appointment.epoch()
        && canLead(partition, appointment);
  }

  /** One that restarted since it answered would take up the epoch with another incarnation. */
  private boolean canLead(PartitionState partition, ControlCommand.Appointment appointment) {
    ClusterNode leader = state.nodes().get(appointment.leader());
    return partition.replicas().contains(appointment.leader())
        && leader != null
        && leader.issued() == appointment.incarnation()
        && leader.incarnation() == appointment.incarnation();
  }

  @Override
  public Applied succeed(ControlCommand.Succeed command) {
    if (command.term() != term) {
      return refusedOfOldTerm(command.term());
    }
    SortedMap<PartitionId, PartitionState> succeeded = new TreeMap<>();
    List<Failover> failovers = new ArrayList<>(state.failovers());
    for (ControlCommand.Succession each : command.successions()) {
      ControlCommand.Appointment next = each.next();
      PartitionState partition = state.partitions().get(next.partition());
      if (canBeSucceeded(partition, each) && !succeeded.containsKey(partition.id())) {
        succeeded.put(
            partition.id(),
            partition
                .withoutLeader(next.epoch())
                .ledBy(next.leader(), next.incarnation(), next.possibleLoss()));
        note(failovers, command.atMillis(), partition.lastLeader(), next);
      }
    }
    return succeeded.isEmpty()
        ? refused("ERR each of these partitions is in another epoch by now")
        : done(withFailovers(withPartitions(succeeded.values()), failovers));
  }

  private boolean canBeSucceeded(PartitionState partition, ControlCommand.Succession succession) {
    return partition != null
        && partition.led()
        && partition.epoch() == succession.ended()
        && succession.next().epoch() > succession.ended()
        && succession.next().epoch() <= index
        && canLead(partition, succession.next());
  }

  /** One record for all that a leader handed over in the same epoch. */
  private static void note(
      List<Failover> failovers, long atMillis, NodeId from, ControlCommand.Appointment next) {
    int last = failovers.size() - 1;
    boolean known =
        last >= 0
            && failovers.get(last).epoch() == next.epoch()
            && failovers.get(last).cause() == Failover.Cause.HANDED_OVER
            && from.equals(failovers.get(last).from());
    Failover before =
        known
            ? failovers.remove(last)
            : new Failover(
                next.epoch(), atMillis, Failover.Cause.HANDED_OVER, from, 0, 0, 0, false);
    failovers.add(before.withPartition().appointed(next));
    if (failovers.size() > ClusterState.MAX_FAILOVERS) {
      failovers.remove(0);
    }
  }

  @Override
  public Applied advance(ControlCommand.Advance command) {
    PartitionState partition = state.partitions().get(command.partition());
    boolean current =
        partition != null
            && partition.led()
            && partition.epoch() == command.epoch()
            && partition.configVersion() == command.configVersion()
            && partition.isChanging();
    if (!current) {
      return refusedOfOldStep(command.partition());
    }
    PartitionState next = partition.advanced();
    // A leader that is to go has to hand over first.
    return next.replicas().contains(next.lastLeader())
        ? done(withPartitions(List.of(next)))
        : refused("ERR the leader of " + partition.id() + " has no place in what is to stand");
  }

  @Override
  public Applied copyReady(ControlCommand.CopyReady command) {
    PartitionState partition = state.partitions().get(command.partition());
    boolean current =
        partition != null
            && partition.isLeaderless()
            && partition.configVersion() == command.configVersion()
            && partition.isChanging()
            && partition.everyone().contains(command.node());
    if (!current) {
      return refusedOfOldStep(command.partition());
    }
    if (partition.ready().contains(command.node())) {
      return unchanged();
    }
    PartitionState next = partition.withReady(command.node());
    return done(withPartitions(List.of(next.isReady() ? next.advanced() : next)));
  }

  private Applied refusedOfOldStep(PartitionId partition) {
    return refused("ERR partition " + partition + " is not changing in this way by now");
  }

  // Results.

  private ClusterState withNode(ClusterNode node) {
    SortedMap<NodeId, ClusterNode> nodes = new TreeMap<>(state.nodes());
    nodes.put(node.id(), node);
    return withNodes(nodes, state.nextNode());
  }

  private ClusterState withNodes(SortedMap<NodeId, ClusterNode> nodes, int nextNode) {
    return with(nextNode, state.nextDatabase(), nodes, state.databases(), state.partitions());
  }

  private ClusterState withPartitions(Iterable<PartitionState> changed) {
    SortedMap<PartitionId, PartitionState> partitions = new TreeMap<>(state.partitions());
    changed.forEach(partition -> partitions.put(partition.id(), partition));
    return with(
        state.nextNode(), state.nextDatabase(), state.nodes(), state.databases(), partitions);
  }

  private ClusterState with(
      int nextNode,
      int nextDatabase,
      SortedMap<NodeId, ClusterNode> nodes,
      SortedMap<Integer, Database> databases,
      SortedMap<PartitionId, PartitionState> partitions) {
    return new ClusterState(
        state.clusterId(),
        index,
        state.expect(),
        state.leaseMillis(),
        state.database0(),
        nextNode,
        nextDatabase,
        nodes,
        databases,
        partitions,
        state.failovers(),
        state.regions());
  }

  private ClusterState withRegions(SortedMap<String, List<HostPort>> regions) {
    return new ClusterState(
        state.clusterId(),
        index,
        state.expect(),
        state.leaseMillis(),
        state.database0(),
        state.nextNode(),
        state.nextDatabase(),
        state.nodes(),
        state.databases(),
        state.partitions(),
        state.failovers(),
        regions);
  }

  private Applied done(ClusterState next) {
    return new Applied(next, new Outcome.Done(index));
  }

  /** Whoever has the present state sees what was asked for. */
  private Applied unchanged() {
    return new Applied(state, new Outcome.Done(state.version()));
  }

  private Applied refused(String error) {
    return new Applied(state, Outcome.refused(error));
  }

  private static Optional<Outcome> refusal(String error) {
    return Optional.of(Outcome.refused(error));
  }

  private static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }
}
