package io.trefoil.node;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.cell.EntryReader;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.ControlMessage;
import io.trefoil.control.PartitionState;
import io.trefoil.journal.Journal;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.node.http.CallCounts;
import io.trefoil.node.http.RepairCounts;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.replication.kernel.Configuration;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.leaderless.CopyState;
import io.trefoil.replication.leaderless.LeaderlessEffect;
import io.trefoil.replication.leaderless.LeaderlessEvent;
import io.trefoil.replication.singleleader.SingleLeaderReplica.Recovered;
import io.trefoil.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The replicas of this node: makes them, drops them, tells them of epochs and leaders, and does for
 * them what needs other threads or files. Belongs to the data loop's thread.
 */
final class NodeReplicas implements PartitionReplica.PartitionHost, QuorumReplica.QuorumHost {
  private static final Logger LOG = LoggerFactory.getLogger(NodeReplicas.class);

  /**
   * Committed entries kept in memory, of all replicas, for as long as a follower is a little
   * behind. More made young collections copy so much that they outlasted leases.
   */
  private static final long MAX_RECENT_BYTES = 16L << 20;

  /**
   * So much of it is kept when nobody lacks them. What is forgotten soon dies young; when all was
   * kept, all of it grew old, and each tens of megabytes were a full collection.
   */
  private static final int SHARE_OF_UNWANTED = 16;

  private static final int RECENT_SHARE_OF_HEAP = 16;

  private final DataLoop loop;
  private final Storage storage;
  private final CopyIds copyIds;
  private final Routes routes;
  private final Executor background;
  private final SnapshotSender snapshots;
  private final NodeSettings.Hints hints;
  private final HintReader hintReader;
  private final Divergences divergences;
  private final ConflictLog conflicts;
  private final Consumer<ControlMessage.ToController> controller;
  private final Runnable leadersChanged;
  private final BiConsumer<PartitionReplica, PartitionReplica.Mark> marks;
  private final Map<PartitionId, PartitionReplica.Start> recovered = new HashMap<>();
  private final Map<PartitionId, PartitionReplica> replicas = new HashMap<>();
  private final Map<PartitionId, QuorumReplica> quorums = new TreeMap<>();
  private final Found found;
  private final StrayCopies strays;
  private final LeftBehind leftBehind = new LeftBehind();
  private final ClockSkew clocks;
  private ClusterState state = ClusterState.EMPTY;

  /** Databases with larger ids were created since this process knows of the cluster. */
  private int databasesBefore;

  private final long repairPauseMillis;
  private long toldClock;
  private long clockNotedNanos;
  private long failovers;
  private CallCounts countedBefore = CallCounts.NONE;
  private RepairCounts repairedBefore = RepairCounts.NONE;
  private final RepairPace repairPace;

  /**
   * What the replicas work with.
   *
   * @param maxSkewMillis clocks of other nodes that are further ahead are warned of
   */
  record Surroundings(
      DataLoop loop,
      Storage storage,
      CopyIds copyIds,
      Routes routes,
      Executor background,
      SnapshotSender snapshots,
      NodeSettings.Hints hints,
      Divergences divergences,
      ConflictLog conflicts,
      Consumer<ControlMessage.ToController> controller,
      Runnable leadersChanged,
      BiConsumer<PartitionReplica, PartitionReplica.Mark> marks,
      long repairPauseMillis,
      RepairPace repairPace,
      long maxSkewMillis) {}

  /**
   * What the disk had.
   *
   * @param origin under which number the stream of a copy began that was found, or 0
   * @param place for which place it was made, or 0
   * @param toldClock the last one; 0 for none
   * @param unbroken whether everything ever written is there; not where nothing is
   * @param forgot whether something that this node wrote is not there
   * @param older whether it lacks a start of this node, and so may have what the node lost since
   */
  record Found(
      List<PartitionReplica.Start> copies,
      ToIntFunction<PartitionId> origin,
      ToLongFunction<PartitionId> place,
      long toldClock,
      boolean unbroken,
      boolean forgot,
      boolean older) {}

