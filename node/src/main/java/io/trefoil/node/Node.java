package io.trefoil.node;

import io.netty.channel.Channel;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.trefoil.base.Clock;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.NodeId;
import io.trefoil.control.Consensus;
import io.trefoil.control.ControlPlane;
import io.trefoil.journal.Journal;
import io.trefoil.journal.JournalReplay;
import io.trefoil.journal.JournalSettings;
import io.trefoil.journal.JournalThreads;
import io.trefoil.journal.Syncing;
import io.trefoil.node.http.HttpServer;
import io.trefoil.node.http.NodeMetrics;
import io.trefoil.node.http.Readiness;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.storage.Storage;
import io.trefoil.storage.StorageException;
import io.trefoil.storage.StorageSettings;
import io.trefoil.transport.PeerListener;
import io.trefoil.transport.PeerNetwork;
import io.trefoil.transport.Peers;
import io.trefoil.transport.Sockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
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
 * A node's process: real threads, files and sockets around a {@link NodeCore}. Starts everything in
 * order, and stops it in the opposite one.
 *
 * <p><b>Start.</b> Settings → identity → storage and journal, which recover → peer port → the
 * control plane, which issues the incarnation → replicas and data loop → client port.
 *
 * <p><b>Threads.</b> The data loop owns partitions and clients; the control loop owns lease and
 * membership; the journal, the storage and Raft have their own.
 */
final class Node implements NodePorts {
  static final String VERSION = "0.1.0";

  /** Folders within data.dir. */
  static final String JOURNAL = "journal";

  static final String STORAGE = "storage";

  private static final Logger LOG = LoggerFactory.getLogger(Node.class);
  private static final int JOURNAL_BUFFER_BYTES = 1 << 20;
  private static final int SYNC_INTERVAL_MILLIS = 20;
  private static final long CONFLICT_FILE_BYTES = 4 << 20;
  private static final long VERIFYING_SECONDS = 10;
  private static final long SERVING_SECONDS = 5;
  private static final long DISK_MILLIS = 1_000;

  private final NodeSettings settings;
  private final IntConsumer onEnd;
  private final Path dataDir;
  private final Clock clock = new SystemClock();
  private final Sockets sockets = Sockets.best();
  private final AtomicBoolean stopping = new AtomicBoolean();

  private MultiThreadIoEventLoopGroup controlGroup;
  private MultiThreadIoEventLoopGroup dataGroup;
  private NettyLoop controlLoop;
  private NettyLoop dataLoop;
  private ExecutorService background;
  private ExecutorService verifying;
  private PeerNetwork network;
  private NodeCore core;
  private volatile Future<ControlPlane> knownPlane;
  private HttpServer http;
  private NodeMetrics metrics;
  private Channel clientPort;
  private volatile boolean serving;
  private volatile long freeDiskBytes = Long.MAX_VALUE;
  private volatile String failure;

  /**
   * @param onEnd gets the exit code when the node has to end by itself
   */
  Node(NodeSettings settings, IntConsumer onEnd) {
    this.settings = settings;
    this.onEnd = onEnd;
    this.dataDir = settings.node().dataDir();
  }

  /**
   * Starts; the node serves clients once it has joined its cluster.
   *
   * @throws NodeFailure when it can't: {@link #stop} then gives back what was taken
   */
  void start() throws NodeFailure {
    try {
      Files.createDirectories(dataDir);
      NodeIdentity identity = NodeIdentity.load(dataDir, ThreadLocalRandom.current().nextLong());
      startThreads();
      startKnownPlane(identity);
      core = new NodeCore(settings, identity, this);
      core.open();
      listenForPeers();
    } catch (IOException e) {
      throw new NodeFailure(e.getMessage(), e);
    }
    lookAtDisk();
    controlLoop.every(DISK_MILLIS, DISK_MILLIS, () -> background().execute(this::lookAtDisk));
    core.start();
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

  private void startThreads() {
    controlGroup = sockets.loop("control");
    dataGroup = sockets.loop("data");
    controlLoop = new NettyLoop(controlGroup.next());
    dataLoop = new NettyLoop(dataGroup.next());
    background = Executors.newFixedThreadPool(2, task -> daemon(task, "background"));
    verifying = Executors.newSingleThreadExecutor(task -> daemon(task, "verify"));
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  private void listenForPeers() throws IOException {
    try {
      network.listen(settings.peer().bind(), settings.peer().port());
    } catch (IOException e) {
      throw new IOException("peer.port " + settings.peer().port() + ": " + e.getMessage(), e);
    }
  }

  private void startHttp() throws NodeFailure {
    metrics = new NodeMetrics(settings.node().name(), settings.node().region(), core::sample);
    try {
      http = HttpServer.start(settings.httpPort(), metrics::scrape, readiness());
    } catch (IOException e) {
      throw new NodeFailure("http.port " + settings.httpPort() + ": " + e.getMessage(), e);
    }
  }

  private Readiness readiness() {
    return new Readiness() {
      @Override
      public Optional<String> whyNotHealthy() {
        return Optional.ofNullable(failure);
      }

      @Override
      public Optional<String> whyNotReady() {
        return serving ? Optional.empty() : Optional.of("the node has not joined its cluster yet");
      }
    };
  }

  // Consensus.

  /** A node that was in its cluster before starts its Raft server while it opens its data. */
  private void startKnownPlane(NodeIdentity identity) {
    if (identity.node() != 0) {
      NodeId self = new NodeId(identity.node());
      boolean founder = settings.cluster().join().isEmpty();
      knownPlane = background.submit(() -> openPlane(self, identity.clusterId(), founder));
    }
  }

  @Override
  public Consensus openConsensus(NodeId self, long clusterId, boolean founder) throws IOException {
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
            dataDir.resolve("control"));
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

  // The other ports.

  @Override
  public Clock clock() {
    return clock;
  }

  @Override
  public Loop controlLoop() {
    return controlLoop;
  }

  @Override
  public Loop dataLoop() {
    return dataLoop;
  }

  @Override
  public Executor background() {
    return task -> background.execute(() -> guarded(task));
  }

  @Override
  public Executor verifying() {
    return task -> verifying.execute(() -> guarded(task));
  }

  /** What these threads read may be damaged: nobody else would notice. */
  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      failed("work in the background", e);
    }
  }

