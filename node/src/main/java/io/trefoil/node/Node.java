package io.trefoil.node;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
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
import io.trefoil.control.ControlPlane;
import io.trefoil.control.DatabaseOptions;
import io.trefoil.control.NodeLease;
import io.trefoil.control.Outcome;
import io.trefoil.control.Presence;
import io.trefoil.journal.Journal;
import io.trefoil.journal.JournalDamaged;
import io.trefoil.journal.JournalFailed;
import io.trefoil.journal.JournalSettings;
import io.trefoil.journal.JournalThreads;
import io.trefoil.journal.JournalUnusable;
import io.trefoil.node.http.HttpServer;
import io.trefoil.node.http.NodeMetrics;
import io.trefoil.node.http.Readiness;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.storage.Storage;
import io.trefoil.storage.StorageException;
import io.trefoil.storage.StorageSettings;
import io.trefoil.transport.Lane;
import io.trefoil.transport.PeerAddress;
import io.trefoil.transport.PeerNetwork;
import io.trefoil.transport.Sockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node: wires everything together, starts it in order, and stops it in the opposite one.
 *
 * <p><b>Start.</b> Settings → identity → storage and journal, which recover → peer port → the
 * control plane, which issues the incarnation → replicas and data loop → client port.
 *
 * <p><b>Threads.</b> The data loop owns partitions and clients; the control loop owns lease and
 * membership; the journal, the storage and Raft have their own.
 */
final class Node implements ControlLoop.Listener {
  static final String VERSION = "0.1.0";

  private static final Logger LOG = LoggerFactory.getLogger(Node.class);
  private static final long TICK_MILLIS = 20;
  private static final long REPORT_MILLIS = 500;
  private static final long PERSIST_MILLIS = 5_000;

  private final NodeSettings settings;
  private final IntConsumer onEnd;
  private final Clock clock = new SystemClock();
  private final Sockets sockets = Sockets.best();
  private final NodeLease lease = new NodeLease();
  private final ClusterStatus status = new ClusterStatus(clock);
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final long startedNanos = clock.monotonicNanos();

  private MultiThreadIoEventLoopGroup controlGroup;
  private MultiThreadIoEventLoopGroup dataGroup;
  private ExecutorService background;
  private NodeIdentity identity;
  private Storage storage;
  private Journal journal;
  private JournalThreads journalThreads;
  private JournalRecovery recovery;
  private PeerNetwork network;
  private PeerTraffic traffic;
  private ControlLoop control;
  private volatile Future<ControlPlane> knownPlane;
  private HttpServer http;
  private NodeMetrics metrics;
  private Channel clientPort;

  // There once this process has its incarnation.
  private volatile DataLoop data;
  private volatile NodeReplicas replicas;
  private Routes routes;
  private CommandRunner runner;
  private Forwards forwards;
  private SnapshotSender sender;
  private Verifications verifications;
  private NodeCommandRunner nodeCommands;
  private Clients clients;
  private volatile ClusterState state = ClusterState.EMPTY;
  private volatile long lastPersistMillis = clock.wallMillis();
  private volatile boolean serving;
  private long saidWholeNanos = clock.monotonicNanos();
  private volatile String failure;

  /**
   * @param onEnd gets the exit code when the node has to end by itself
   */
  Node(NodeSettings settings, IntConsumer onEnd) {
    this.settings = settings;
    this.onEnd = onEnd;
  }

  /**
   * Starts; the node serves clients once it has joined its cluster.
   *
   * @throws NodeFailure when it can't: {@link #stop} then gives back what was taken
   */
  void start() throws NodeFailure {
    Path dataDir = settings.node().dataDir();
    try {
      Files.createDirectories(dataDir);
      identity = NodeIdentity.load(dataDir, ThreadLocalRandom.current().nextLong());
      startLoops();
      startKnownPlane();
      openData(dataDir);
      nameCluster();
      listenForPeers();
    } catch (IOException e) {
      throw new NodeFailure(e.getMessage(), e);
    }
    startControl();
    startHttp();
    LOG.info(
        "started, version={} data={} client={}:{} peer={} control={} http={}",
        VERSION,
        dataDir,
        settings.client().bind(),
        settings.client().port(),
        settings.peer().port(),
        settings.peer().controlPort(),
        settings.httpPort());
  }