  NodeReplicas(Surroundings around, Found found) {
    this.found = found;
    this.toldClock = found.toldClock();
    this.repairPauseMillis = around.repairPauseMillis();
    this.loop = around.loop();
    this.storage = around.storage();
    this.copyIds = around.copyIds();
    this.routes = around.routes();
    this.background = around.background();
    this.snapshots = around.snapshots();
    this.hints = around.hints();
    this.hintReader =
        new HintReader(
            loop::execute,
            loop::nowNanos,
            background,
            new RateLimit(hints.rateBytes(), loop.nowNanos()));
    this.divergences = around.divergences();
    this.conflicts = around.conflicts();
    this.controller = around.controller();
    this.leadersChanged = around.leadersChanged();
    this.marks = around.marks();
    this.repairPace = around.repairPace();
    this.clocks = new ClockSkew(around.maxSkewMillis(), this::nodeName);
    this.strays = new StrayCopies(loop, routes, this, this::dropReplica);
    for (PartitionReplica.Start start : found.copies()) {
      keepNewest(start);
    }
  }

  /** A snapshot that was being put in place when the node stopped leaves two copies. */
  private void keepNewest(PartitionReplica.Start start) {
    PartitionReplica.Start other = recovered.put(start.id(), start);
    if (other == null) {
      return;
    }
    PartitionReplica.Start older = other.copy() < start.copy() ? other : start;
    recovered.put(start.id(), older == other ? start : other);
    drop(older.copy(), older.store());
  }

  private void drop(long copy, io.trefoil.storage.PartitionStore store) {
    store.close();
    loop.endCopy(copy);
  }

  PartitionReplica find(PartitionId id) {
    return replicas.get(id);
  }

  /** This node's replica of a leaderless partition, or null. */
  QuorumReplica findQuorum(PartitionId id) {
    return quorums.get(id);
  }

  Iterable<PartitionReplica> all() {
    return replicas.values();
  }

  /** Those of leaderless partitions. */
  Iterable<QuorumReplica> allQuorums() {
    return quorums.values();
  }

  /** Of all replicas that are here or were here. */
  CallCounts callCounts() {
    CallCounts all = countedBefore;
    for (PartitionReplica replica : replicas.values()) {
      all = all.plus(replica.callCounts());
    }
    for (QuorumReplica replica : quorums.values()) {
      all = all.plus(replica.calls().counts());
    }
    return all;
  }

  /** As above. */
  RepairCounts repairCounts() {
    RepairCounts all = repairedBefore;
    for (QuorumReplica replica : quorums.values()) {
      all = all.plus(replica.repair().counts());
    }
    return all;
  }

  /** How far the clocks of other nodes are ahead. */
  ClockSkew clocks() {
    return clocks;
  }

  @Override
  public void heardClock(NodeId node, long wallMillis) {
    clocks.heard(node, wallMillis, loop.wallMillis(), loop.nowNanos() / 1_000_000);
  }

  /** How often a replica of this node became leader. */
  long failovers() {
    return failovers;
  }

  // Following the control plane.

  void onState(ClusterState newer) {
    if (state.clusterId() == 0) {
      databasesBefore = newer.nextDatabase();
    }
    state = newer;
    for (PartitionId gone : routes.update(state)) {
      PartitionReplica replica = replicas.get(gone);
      if (replica != null) {
        dropReplica(replica);
      }
      dropQuorum(gone);
    }
    for (PartitionRoute route : routes.partitions()) {
      if (route.isLeaderless()) {
        if (isOfThisStart()) {
          followQuorum(route);
        }
      } else {
        follow(route);
      }
    }
    for (PartitionId id : List.copyOf(recovered.keySet())) {
      if (!state.partitions().containsKey(id)) {
        PartitionReplica.Start dropped = recovered.remove(id);
        drop(dropped.copy(), dropped.store());
      }
    }
    leadersChanged.run();
  }

  private void follow(PartitionRoute route) {
    PartitionState state = route.terms().state();
    PartitionReplica replica = replicas.get(state.id());
    if (!state.everyone().contains(loop.self())) {
      leave(route, replica);
      return;
    }
    if (replica == null) {
      replica = make(route.terms());
    }
    strays.forget(state.id());
    route.local(replica);
    replica.terms(route.terms());
    if (!state.led()) {
      replica.step(new Event.EpochOpened(state.epoch()));
    } else {
      replica.step(
          new Event.Appointed(
              state.epoch(),
              state.lastLeader(),
              Math.toIntExact(state.lastIncarnation()),
              membership(state),
              EntryBuilder.emptyEntry(loop.nextStamp()),
              Math.max(replica.machine().logTimeMillis(), loop.wallMillis())));
    }
    replica.configured();
  }