  @Override
  public long draw() {
    return ThreadLocalRandom.current().nextLong();
  }

  @Override
  public Peers peers(PeerListener listener) {
    network =
        new PeerNetwork(
            sockets.withBuffers(settings.peer().socketBufferBytes()),
            controlLoop.loop(),
            dataLoop.loop(),
            listener);
    return network;
  }

  @Override
  public Storage openStorage(Consumer<StorageException> onFailure) {
    return Storage.open(
        StorageSettings.in(dataDir.resolve(STORAGE))
            .withMemoryTableBytes(settings.memory().tableBytes())
            .withBlockCacheBytes(settings.memory().blockCacheBytes()),
        onFailure);
  }

  @Override
  public Journal openJournal(long diskId, JournalReplay replay) {
    return Journal.open(
        dataDir.resolve(JOURNAL),
        new JournalSettings(
            diskId, settings.journal().segmentBytes(), JOURNAL_BUFFER_BYTES, SYNC_INTERVAL_MILLIS),
        replay);
  }

  @Override
  public Syncing startSyncing(Journal journal, JournalThreads.Listener listener) {
    return JournalThreads.start(journal, "journal", listener);
  }

  @Override
  public void store(NodeIdentity identity) throws IOException {
    identity.store(dataDir);
  }

  private void lookAtDisk() {
    try {
      freeDiskBytes = Files.getFileStore(dataDir).getUsableSpace();
    } catch (IOException e) {
      LOG.warn("how much room {} has can't be told: {}", dataDir, e.toString());
    }
  }

  @Override
  public long freeDiskBytes() {
    return freeDiskBytes;
  }

  @Override
  public DivergenceFolder divergences() {
    return new DivergenceFiles(dataDir.resolve("divergence"), settings.node().name(), clock);
  }

  @Override
  public ConflictFolder conflicts() {
    return new ConflictFiles(dataDir.resolve("conflicts"), CONFLICT_FILE_BYTES);
  }

  @Override
  public void openToClients() throws IOException {
    clientPort =
        ClientPort.open(
            sockets,
            dataLoop.loop(),
            core.clients(),
            settings.client().bind(),
            settings.client().port());
    serving = true;
  }

  // The end.

  @Override
  public void failed(String what, Throwable cause) {
    if (stopping.get()) {
      return;
    }
    failure = what + ": " + cause.getMessage();
    LOG.error("{} failed; the node stops", what, cause);
    System.err.println("trefoil node: " + failure);
    if (cause instanceof InvariantViolation) {
      Runtime.getRuntime().halt(Main.FAILED); // nothing of an impossible state is written any more
    }
    onEnd.accept(Main.FAILED);
  }

  @Override
  public void shutdown() {
    onEnd.accept(0);
  }

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
    closeQuietly("http", http);
    closeQuietly("metrics", metrics);
    if (core != null) {
      core.close(Node::closeQuietly);
    }
    LOG.info("stopped");
  }

  private void stopServing() throws InterruptedException {
    if (clientPort != null) {
      clientPort.close().sync();
    }
    if (core != null) {
      CountDownLatch served = new CountDownLatch(1);
      core.stopServing(failure == null, served::countDown);
      if (!served.await(SERVING_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("the loops are busy: the cluster was not told that this node stops");
      }
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
    closeQuietly("the Raft server", notTaken == null ? null : () -> await(notTaken).close());
    if (background != null) {
      background.shutdownNow();
    }
    if (verifying != null) {
      verifying.shutdown();
      if (!verifying.awaitTermination(VERIFYING_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("a snapshot is still being read");
      }
    }
  }

  private static void closeQuietly(String what, AutoCloseable part) {
    if (part == null) {
      return;
    }
    try {
      part.close();
    } catch (Exception e) {
      LOG.warn("closing {} failed: {}", what, e.toString());
    }
  }
}
