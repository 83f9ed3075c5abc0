package io.trefoil.node;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.base.ByteSink;
import io.trefoil.base.Clock;
import io.trefoil.base.HybridClock;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.command.Session;
import io.trefoil.control.Addresses;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.ControlCommand;
import io.trefoil.control.ControlMessage;
import io.trefoil.control.DatabaseOptions;
import io.trefoil.control.NodeLease;
import io.trefoil.control.Outcome;
import io.trefoil.control.Presence;
import io.trefoil.journal.Journal;
import io.trefoil.journal.JournalDamaged;
import io.trefoil.journal.JournalFailed;
import io.trefoil.journal.JournalThreads;
import io.trefoil.journal.JournalUnusable;
import io.trefoil.journal.Syncing;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.storage.Storage;
import io.trefoil.storage.StorageException;
import io.trefoil.transport.Lane;
import io.trefoil.transport.PeerAddress;
import io.trefoil.transport.Peers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node does, without a thread, socket, file or clock of its own: it wires the parts together
 * over its {@link NodePorts}, and has them follow the control plane. A process is a {@link Node}
 * around this; the simulator runs many of these in one thread.
 *
 * <p><b>Start.</b> {@link #open} has storage and journal recover; {@link #start} joins the cluster,
 * which issues the incarnation, with which replicas are made; then clients are let in.
 */
public final class NodeCore implements ControlLoop.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(NodeCore.class);
  private static final long TICK_MILLIS = 20;
  private static final long REPORT_MILLIS = 500;
  private static final long PERSIST_MILLIS = 5_000;

  /** How long a node that is asked to stop waits for others to lead what it led. */
  private static final long HAND_OVER_NANOS = 5_000_000_000L;

  /** What others sent before they heard of the new leaders is sent back for so long. */
  private static final long LINGER_NANOS = 100_000_000L;

  private final NodeSettings settings;
  private final NodePorts ports;
  private final Clock clock;
  private final NodeLease lease = new NodeLease();
  private final ClusterStatus status;
  private final PeerTraffic traffic;
  private final Peers network;
  private final ControlLoop control;
  private final long startedNanos;

  private NodeIdentity identity;
  private Storage storage;
  private Journal journal;
  private JournalRecovery recovery;
  private List<DivergenceSummary> diverged;
  private List<String> hiddenBefore;

  // There once this process has its incarnation.
  private volatile DataLoop data;
  private volatile NodeReplicas replicas;
  private volatile Clients clients;
  private Syncing syncing;
  private Routes routes;
  private CommandRunner runner;
  private Forwards forwards;
  private SnapshotSender sender;
  private SnapshotReceiver receiver;
  private Verifications verifications;
  private volatile Scrub scrub;
  private RegionLinks regions;
  private NodeCommandRunner nodeCommands;
  private volatile Divergences divergences;

  private final DiskRoom room;
  private final DiskPace pace;
  private volatile ClusterState state = ClusterState.EMPTY;
  private volatile long lastPersistMillis;
  private long saidWholeNanos;
  private long drainedNanos;
  private boolean drainedForDisk;

  /**
   * @param identity what the disk says, stored or not yet
   */
  public NodeCore(NodeSettings settings, NodeIdentity identity, NodePorts ports) {
    this.settings = settings;
    this.identity = identity;
    this.ports = ports;
    this.clock = ports.clock();
    this.status = new ClusterStatus(clock);
    this.traffic = new PeerTraffic(status);
    this.network = ports.peers(traffic);
    this.control =
        new ControlLoop(ports.controlLoop(), clock, network, lease, this, ports::openConsensus);
    traffic.control(control);
    this.startedNanos = clock.monotonicNanos();
    this.saidWholeNanos = startedNanos;
    this.drainedNanos = startedNanos;
    this.room = new DiskRoom(settings.node().name(), settings.node().reserveBytes());
    this.pace = new DiskPace(settings.node().name(), startedNanos);
    this.lastPersistMillis = clock.wallMillis();
  }

  /**
   * Opens what the disk holds, and recovers.
   *
   * @throws NodeFailure when it can't be used: the message says what to do
   */
  public void open() throws NodeFailure {
    try {
      storage = ports.openStorage(broken -> ports.failed("storage", broken));
      recovery = new JournalRecovery(storage);
      journal = ports.openJournal(identity.diskId(), recovery);
      recovery.checkCopies();
      recovery.goOnFromStorage(journal);
    } catch (StorageException | JournalDamaged | JournalUnusable | JournalFailed e) {
      throw new NodeFailure(e.getMessage(), e);
    } catch (InvariantViolation e) {
      throw new NodeFailure(
          "journal and storage in "
              + settings.node().dataDir()
              + " contradict each other: "
              + e.getMessage()
              + "; put both back as they were together; or ./trefoil heal has the others fill this"
              + " node's copies anew",
          e);
    }
    if (journal.recovery().found() && !journal.recovery().unbroken()) {
      recovery.denyCopies(journal);
    }
    if (!journal.recovery().found() && identity.incarnation() > 0) {
      throw new NodeFailure(
          "the journal of "
              + settings.node().dataDir()
              + " is missing, although this disk has served: put it back; or ./trefoil heal has the"
              + " others fill this node's copies anew",
          null);
    }
    try {
      diverged = ports.divergences().list();
      hiddenBefore = ports.conflicts().read();
      nameCluster();
    } catch (IOException e) {
      throw new NodeFailure(e.getMessage(), e);
    }
  }

  /**
   * Before the peer port opens: those who dial are told no other cluster than this node's. A
   * founder that is killed goes on with the same cluster.
   */
  private void nameCluster() throws IOException {
    if (identity.clusterId() == 0) {
      if (isFounder()) {
        identity = identity.joined(1 + (ports.draw() >>> 2), 0, 0);
      }
      ports.store(identity); // so that the journal keeps its disk
    }
    traffic.identify(Long.toHexString(identity.clusterId()), identity.node());
  }

  private boolean isFounder() {
    return settings.cluster().join().isEmpty();
  }

  /** Begins to join the cluster, or to found it. */
  public void start() {
    boolean known = identity.node() != 0;
    Presence presence =
        new Presence(
            known ? identity.clusterId() : 0,
            known ? new NodeId(identity.node()) : null,
            identity.diskId(),
            ports.draw(),
            identity.incarnation(),
            identity.incarnation(),
            settings.node().name(),
            settings.node().region(),
            new Addresses(
                settings.peer().advertise(),
                settings.client().port(),
                settings.peer().port(),
                settings.peer().controlPort(),
                settings.httpPort(),
                settings.region().advertise()),
            settings.insecure());
    List<PeerAddress> seeds =
        settings.cluster().join().stream()
            .map(seed -> new PeerAddress(0, seed.host(), seed.port()))
            .toList();
    control.start(presence, isFounder() ? founding() : null, seeds);
  }

  private ControlLoop.Founding founding() {
    return new ControlLoop.Founding(
        identity.clusterId(),
        settings.cluster().expect(),
        settings.cluster().lease().toMillis(),
        DatabaseOptions.ofPartitions(settings.cluster().database0Partitions()));
  }

  // What the control loop tells. On its thread.

  @Override
  public void registered(Outcome.Registered registered) throws IOException {
    identity =
        identity.joined(
            registered.clusterId(), registered.node().number(), registered.incarnation());
    ports.store(identity);
    String cluster = Long.toHexString(registered.clusterId());
    traffic.identify(cluster, registered.node().number());
    network.identify(
        cluster,
        settings.node().region(),
        registered.node().number(),
        Math.toIntExact(registered.incarnation()));
    makeReplicas(registered);
    LOG.info(
        "registered as {} of cluster {}, incarnation={} voter={}{}",
        registered.node(),
        cluster,
        registered.incarnation(),
        registered.voter(),
        registered.amnesiac() ? ", with an older disk" : "");
  }

  private void makeReplicas(Outcome.Registered registered) {
    boolean unbroken = journal.recovery().unbroken() && !registered.amnesiac();
    boolean forgot = registered.amnesiac() || journal.recovery().found() && !unbroken;
    List<PartitionReplica.Start> found = recovery.replicas(unbroken);
    HybridClock stamps = new HybridClock(recovery.lastStamp());
    DataLoop loop =
        new DataLoop(
            ports.dataLoop(),
            clock,
            stamps,
            lease,
            registered.node(),
            Math.toIntExact(registered.incarnation()));
    syncing =
        ports.startSyncing(
            journal,
            new JournalThreads.Listener() {
              @Override
              public void onSynced(long offset) {
                loop.execute(() -> loop.synced(offset));
              }

              @Override
              public void onFailed(JournalFailed broken) {
                failed("the journal", broken);
              }
            });
    loop.use(journal, syncing, storage, network, this::failed);
    routes = new Routes();
    forwards = new Forwards(loop, routes);
    RateLimit rate = new RateLimit(settings.snapshot().rateBytes(), clock.monotonicNanos());
    sender = new SnapshotSender(loop, ports.background(), rate);
    verifications =
        new Verifications(
            loop, routes, ports.verifying(), why -> failed("scrub", storage.foundDamaged(why)));
    AsyncReplies asyncReplies = new AsyncReplies(loop);
    Divergences kept =
        new Divergences(
            settings.node().name(),
            settings.client().port(),
            loop,
            ports.background(),
            ports.divergences(),
            routes,
            forwards,
            () -> state,
            diverged);
    ConflictLog conflictLog =
        new ConflictLog(
            loop::execute, ports.background(), loop::nowNanos, ports.conflicts(), hiddenBefore);
    hiddenBefore = null;
    nodeCommands =
        new NodeCommandRunner(
            loop,
            routes,
            forwards,
            verifications,
            asyncReplies,
            kept,
            new Conflicts(loop, routes, forwards, () -> state, conflictLog),
            new Tails(loop, routes, forwards, asyncReplies, ports.background(), () -> state),
            outside(loop));
    runner =
        new CommandRunner(
            loop,
            routes,
            forwards,
            asyncReplies,
            nodeCommands,
            room,
            settings.client().maxBulkBytes());
    kept.use(runner);
    divergences = kept;
    CopyIds copyIds = new CopyIds(registered.incarnation());
    NodeReplicas made =
        new NodeReplicas(
            new NodeReplicas.Surroundings(
                loop,
                storage,
                copyIds,
                routes,
                ports.background(),
                sender,
                settings.hints(),
                kept,
                conflictLog,
                control::tell,
                // Not at once: a machine that just became leader has yet to open its epoch.
                () ->
                    loop.execute(
                        () -> {
                          forwards.leadersChanged();
                          runner.retryWaiting();
                        }),
                verifications::onMark,
                settings.repair().pause().toMillis(),
                new RepairPace(loop, settings.repair().rateBytes()),
                settings.clockMaxSkew().toMillis()),
            new NodeReplicas.Found(
                found,
                recovery::origin,
                recovery::place,
                recovery.toldClock(),
                unbroken,
                forgot,
                registered.amnesiac()));
    scrub = new Scrub(loop, routes, verifications, made::nodeName, settings.scrubEvery().toNanos());
    receiver = new SnapshotReceiver(loop, storage, copyIds, made::find);
    regions =
        new RegionLinks(
            loop,
            routes,
            made::readLog,
            new RateLimit(settings.region().rateBytes(), loop.nowNanos()));
    RegionDefinitions definitions =
        new RegionDefinitions(loop, regions, () -> state, ports::draw, nodeCommands::submit);
    regions.use(definitions);
    nodeCommands.use(definitions, new RegionVerifications(regions, ports::draw));
    traffic.data(
        new PeerTraffic.DataSide(
            loop,
            made,
            routes,
            runner,
            forwards,
            sender,
            receiver,
            verifications,
            regions,
            Clients.limits(settings.client().maxBulkBytes())));
    recovery.strays().forEach(storage::drop);
    recovery.owner().handOver(loop::execute);
    makeClients(loop);
    replicas = made;
    data = loop;
  }

  private void makeClients(DataLoop loop) {
    NodeServer server = new NodeServer(settings, clock, routes);
    clients =
        new Clients(
            clock,
            settings.client().maxConnections(),
            server,
            (session, socket) -> connection(loop, session, socket, server));
    server.use(
        clients,
        new InfoPage(
            new InfoPage.Sources(
                settings,
                loop,
                routes,
                clients,
                storage,
                divergences,
                nodeCommands.pubSub(),
                () -> state,
                Node.VERSION)),
        nodeCommands.pubSub());
  }

  private NodeCommandRunner.Outside outside(DataLoop loop) {
    return new NodeCommandRunner.Outside(
        settings.node().hasRegion() ? settings.node().region() : "",
        () -> state,
        receiver -> writeStatus(loop, receiver),
        control::submit,
        this::persist,
        () -> lastPersistMillis,
        ports::shutdown);
  }

  @Override
  public void serving() {
    try {
      ports.openToClients();
    } catch (IOException e) {
      failed("client.port " + settings.client().port(), e);
      return;
    }
    ports.dataLoop().every(TICK_MILLIS, TICK_MILLIS, () -> data.execute(this::tick));
    ports.dataLoop().every(PERSIST_MILLIS, PERSIST_MILLIS, this::persist);
    ports.controlLoop().every(0, REPORT_MILLIS, this::report);
    LOG.info("serving clients on {}:{}", settings.client().bind(), settings.client().port());
  }

  private ClientConnection connection(
      DataLoop loop, Session session, ClientSocket socket, NodeServer server) {
    return new ClientConnection(
        loop,
        runner,
        server,
        clients,
        session,
        socket,
        Clients.limits(settings.client().maxBulkBytes()));
  }

  /**
   * A client has connected. On the data loop, once {@link NodePorts#openToClients} was called.
   *
   * @return null when there are too many: it was told so, and its socket closes
   */
  public ClientConnection connect(ClientSocket socket, String address) {
    return clients.connect(socket, address, settings.client().bind());
  }

  @Override
  public void stateChanged(ClusterState newer) {
    if (state.clusterId() == 0 && newer.clusterId() != 0) {
      compareLease(newer);
    }
    state = newer;
    traffic.state(newer);
    DataLoop loop = data;
    loop.execute(
        () -> {
          for (ClusterNode node : newer.nodes().values()) {
            if (!node.id().equals(loop.self())) {
              network.connect(
                  Lane.DATA,
                  new PeerAddress(
                      node.id().number(), node.addresses().host(), node.addresses().peerPort()));
            }
          }
          replicas.onState(newer);
          regions.onState(newer);
          lease.onState(newer.version()); // what is led no more has stepped down
        });
  }

  private void compareLease(ClusterState founded) {
    long own = settings.cluster().lease().toMillis();
    if (own != founded.leaseMillis()) {
      LOG.info(
          "cluster.lease: the cluster was founded with {}ms, which counts; this node's {}ms does"
              + " not",
          founded.leaseMillis(),
          own);
    }
  }

  @Override
  public void fence(SortedMap<PartitionId, Long> epochs) {
    DataLoop loop = data;
    if (loop != null) {
      loop.execute(() -> replicas.fence(epochs));
    }
  }

  @Override
  public void handOver(List<ControlMessage.HandOver> partitions) {
    DataLoop loop = data;
    if (loop != null) {
      loop.execute(() -> replicas.handOver(partitions));
    }
  }

  @Override
  public void refused(String error) {
    failed("joining the cluster", new IOException(error));
  }

  @Override
  public void failed(String what, Throwable cause) {
    lease.release();
    ports.failed(what, cause);
  }

  // Time.

  private void tick() {
    lookAtDisk();
    replicas.tick();
    regions.tick();
    sender.tick();
    receiver.tick();
    verifications.tick();
    scrub.tick();
    forwards.expire();
    nodeCommands.tick();
    runner.retryWaiting();
    data.expireReplies();
    data.runStalled();
    maybeSayWhole();
  }

  /** A disk that fills up or does not answer is left to others, as far as they have the same. */
  private void lookAtDisk() {
    if (room.measured(ports.freeDiskBytes())) {
      if (room.isLow()) {
        LOG.warn("{}", room.text());
      } else {
        LOG.info("{} MB of disk are free again: all writes are taken", room.freeBytes() >> 20);
      }
    }
    if (pace.looked(journal.written(), journal.synced(), data.nowNanos())) {
      if (pace.isStalled()) {
        LOG.warn("{}", pace.text());
      } else {
        LOG.info("the disk answers again");
      }
    }
    leaveToOthers(room.isLow() || pace.isStalled());
  }

  private void leaveToOthers(boolean isBad) {
    ClusterNode self = state.nodes().get(data.self());
    boolean due = data.nowNanos() - drainedNanos > REPORT_MILLIS * 1_000_000;
    boolean hasOthers = state.nodes().size() > 1;
    boolean wrong = self != null && (isBad ? !self.drained() : drainedForDisk && self.drained());
    if (hasOthers && wrong && due) {
      drainedNanos = data.nowNanos();
      drainedForDisk = isBad;
      control.submit(new ControlCommand.Drain(self.name(), isBad), outcome -> {});
    }
  }

  /** While this thread waits for the disk nothing here serves, whatever the lease says. */
  @Override
  public boolean isStuck() {
    DataLoop loop = data;
    return loop != null && loop.writingNanos() > DiskPace.STALLED_NANOS;
  }

  /** A node that came back with an older disk counts again once all its replicas are whole. */
  private void maybeSayWhole() {
    ClusterNode self = state.nodes().get(data.self());
    boolean due = clock.monotonicNanos() - saidWholeNanos > REPORT_MILLIS * 1_000_000;
    if (self != null && self.amnesiac() && due && replicas.areWhole(state)) {
      saidWholeNanos = clock.monotonicNanos();
      control.tell(new ControlMessage.WholeReport(data.self(), data.incarnation()));
    }
  }

  /** Makes what storage has durable, so that the journal can let its beginning go. */
  private void persist() {
    data.execute(
        () -> {
          if (journal.sizeBytes() > settings.journal().segmentBytes()) {
            replicas.freezeIdle();
          }
        });
    storage
        .persist()
        .whenComplete(
            (durable, broken) -> {
              if (broken == null) {
                lastPersistMillis = clock.wallMillis();
                data.execute(() -> release(durable));
              }
            });
  }

  private void release(Map<Long, Position> durable) {
    NodeSettings.Journal kept = settings.journal();
    replicas.release(durable, kept.keepBytes(), kept.tailBytes());
  }

  private void report() {
    DataLoop loop = data;
    loop.execute(
        () -> {
          ObjectNode report =
              StatusReport.write(
                  loop.self(),
                  (clock.monotonicNanos() - startedNanos) / 1_000_000_000,
                  Node.VERSION,
                  routes,
                  replicas.strays().ids(),
                  divergences,
                  loop.nowNanos() / 1_000_000);
          if (room.isLow() || pace.isStalled()) {
            report.put("disk", room.isLow() ? room.text() : pace.text());
          }
          if (!scrub.differing().isEmpty()) {
            ArrayNode differing = report.putArray("differing");
            scrub.differing().values().forEach(differing::add);
          }
          StatusReport.addClocks(report, replicas.clocks().recent(loop.nowNanos() / 1_000_000));
          control.loop().execute(() -> send(loop.self(), report));
        });
  }

  private void send(NodeId self, ObjectNode report) {
    StatusReport.addReasons(report, control.reasons());
    byte[] json = report.toString().getBytes(StandardCharsets.UTF_8);
    status.onReport(self.number(), json, 0, json.length);
    ByteSink frame = new ByteSink(json.length + 1);
    frame.putByte(Frames.REPORT).putBytes(json, 0, json.length);
    control.broadcast(frame.toArray());
  }

  private void writeStatus(DataLoop loop, Consumer<ObjectNode> receiver) {
    control
        .loop()
        .execute(
            () -> {
              ObjectNode json =
                  status.write(state, loop.self(), control.controllerNow(), control.voters());
              loop.execute(() -> receiver.accept(json));
            });
  }

  // The end.

  /**
   * Stops serving, so that nothing more is promised.
   *
   * @param handsOver what this node leads first, as far as others can lead it and that takes no
   *     time; not when something failed that a leader needs
   * @param then runs when nothing leaves any more, on one of the loops
   */
  public void stopServing(boolean handsOver, Runnable then) {
    DataLoop loop = data;
    if (loop == null) {
      control.stop(then);
      return;
    }
    loop.execute(
        () -> {
          if (handsOver && leadsForOthers()) {
            control.submit(new ControlCommand.Drain(settings.node().name(), true), outcome -> {});
          }
          long patience = handsOver ? HAND_OVER_NANOS : 0;
          long now = clock.monotonicNanos();
          stopWhenHandedOver(now + patience, now, then);
        });
  }

  /** On the data loop. */
  private void stopWhenHandedOver(long deadlineNanos, long staysNanos, Runnable then) {
    long now = clock.monotonicNanos();
    long stays = leadsForOthers() ? now + LINGER_NANOS : staysNanos;
    if (now - stays < 0 && now - deadlineNanos < 0) {
      ports
          .dataLoop()
          .schedule(
              TICK_MILLIS,
              () -> data.execute(() -> stopWhenHandedOver(deadlineNanos, stays, then)));
      return;
    }
    lease.release();
    runner.sendBack();
    verifications.close();
    control.stop(then);
  }

  /** Whether others take this node for the leader of a partition of which another has a copy. */
  private boolean leadsForOthers() {
    return routes.partitions().stream()
        .anyMatch(
            route ->
                route.local() != null
                    && (route.leadsHere() || route.local().leadsToTheCluster())
                    && route.terms().state().replicas().size() > 1);
  }

  /** Closes what has no thread any more; what fails to close is given to {@code failed}. */
  void close(Closing closing) {
    closing.close("the control plane", control::close);
    closing.close("the journal's threads", syncing);
    closing.close("the journal", journal);
    closing.close("storage", storage);
  }

  /** Closes one part; null is closed. */
  interface Closing {
    void close(String what, AutoCloseable part);
  }

  /** This node's replicas, in no order; none before it has joined. On the data loop. */
  public List<ReplicaView> replicas() {
    List<ReplicaView> views = new ArrayList<>();
    if (replicas != null) {
      replicas.all().forEach(replica -> views.add(ReplicaView.of(replica)));
    }
    return views;
  }

  /** Where this node's replicas of leaderless partitions are. On the data loop. */
  public List<QuorumView> quorums() {
    List<QuorumView> views = new ArrayList<>();
    if (replicas != null) {
      replicas.allQuorums().forEach(replica -> views.add(QuorumView.of(replica)));
    }
    return views;
  }

  /** What this node's leaders of partitions have of other regions. On the data loop. */
  public List<RegionView> regions() {
    List<RegionView> views = new ArrayList<>();
    if (replicas != null) {
      for (PartitionReplica replica : replicas.all()) {
        if (replica.exchange() != null) {
          views.add(RegionView.of(replica));
        }
      }
    }
    return views;
  }

  /**
   * Which partitions differ between their replicas, as far as this node compares them, in words. On
   * the data loop.
   */
  public SortedMap<PartitionId, String> differing() {
    return scrub == null ? Collections.emptySortedMap() : scrub.differing();
  }

  /** The cluster's state as this node knows it. */
  public ClusterState state() {
    return state;
  }

  /** Figures for the metrics page; waits for the data loop. */
  io.trefoil.node.http.NodeSample sample() {
    return NodeSampler.sample(data, replicas, scrub, clients, storage, divergences, state);
  }

  Clients clients() {
    return clients;
  }
}