  /**
   * Drops a copy that has no place here any more; but where one copy was enough, not before it is
   * known that others have all of it.
   */
  private void leave(PartitionRoute route, PartitionReplica made) {
    PartitionState state = route.terms().state();
    route.local(null);
    PartitionReplica replica = made;
    if (replica == null && recovered.containsKey(state.id())) {
      replica = make(route.terms());
    }
    if (replica == null) {
      return;
    }
    boolean oneCopy = state.isCommittedByLeaderAlone() || state.oneCopyEpoch() > 0;
    boolean isHistory = replica.epoch() == state.epoch() && replica.machine().isVerified();
    if (oneCopy && !isHistory) {
      strays.keep(replica);
    } else {
      LOG.info("partition={} is held by other nodes now: the copy here goes", state.id());
      dropReplica(replica);
    }
  }

  private void dropReplica(PartitionReplica replica) {
    countedBefore = countedBefore.plus(replica.callCounts());
    replica.exchange(null);
    replica.goes();
    strays.forget(replica.id());
    snapshots.forget(replica);
    replicas.remove(replica.id());
    conflicts.forget(replica.id());
    drop(replica.copy(), replica.store());
  }

  StrayCopies strays() {
    return strays;
  }

  /**
   * Whether the state is no older than this start of the node, and so than any copy here: by an
   * older one, a copy might be taken for one that has no place any more.
   */
  private boolean isOfThisStart() {
    ClusterNode node = state.nodes().get(loop.self());
    return node != null && node.issued() >= loop.incarnation();
  }

  private void followQuorum(PartitionRoute route) {
    PartitionId id = route.id();
    if (!route.terms().state().everyone().contains(loop.self())) {
      route.coordinator(null);
      dropQuorum(id);
      PartitionReplica.Start left = recovered.remove(id);
      if (left != null) {
        LOG.info("partition={} is held by other nodes now: the copy here goes", id);
        drop(left.copy(), left.store());
      }
      return;
    }
    QuorumReplica replica = quorums.get(id);
    if (replica != null && replica.place() != placeOf(route.terms().state())) {
      dropQuorum(id); // it had no place for a while, unheard of here
      replica = null;
    }
    if (replica == null) {
      replica = makeQuorum(route.terms());
    } else {
      replica.terms(route.terms());
    }
    route.coordinator(replica);
  }

  private QuorumReplica makeQuorum(PartitionTerms terms) {
    PartitionReplica.Start start = startOfQuorum(terms.state());
    int origin = found.origin().applyAsInt(start.id());
    if (origin == 0 || !start.recovered().counts()) {
      // What it coordinated may be known to others and not here: it can't go on in that stream.
      origin = Origins.number(loop.self(), loop.incarnation(), terms.state().configVersion());
      ReplicaNote.ORIGIN.put(loop.journal(), start.id(), origin);
      loop.journalDirty();
    }
    QuorumReplica replica = new QuorumReplica(start, origin, terms, loop, this);
    replica.tick();
    quorums.put(start.id(), replica);
    LOG.info("partition={} {}", start.id(), replica);
    return replica;
  }

  /**
   * A copy on a disk that lacks a start of this node is emptied. It may have back what the node
   * lost, and was without when the others compared: to them it would be a write from nowhere. But
   * not when another replica is of an older disk, too: then it may be the best that is left.
   *
   * <p>Likewise one from before the node had no place in a configuration: the others have forgotten
   * since what they had removed, and that may still be here.
   */
  private PartitionReplica.Start startOfQuorum(PartitionState partition) {
    PartitionId id = partition.id();
    long place = placeOf(partition);
    if (recovered.containsKey(id)) {
      boolean isOfThisPlace = found.place().applyAsLong(id) == place;
      if (isOfThisPlace && !(found.older() && othersAreNot(partition))) {
        return startOf(id);
      }
      PartitionReplica.Start older = recovered.remove(id);
      LOG.warn(
          "partition={} the copy here is {}: it is filled anew",
          id,
          isOfThisPlace ? "of an older disk" : "from before this node had no place for a while");
      drop(older.copy(), older.store());
      return startEmptyQuorum(id, place, false);
    }
    boolean mayHaveForgotten = place > 1 || !found.unbroken() && id.database() < databasesBefore;
    return startEmptyQuorum(id, place, !mayHaveForgotten);
  }