  private void openData(Path dataDir) throws NodeFailure, IOException {
    try {
      storage =
          Storage.open(
              StorageSettings.in(dataDir.resolve("storage"))
                  .withMemoryTableBytes(settings.memory().tableBytes())
                  .withBlockCacheBytes(settings.memory().blockCacheBytes()),
              broken -> failed("storage", broken));
      recovery = new JournalRecovery(storage);
      journal =
          Journal.open(
              dataDir.resolve("journal"),
              new JournalSettings(
                  identity.diskId(), settings.journal().segmentBytes(), 1 << 20, 20),
              recovery);
      recovery.checkCopies();
    } catch (StorageException | JournalDamaged | JournalUnusable | JournalFailed e) {
      throw new NodeFailure(e.getMessage(), e);
    } catch (InvariantViolation e) {
      throw new NodeFailure(
          "journal and storage in " + dataDir + " contradict each other: " + e.getMessage(), e);
    }
    if (journal.recovery().found() && !journal.recovery().unbroken()) {
      recovery.denyCopies(journal);
    }
    if (!journal.recovery().found() && identity.incarnation() > 0) {
      throw new NodeFailure(
          "the journal of "
              + dataDir
              + " is missing, although this disk has served: put it back, or start with an empty"
              + " data.dir, and the node joins as a new one",
          null);
    }
    if (identity.clusterId() == 0) {
      identity.store(dataDir); // so that the journal keeps its disk
    }
  }

  private void listenForPeers() throws IOException {
    try {
      network.listen(settings.peer().bind(), settings.peer().port());
    } catch (IOException e) {
      throw new IOException("peer.port " + settings.peer().port() + ": " + e.getMessage(), e);
    }
  }