  private PartitionReplica.Start startEmptyQuorum(PartitionId id, long place, boolean counts) {
    // Not that of a copy that was here before: streams bring this one what is older.
    ReplicaNote.HORIZON.put(loop.journal(), id, 0);
    ReplicaNote.PLACE.put(loop.journal(), id, place);
    return startEmpty(id, counts);
  }

  private long placeOf(PartitionState partition) {
    return partition.places().get(loop.self());
  }

  /** Whether there are other replicas, and none is on a disk that lacks a start of its node. */
  private boolean othersAreNot(PartitionState partition) {
    List<ClusterNode> others =
        partition.replicas().stream()
            .filter(id -> !id.equals(loop.self()))
            .map(state.nodes()::get)
            .toList();
    return !others.isEmpty() && others.stream().noneMatch(it -> it == null || it.amnesiac());
  }

  private void dropQuorum(PartitionId id) {
    QuorumReplica replica = quorums.remove(id);
    if (replica != null) {
      LOG.info("partition={} has no place here any more: the copy goes", id);
      replica.close();
      countedBefore = countedBefore.plus(replica.calls().counts());
      repairedBefore = repairedBefore.plus(replica.repair().counts());
      drop(replica.copy(), replica.store());
    }
  }

  static Membership membership(PartitionState state) {
    List<Configuration> standing =
        state.configurations().stream()
            .map(each -> new Configuration(each.replicas(), each.copies(), each.reads()))
            .toList();
    return new Membership(standing, state.learners(), state.isSynced());
  }

  private PartitionReplica make(PartitionTerms terms) {
    PartitionReplica.Start start = startOf(terms.state().id());
    PartitionReplica replica = new PartitionReplica(start, terms, loop, this);
    replica.tick();
    replicas.put(start.id(), replica);
    return replica;
  }

  /** What was recovered of a partition, or an empty copy; it counts unless there was one before. */
  private PartitionReplica.Start startOf(PartitionId id) {
    PartitionReplica.Start start = recovered.remove(id);
    boolean mayHaveForgotten = found.forgot() && id.database() < databasesBefore;
    return start == null ? startEmpty(id, !mayHaveForgotten) : noteCounts(start);
  }

  private PartitionReplica.Start startEmpty(PartitionId id, boolean counts) {
    long copy = copyIds.next();
    CopyMeta meta = new CopyMeta(id, new EpochTable(), 0, 0);
    loop.journal().appendStart(copy, Position.ZERO, meta.encode().array());
    loop.journalDirty();
    return noteCounts(
        new PartitionReplica.Start(
            id,
            copy,
            storage.store(copy, 0, loop::execute),
            new RecentEntries(),
            new Recovered(new EpochTable(), 0, 0, 0, 0, counts),
            0,
            0,
            new Origins(),
            List.of(),
            counts));
  }

  private PartitionReplica.Start noteCounts(PartitionReplica.Start start) {
    if (!start.recovered().counts()) {
      ReplicaNote.COUNTING_COPY.put(loop.journal(), start.id(), 0);
      loop.journalDirty();
    }
    return start;
  }

  /** All replicas share one bound, so that many of them don't exhaust the heap. */
  @Override
  public long maxRecentBytes() {
    long share = Runtime.getRuntime().maxMemory() / RECENT_SHARE_OF_HEAP;
    return Math.min(MAX_RECENT_BYTES, share) / Math.max(1, replicas.size() + quorums.size());
  }

  @Override
  public long unwantedRecentBytes() {
    return maxRecentBytes() / SHARE_OF_UNWANTED;
  }

  void fence(SortedMap<PartitionId, Long> epochs) {
    epochs.forEach(
        (id, epoch) -> {
          PartitionReplica replica = replicas.get(id);
          if (replica != null) {
            replica.step(new Event.Fence(epoch));
          }
        });
  }

  void tick() {
    for (PartitionReplica replica : replicas.values()) {
      replica.tick();
    }
    repairPace.tick(quorums.values());
    quorums.values().forEach(QuorumReplica::tick);
    hintReader.tick();
    strays.tick();
    noteClock();
  }

  /**
   * A clock is told when it is durable: a later start then gives no stamp so small, whatever it
   * finds in the journal. Twice for each comparison: no sync is spent on more.
   */
  private void noteClock() {
    long now = loop.nowNanos();
    boolean due = clockNotedNanos == 0 || now - clockNotedNanos >= repairPauseMillis * 500_000;
    if (due && !quorums.isEmpty()) {
      clockNotedNanos = now;
      long clock = loop.nextStamp();
      ReplicaNote.CLOCK.put(loop.journal(), ReplicaNote.NODE, clock);
      loop.afterSync(() -> toldClock = clock);
    }
  }

  @Override
  public long repairPauseMillis() {
    return repairPauseMillis;
  }

  @Override
  public long toldClock() {
    return toldClock;
  }

  /** Whether every replica that this node is to have is there and counts. */
  boolean areWhole(ClusterState newest) {
    for (PartitionState partition : newest.partitions().values()) {
      if (partition.replicas().contains(loop.self()) && !isWhole(partition)) {
        return false;
      }
    }
    return true;
  }

  private boolean isWhole(PartitionState partition) {
    if (partition.isLeaderless()) {
      QuorumReplica replica = quorums.get(partition.id());
      return replica != null && replica.machine().counts();
    }
    PartitionReplica replica = replicas.get(partition.id());
    return replica != null && replica.machine().counts();
  }

  /**
   * Writes positions out where nothing else is to be written: else an idle partition holds
   * segments.
   */
  void freezeIdle() {
    for (PartitionReplica replica : replicas.values()) {
      replica.freezeIfBehind();
    }
    quorums.values().forEach(QuorumReplica::freezeIfBehind);
  }

  void onLost(NodeId peer) {
    for (PartitionReplica replica : replicas.values()) {
      replica.step(new Event.PeerLost(peer));
    }
    for (QuorumReplica replica : quorums.values()) {
      replica.lost(peer);
    }
  }

  /** Whether one of this node's replicas follows a leader there. */
  boolean follows(NodeId node) {
    for (PartitionReplica replica : replicas.values()) {
      if (node.equals(replica.machine().leader())) {
        return true;
      }
    }
    return false;
  }

  /**
   * Lets the journal go up to what storage has made durable, as far as followers need it no more.
   * Entries that some replica lacks may yet leave the history, and are kept, too. Of more than the
   * cap the oldest goes, whoever lacks it: only that, so that others are still caught up. Hints go
   * when they are too old, too. What nobody needs stays for a while, for those who tail.
   *
   * @param keepBytes the journal held back for followers; past it they get a snapshot instead
   * @param tailBytes the journal held back for those who tail; no more than {@code keepBytes} count
   */
  void release(Map<Long, Position> durable, long keepBytes, long tailBytes) {
    Journal journal = loop.journal();
    long capped = journal.appended() - keepBytes;
    long tailed = journal.appended() - tailBytes;
    for (PartitionReplica replica : replicas.values()) {
      Position position = durable.get(replica.copy());
      if (position == null) {
        continue;
      }
      long unwanted =
          Math.max(
              Math.min(
                  replica.machine().everywhereIndex(),
                  journal.lastIndexBefore(replica.copy(), tailed)),
              journal.lastIndexBefore(replica.copy(), capped));
      long released = Math.min(position.index(), unwanted);
      if (released > 0) {
        journal.release(replica.copy(), released);
      }
    }
    for (QuorumReplica replica : quorums.values()) {
      Position position = durable.get(replica.copy());
      if (position != null) {
        long beyondCap = journal.lastIndexBefore(replica.copy(), capped);
        long released = Math.min(position.index(), replica.unwantedIndex(beyondCap));
        if (released > 0) {
          journal.release(replica.copy(), released);
        }
      }
    }
    leftBehind.look(replicas.values());
  }

  /** How many followers of leaders here need a snapshot when they are back. */
  int leftBehind() {
    return leftBehind.count();
  }

  /** Asks leaders here to hand over. */
  void handOver(List<ControlMessage.HandOver> asked) {
    for (ControlMessage.HandOver each : asked) {
      PartitionReplica replica = replicas.get(each.partition());
      if (replica != null) {
        replica.handOver(each.epoch(), each.to());
      }
    }
  }

  // What replicas ask for.