  private void startLoops() {
    controlGroup = sockets.loop("control");
    dataGroup = sockets.loop("data");
    background = Executors.newFixedThreadPool(2, task -> daemon(task, "background"));
    EventLoop controlLoop = controlGroup.next();
    EventLoop dataLoop = dataGroup.next();
    network =
        new PeerNetwork(
            sockets.withBuffers(settings.peer().socketBufferBytes()),
            controlLoop,
            dataLoop,
            new LateTraffic());
    control = new ControlLoop(controlLoop, clock, network, lease, this, this::startPlane);
    traffic = new PeerTraffic(control, status);
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Lets the network be made before what it hands its frames to. */
  private final class LateTraffic implements io.trefoil.transport.PeerListener {
    @Override
    public String refuse(io.trefoil.transport.Hello hello) {
      return traffic.refuse(hello);
    }

    @Override
    public void onFrame(
        io.trefoil.transport.PeerConnection from, byte[] frame, int offset, int length) {
      traffic.onFrame(from, frame, offset, length);
    }

    @Override
    public void onReply(Lane lane, PeerAddress from, byte[] frame, int offset, int length) {
      traffic.onReply(lane, from, frame, offset, length);
    }

    @Override
    public void onLost(Lane lane, PeerAddress peer) {
      traffic.onLost(lane, peer);
    }

    @Override
    public void onConnected(Lane lane, PeerAddress peer) {
      traffic.onConnected(lane, peer);
    }
  }

  private void startHttp() throws NodeFailure {
    metrics =
        new NodeMetrics(
            settings.node().name(),
            settings.node().region(),
            () -> NodeSampler.sample(data, replicas, clients, storage, state));
    try {
      http = HttpServer.start(settings.httpPort(), metrics::scrape, readiness());
    } catch (IOException e) {
      throw new NodeFailure("http.port " + settings.httpPort() + ": " + e.getMessage(), e);
    }
  }

  private Readiness readiness() {
    return new Readiness() {
      @Override
      public java.util.Optional<String> whyNotHealthy() {
        return java.util.Optional.ofNullable(failure);
      }

      @Override
      public java.util.Optional<String> whyNotReady() {
        return serving
            ? java.util.Optional.empty()
            : java.util.Optional.of("the node has not joined its cluster yet");
      }
    };
  }

  /** Before the peer port opens: those who dial are told no other cluster than this node's. */
  private void nameCluster() throws NodeFailure {
    if (identity.clusterId() == 0 && settings.cluster().join().isEmpty()) {
      found();
    }
    traffic.clusterName(Long.toHexString(identity.clusterId()));
  }

  private void startControl() throws NodeFailure {
    boolean founder = settings.cluster().join().isEmpty();
    Presence presence =
        new Presence(
            identity.node() == 0 ? 0 : identity.clusterId(),
            identity.node() == 0 ? null : new NodeId(identity.node()),
            identity.diskId(),
            ThreadLocalRandom.current().nextLong(),
            identity.incarnation(),
            settings.node().name(),
            settings.node().region(),
            new Addresses(
                settings.peer().advertise(),
                settings.client().port(),
                settings.peer().port(),
                settings.peer().controlPort(),
                settings.httpPort()),
            settings.insecure());
    ControlLoop.Founding founding =
        founder
            ? new ControlLoop.Founding(
                identity.clusterId(),
                settings.cluster().expect(),
                settings.cluster().lease().toMillis(),
                new DatabaseOptions(
                    null,
                    null,
                    null,
                    settings.cluster().database0Partitions(),
                    null,
                    null,
                    null,
                    null,
                    null))
            : null;
    List<PeerAddress> seeds =
        settings.cluster().join().stream()
            .map(seed -> new PeerAddress(0, seed.host(), seed.port()))
            .toList();
    control.start(presence, founding, seeds);
  }

  /** Stores the new cluster's id first: a founder that is killed goes on with the same cluster. */
  private void found() throws NodeFailure {
    identity = identity.joined(ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE), 0, 0);
    try {
      identity.store(settings.node().dataDir());
    } catch (IOException e) {
      throw new NodeFailure(e.getMessage(), e);
    }
  }

  /** A node that was in its cluster before starts its Raft server while it opens its data. */
  private void startKnownPlane() {
    if (identity.node() != 0) {
      NodeId self = new NodeId(identity.node());
      boolean founder = settings.cluster().join().isEmpty();
      knownPlane = background.submit(() -> openPlane(self, identity.clusterId(), founder));
    }
  }

  private ControlPlane startPlane(NodeId self, long clusterId, boolean founder) throws IOException {
    Future<ControlPlane> known = knownPlane;
    if (known == null) {
      return openPlane(self, clusterId, founder);
    }
    knownPlane = null;
    return await(known);
  }

  private static ControlPlane await(Future<ControlPlane> plane) throws IOException {
    try {
      return plane.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the control plane started", e);
    }
  }

  private ControlPlane openPlane(NodeId self, long clusterId, boolean founder) throws IOException {
    ControlPlane.Settings plane =
        new ControlPlane.Settings(
            self,
            clusterId,
            settings.peer().advertise(),
            settings.peer().bind(),
            settings.peer().controlPort(),
            settings.node().dataDir().resolve("control"));
    checkControlPort(plane);
    return founder ? ControlPlane.found(plane) : ControlPlane.join(plane);
  }

  /** The consensus does not tell why it could not open its port, so it is tried here first. */
  private static void checkControlPort(ControlPlane.Settings plane) throws IOException {
    try {
      new ServerSocket(plane.port(), 1, InetAddress.getByName(plane.bind())).close();
    } catch (IOException e) {
      throw new IOException("control.port " + plane.port() + ": " + e.getMessage(), e);
    }
  }