  @Override
  public void handedOver(PartitionReplica replica, long ended) {
    SortedMap<PartitionId, Long> epoch = new TreeMap<>(Map.of(replica.id(), ended));
    controller.accept(new ControlMessage.Resign(loop.self(), loop.incarnation(), epoch));
  }

  @Override
  public void handOverEnded(PartitionReplica replica) {
    leadersChanged.run();
  }

  @Override
  public void changeReady(QuorumReplica replica, long configVersion) {
    controller.accept(new ControlMessage.ChangeReady(loop.self(), replica.id(), 0, configVersion));
  }

  @Override
  public void changeReady(PartitionReplica replica, long configVersion) {
    controller.accept(
        new ControlMessage.ChangeReady(loop.self(), replica.id(), replica.epoch(), configVersion));
  }

  @Override
  public void answerFence(PartitionReplica replica, Effect.AnswerFence answer) {
    controller.accept(
        new ControlMessage.FenceAnswer(
            loop.self(),
            loop.incarnation(),
            List.of(
                new ControlMessage.Fenced(
                    replica.id(),
                    answer.promised(),
                    answer.last(),
                    answer.counts(),
                    answer.logTimeMillis()))));
  }

  @Override
  public String nodeName(NodeId node) {
    ClusterNode known = state.nodes().get(node);
    return known == null ? node.toString() : known.name();
  }

  @Override
  public void roleChanged(PartitionReplica replica) {
    LOG.info("partition={} {}", replica.id(), replica.machine());
    if (replica.machine().isLeader()) {
      failovers++;
    }
    leadersChanged.run();
  }

  @Override
  public void saveDiverged(PartitionReplica replica, Effect.Diverged diverged) {
    LeftHistory left =
        new LeftHistory(
            replica.id(),
            replica.terms().database().title(),
            diverged.epoch(),
            diverged.from(),
            diverged.to(),
            commonStamp(replica, diverged.fromIndex() - 1),
            entries(replica, diverged.fromIndex(), diverged.toIndex()));
    try {
      divergences.save(left);
    } catch (IOException e) {
      throw new IllegalStateException("the divergence file can't be written: " + e, e);
    }
  }

  /** The stamp of the last entry that a replica's log has in common with the history. */
  private long commonStamp(PartitionReplica replica, long index) {
    if (index == 0) {
      return 0;
    }
    EntryBatch batch = replica.recent().recent(index);
    if (batch == null && loop.journal().firstIndex(replica.copy()) <= index) {
      List<EntryBatch> read = new ArrayList<>();
      readBatches(replica.copy(), index, 1, read);
      batch = read.isEmpty() ? null : read.get(0);
    }
    if (batch == null) {
      return DivergenceSummary.UNKNOWN_STAMP;
    }
    ByteSource body = new ByteSource(batch.body().array());
    int length = body.getBlockLength();
    return EntryReader.stamp(new ByteSource(body.array(), body.skip(length), length));
  }

  /**
   * From memory as far as it goes back, else from the journal; without the first when that has let
   * them go.
   */
  private List<EntryBatch> entries(PartitionReplica replica, long fromIndex, long toIndex) {
    List<EntryBatch> batches = new ArrayList<>();
    if (replica.recent().firstIndex() <= fromIndex) {
      replica.recent().forEach(fromIndex, toIndex, batches::add);
      return batches;
    }
    loop.journal().write();
    long next = Math.max(fromIndex, loop.journal().firstIndex(replica.copy()));
    while (next <= toIndex) {
      long after = readBatches(replica.copy(), next, 1 << 20, batches);
      Invariants.check(after > next, "the journal has what it says", next, toIndex);
      next = after;
    }
    return batches;
  }

  private long readBatches(long copy, long fromIndex, int maxBytes, List<EntryBatch> into) {
    return readBatches(loop.journal(), copy, fromIndex, maxBytes, into);
  }

  /** As {@link Journal#read}, into a list. */
  static long readBatches(
      Journal journal, long copy, long fromIndex, int maxBytes, List<EntryBatch> into) {
    return journal.read(
        copy,
        fromIndex,
        maxBytes,
        (copyId, epoch, first, count, commit, logTime, issuer, array, offset, length) -> {
          EntryBatch batch =
              new EntryBatch(
                  epoch,
                  first,
                  count,
                  logTime,
                  Math.toIntExact(issuer),
                  Bytes.copyOf(array, offset, length));
          into.add(first < fromIndex ? batch.from(fromIndex) : batch);
        });
  }

  @Override
  public void readLog(PartitionReplica replica, Effect.ReadLog read) {
    long copy = replica.copy();
    background.execute(
        () -> {
          List<EntryBatch> batches = new ArrayList<>();
          readBatches(copy, read.fromIndex(), read.maxBytes(), batches);
          loop.execute(() -> onLogRead(replica, read, batches));
        });
  }

  /** Reads a replica's journal on another thread, and comes back on the loop. */
  void readLog(
      PartitionReplica replica, long fromIndex, int maxBytes, Consumer<List<EntryBatch>> then) {
    long copy = replica.copy();
    background.execute(
        () -> {
          List<EntryBatch> batches = new ArrayList<>();
          readBatches(copy, fromIndex, maxBytes, batches);
          loop.execute(() -> then.accept(batches));
        });
  }

  @Override
  public void readLog(QuorumReplica replica, LeaderlessEffect.ReadLog read) {
    long copy = replica.copy();
    hintReader.read(
        () -> {
          List<EntryBatch> batches = new ArrayList<>();
          long after = readBatches(copy, read.fromIndex(), read.maxBytes(), batches);
          return HintReader.ownStretch(read.fromIndex(), after, batches);
        },
        stretch -> {
          if (!replica.isClosed()) {
            long firstHeld = loop.journal().firstIndex(copy);
            replica.step(
                new LeaderlessEvent.LogRead(read.peer(), read.fromIndex(), stretch, firstHeld));
          }
        });
  }

  @Override
  public long maxHintAgeNanos() {
    return hints.maxAge().toNanos();
  }

  @Override
  public void persistCopyState(QuorumReplica replica, CopyState copyState) {
    long vouching = copyState == CopyState.VOUCHES ? replica.copy() : 0;
    long counting = copyState == CopyState.FORGOT ? 0 : replica.copy();
    ReplicaNote.VOUCHING_COPY.put(loop.journal(), replica.id(), vouching);
    ReplicaNote.COUNTING_COPY.put(loop.journal(), replica.id(), counting);
    loop.journalDirty();
  }

  /** Hands the first batch over; the machine asks for the next when it wants it. */
  private static void onLogRead(
      PartitionReplica replica, Effect.ReadLog read, List<EntryBatch> batches) {
    EntryBatch joined = batches.isEmpty() ? null : join(batches);
    replica.step(new Event.LogRead(read.follower(), read.fromIndex(), joined));
  }

  /** Small batches of one epoch that were read together go out together. */
  static EntryBatch join(List<EntryBatch> batches) {
    EntryBatch first = batches.get(0);
    io.trefoil.base.ByteSink body = new io.trefoil.base.ByteSink(first.body().length());
    int count = 0;
    long logTime = 0;
    for (EntryBatch batch : batches) {
      if (batch.epoch() != first.epoch() || batch.issuer() != first.issuer()) {
        break;
      }
      body.putBytes(batch.body().array(), 0, batch.body().length());
      count += batch.count();
      logTime = batch.logTimeMillis();
    }
    return new EntryBatch(
        first.epoch(),
        first.firstIndex(),
        count,
        logTime,
        first.issuer(),
        Bytes.wrap(body.toArray()));
  }

  @Override
  public void sendSnapshot(PartitionReplica replica, NodeId follower) {
    snapshots.send(replica, follower);
  }

  @Override
  public void persistPromise(PartitionReplica replica, long epoch, Runnable durable) {
    ReplicaNote.PROMISE.put(loop.journal(), replica.id(), epoch);
    loop.afterSync(durable);
  }

  @Override
  public void persistCounts(PartitionReplica replica, boolean counts) {
    ReplicaNote.COUNTING_COPY.put(loop.journal(), replica.id(), counts ? replica.copy() : 0);
    loop.journalDirty();
  }

  @Override
  public void hidValue(ConflictRecord conflict) {
    conflicts.add(conflict);
  }

  @Override
  public void hidUnknownValues(PartitionReplica replica, long count) {
    conflicts.addLost(replica.id(), count);
  }

  @Override
  public void reachedMark(PartitionReplica replica, PartitionReplica.Mark mark) {
    marks.accept(replica, mark);
  }
}