  // What the control loop tells. On its thread.

  @Override
  public void registered(Outcome.Registered registered) throws IOException {
    identity =
        identity.joined(
            registered.clusterId(), registered.node().number(), registered.incarnation());
    identity.store(settings.node().dataDir());
    String cluster = Long.toHexString(registered.clusterId());
    traffic.clusterName(cluster);
    network.identify(
        cluster, registered.node().number(), Math.toIntExact(registered.incarnation()));
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
    List<PartitionReplica.Start> found = recovery.replicas(unbroken);
    HybridClock stamps = new HybridClock(recovery.lastStamp());
    DataLoop loop =
        new DataLoop(
            dataGroup.next(),
            clock,
            stamps,
            lease,
            registered.node(),
            Math.toIntExact(registered.incarnation()));
    journalThreads =
        JournalThreads.start(
            journal,
            "journal",
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
    loop.use(journal, journalThreads, storage, network, this::failed);
    routes = new Routes();
    forwards = new Forwards(loop, routes);
    sender = new SnapshotSender(loop, background);
    verifications = new Verifications(loop, routes);
    AsyncReplies asyncReplies = new AsyncReplies(loop);
    nodeCommands = new NodeCommandRunner(loop, routes, forwards, verifications, outside(loop));
    runner =
        new CommandRunner(
            loop,
            routes,
            forwards,
            asyncReplies,
            nodeCommands,
            (number, then) -> nodeCommands.submit(new ControlCommand.Ensure(number), then),
            settings.client().maxBulkBytes());
    CopyIds copyIds = new CopyIds(registered.incarnation());
    NodeReplicas made =
        new NodeReplicas(
            new NodeReplicas.Surroundings(
                loop,
                storage,
                copyIds,
                routes,
                background,
                sender,
                settings.node().dataDir().resolve("divergence"),
                settings.node().name(),
                control::tell,
                // Not at once: a machine that just became leader has yet to open its epoch.
                () ->
                    loop.execute(
                        () -> {
                          forwards.leadersChanged();
                          runner.retryWaiting();
                        }),
                verifications::onMark),
            found);
    SnapshotReceiver receiver = new SnapshotReceiver(loop, storage, copyIds, made::find);
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
            Clients.limits(settings.client().maxBulkBytes())));
    recovery.strays().forEach(storage::drop);
    recovery.owner().handOver(loop::execute);
    replicas = made;
    data = loop;
  }

  private NodeCommandRunner.Outside outside(DataLoop loop) {
    return new NodeCommandRunner.Outside(
        () -> state,
        receiver -> writeStatus(loop, receiver),
        control::submit,
        this::persist,
        () -> lastPersistMillis,
        () -> onEnd.accept(0));
  }

  @Override
  public void serving() {
    try {
      openClientPort();
    } catch (IOException e) {
      failed("client.port " + settings.client().port(), e);
      return;
    }
    EventLoop loop = data.eventLoop();
    loop.scheduleAtFixedRate(
        () -> data.execute(this::tick), TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    loop.scheduleAtFixedRate(this::persist, PERSIST_MILLIS, PERSIST_MILLIS, TimeUnit.MILLISECONDS);
    control.eventLoop().scheduleAtFixedRate(this::report, 0, REPORT_MILLIS, TimeUnit.MILLISECONDS);
    serving = true;
    LOG.info("serving clients on {}:{}", settings.client().bind(), settings.client().port());
  }

  private void openClientPort() throws IOException {
    NodeServer server = new NodeServer(settings, clock, routes);
    clients =
        new Clients(
            clock,
            settings.client().maxConnections(),
            server,
            session -> connection(session, server));
    server.use(
        clients,
        new InfoPage(
            new InfoPage.Sources(settings, data, routes, clients, storage, () -> state, VERSION)));
    try {
      clientPort =
          new ServerBootstrap()
              .group(data.eventLoop())
              .channel(sockets.serverChannel())
              .option(ChannelOption.SO_REUSEADDR, true)
              .option(ChannelOption.SO_BACKLOG, 1024)
              .childOption(ChannelOption.TCP_NODELAY, true)
              .childOption(ChannelOption.SO_KEEPALIVE, true)
              .childHandler(clients)
              .bind(settings.client().bind(), settings.client().port())
              .syncUninterruptibly()
              .channel();
    } catch (Exception e) {
      throw new IOException(e.getMessage(), e); // Netty throws checked exceptions unchecked
    }
  }

  private ClientConnection connection(Session session, NodeServer server) {
    return new ClientConnection(
        data, runner, server, clients, session, Clients.limits(settings.client().maxBulkBytes()));
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
  public void refused(String error) {
    failed("joining the cluster", new IOException(error));
  }

  @Override
  public void failed(String what, Throwable cause) {
    if (stopping.get()) {
      return;
    }
    failure = what + ": " + cause.getMessage();
    LOG.error("{} failed; the node stops", what, cause);
    System.err.println("trefoil node: " + failure);
    lease.release();
    if (cause instanceof InvariantViolation) {
      Runtime.getRuntime().halt(Main.FAILED); // nothing of an impossible state is written any more
    }
    onEnd.accept(Main.FAILED);
  }

  // Time.

  private void tick() {
    replicas.tick();
    sender.tick();
    verifications.tick();
    forwards.expire();
    nodeCommands.tick();
    runner.retryWaiting();
    data.expireReplies();
    data.runStalled();
    maybeSayWhole();
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
    replicas.release(durable, settings.journal().keepBytes());
  }

  private void report() {
    DataLoop loop = data;
    loop.execute(
        () -> {
          ObjectNode report =
              StatusReport.write(
                  loop.self(),
                  (clock.monotonicNanos() - startedNanos) / 1_000_000_000,
                  VERSION,
                  routes,
                  loop.nowNanos() / 1_000_000);
          control.eventLoop().execute(() -> send(loop.self(), report));
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
        .eventLoop()
        .execute(
            () -> {
              ObjectNode json =
                  status.write(state, loop.self(), control.controllerNow(), control.voters());
              loop.execute(() -> receiver.accept(json));
            });
  }

  // The end.

  /** Stops serving, tells the cluster, writes out and closes. May be called at any stage. */
  void stop() {
    if (!stopping.compareAndSet(false, true)) {
      return;
    }
    serving = false;
    try {
      stopServing();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closeQuietly(http, "http");
    closeQuietly(metrics, "metrics");
    closeQuietly(control == null ? null : control::close, "the control plane");
    closeQuietly(journalThreads, "the journal's threads");
    closeQuietly(journal, "the journal");
    closeQuietly(verifications, "the verifications");
    closeQuietly(storage, "storage");
    LOG.info("stopped");
  }

  private void stopServing() throws InterruptedException {
    if (clientPort != null) {
      clientPort.close().sync();
    }
    DataLoop loop = data;
    if (loop != null) {
      loop.eventLoop().submit(lease::release).sync(); // nothing leaves after this
    }
    if (control != null) {
      control.stop();
    }
    if (network != null) {
      network.close();
    }
    for (MultiThreadIoEventLoopGroup group :
        new MultiThreadIoEventLoopGroup[] {dataGroup, controlGroup}) {
      if (group != null) {
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).sync();
      }
    }
    Future<ControlPlane> notTaken = knownPlane;
    closeQuietly(notTaken == null ? null : () -> await(notTaken).close(), "the Raft server");
    if (background != null) {
      background.shutdownNow();
    }
  }

  private static void closeQuietly(AutoCloseable closeable, String what) {
    if (closeable == null) {
      return;
    }
    try {
      closeable.close();
    } catch (Exception e) {
      LOG.warn("closing {} failed: {}", what, e.toString());
    }
  }
}
