package io.trefoil.control;

import io.trefoil.base.NodeId;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.netty.NettyConfigKeys;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.AtomicFileOutputStream;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A voter's part in the control plane: the {@link ClusterState} kept by Apache Ratis, over its
 * Netty transport. A node that is no voter has none; it asks the controller for the state.
 *
 * <p>Thread-safe.
 */
public final class ControlPlane implements Consensus {
  private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);

  /** A change of voters first brings the new ones up to date. */
  private static final int ANSWER_SECONDS = 10;

  private static final int CLOSE_MILLIS = 1_000;

  /** After so many commits one takes a quarter of the time that the first ones took. */
  private static final int WARM_UPS = 150;

  /** What snapshot and log may grow to. */
  record Limits(int snapshotEntries, int purgeEntries, String segmentSize) {
    static final Limits NORMAL = new Limits(1000, 1000, "1MB");
  }

  /**
   * What a voter needs to know.
   *
   * @param clusterId not 0
   * @param host name or address that the other voters reach this one by
   * @param bind address to listen on
   * @param port of Raft
   * @param folder of this cluster's Raft files; made when it is not there
   */
  public record Settings(
      NodeId self, long clusterId, String host, String bind, int port, Path folder) {}

  private final Settings settings;
  private final RaftGroupId group;
  private final List<Consumer<ClusterState>> listeners = new CopyOnWriteArrayList<>();
  private final RaftServer server;
  private final ClientId clientId = ClientId.randomId();
  private final AtomicLong callId = new AtomicLong();
  private final AtomicBoolean settingVoters = new AtomicBoolean();
  private final AtomicBoolean starting = new AtomicBoolean();
  private final AtomicInteger warmUps = new AtomicInteger();
  private volatile ClusterState newest = ClusterState.EMPTY;

  ControlPlane(Settings settings, Limits limits, List<RaftPeer> firstPeers) throws IOException {
    requireOwnFiles();
    this.settings = settings;
    this.group = groupId(settings.clusterId());
    this.server =
        RaftServer.newBuilder()
            .setServerId(peerId(settings.self()))
            .setGroup(RaftGroup.valueOf(group, firstPeers))
            .setStateMachineRegistry(each -> new ClusterStateMachine(this::applied))
            .setProperties(properties(settings, limits))
            .setOption(
                isFormatted(settings)
                    ? RaftStorage.StartupOption.RECOVER
                    : RaftStorage.StartupOption.FORMAT)
            .build();
    server.start();
  }

  /** Of the two classes of that name, Ratis's own loses the vote when a disk is full. */
  private static void requireOwnFiles() {
    if (!origin(AtomicFileOutputStream.class).equals(origin(ControlPlane.class))) {
      throw new IllegalStateException(
          "on the class path "
              + origin(ControlPlane.class)
              + " must come before "
              + origin(AtomicFileOutputStream.class));
    }
  }

  private static URL origin(Class<?> type) {
    return type.getProtectionDomain().getCodeSource().getLocation();
  }

  /**
   * Starts the first voter of a new cluster, alone in its Raft group; or, when the folder holds the
   * group already, goes on as it was.
   */
  public static ControlPlane found(Settings settings) throws IOException {
    return new ControlPlane(settings, Limits.NORMAL, List.of(peer(settings)));
  }

  /**
   * Starts a voter that belongs to no group yet and waits to be added; or, when the folder holds
   * the group already, goes on as it was.
   */
  public static ControlPlane join(Settings settings) throws IOException {
    // With peers in its list it would hold elections of its own before it is added.
    return new ControlPlane(settings, Limits.NORMAL, List.of());
  }

  // State.

  @Override
  public ClusterState state() {
    return newest;
  }

  @Override
  public void onState(Consumer<ClusterState> listener) {
    listeners.add(listener);
  }

  /** A member that has started again goes through states that it had before: they are not told. */
  private synchronized void applied(ClusterState state) {
    if (state.version() > newest.version()) {
      newest = state;
      listeners.forEach(listener -> listener.accept(state));
    }
  }

  @Override
  public RaftView raft() {
    try {
      RaftServer.Division division = server.getDivision(group);
      DivisionInfo info = division.getInfo();
      long term = info.getCurrentTerm();
      boolean leads = info.isLeader() && info.isLeaderReady() && info.getCurrentTerm() == term;
      RaftConfiguration configuration = division.getRaftConf();
      Set<NodeId> current = nodes(configuration.getCurrentPeers());
      Set<NodeId> previous = nodes(configuration.getPreviousPeers());
      return new RaftView(
          leads, term, previous.isEmpty() ? List.of(current) : List.of(current, previous));
    } catch (IOException closed) {
      return RaftView.NONE;
    }
  }

  /**
   * Ratis closes a member that is in no configuration that it has, or that others say is none, and
   * tells nobody: one whose entry that added it was lost with its leader.
   */
  @Override
  public boolean startIfEnded() {
    if (!hasEnded() || !starting.compareAndSet(false, true)) {
      return false;
    }
    Thread thread = new Thread(this::startMember, "control-start");
    thread.setDaemon(true);
    thread.start();
    return true;
  }

  private boolean hasEnded() {
    try {
      return server.getLifeCycleState().isRunning()
          && server.getDivision(group).getInfo().getLifeCycleState().isClosingOrClosed();
    } catch (IOException none) {
      return true;
    }
  }

  private void startMember() {
    try {
      server.groupManagement(
          GroupManagementRequest.newRemove(
              clientId, server.getId(), callId.getAndIncrement(), group, false, false));
    } catch (IOException removedBefore) {
      LOG.debug("the Raft member was removed before", removedBefore);
    }
    try {
      RaftClientReply added =
          server.groupManagement(
              GroupManagementRequest.newAdd(
                  clientId,
                  server.getId(),
                  callId.getAndIncrement(),
                  RaftGroup.valueOf(group),
                  false));
      if (!added.isSuccess()) {
        throw new IOException("it was refused", added.getException());
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("this node's part in the control plane does not start again", e);
    } finally {
      starting.set(false);
    }
  }

  /** For tests: ends this node's part as Ratis does by itself. */
  void endMember() throws IOException {
    server.getDivision(group).close();
  }

  @Override
  public void warmUp() {
    if (warmUps.get() < WARM_UPS && newest.clusterId() != 0 && isController()) {
      warmUps.incrementAndGet();
      submit(new ControlCommand.Look())
          .whenComplete(
              (outcome, failure) -> LOG.debug("a command for warmth {}", outcome, failure));
    }
  }

  /** Whether this node believes that it leads the control plane, and has the newest state. */
  public boolean isController() {
    return raft().leads();
  }

  @Override
  public Optional<NodeId> controllerId() {
    try {
      return Optional.ofNullable(server.getDivision(group).getInfo().getLeaderId())
          .map(ControlPlane::nodeId);
    } catch (IOException closed) {
      return Optional.empty();
    }
  }

  // Commands.

  @Override
  public CompletableFuture<Outcome> submit(ControlCommand command) {
    RaftClientRequest request =
        RaftClientRequest.newBuilder()
            .setClientId(clientId)
            .setServerId(server.getId())
            .setGroupId(group)
            .setCallId(callId.getAndIncrement())
            .setMessage(Message.valueOf(ByteString.copyFrom(ControlFormat.encode(command))))
            .setType(RaftClientRequest.writeRequestType())
            .build();
    return answer(() -> server.submitClientRequestAsync(request))
        .thenApply(
            reply -> ControlFormat.decodeOutcome(reply.getMessage().getContent().toByteArray()));
  }

  @Override
  public CompletableFuture<Void> setVoters(List<ClusterNode> voters) {
    if (!settingVoters.compareAndSet(false, true)) {
      return CompletableFuture.completedFuture(null);
    }
    List<RaftPeer> peers = voters.stream().map(ControlPlane::peer).toList();
    SetConfigurationRequest request =
        new SetConfigurationRequest(
            clientId, server.getId(), group, callId.getAndIncrement(), peers);
    return answer(() -> server.setConfigurationAsync(request))
        .whenComplete((reply, failure) -> settingVoters.set(false))
        .thenAccept(
            reply ->
                LOG.info("control plane voters={}", peers.stream().map(RaftPeer::getId).toList()));
  }

  private interface Request {
    CompletableFuture<RaftClientReply> send() throws IOException;
  }

  private static CompletableFuture<RaftClientReply> answer(Request request) {
    try {
      return request
          .send()
          .thenCompose(
              reply ->
                  reply.isSuccess()
                      ? CompletableFuture.completedFuture(reply)
                      : CompletableFuture.failedFuture(
                          new IOException("the control plane refused", reply.getException())))
          .orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (IOException | RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Stops this node's Raft server, which takes a second at most. The group's files stay, and have
   * all that was committed.
   */
  @Override
  public void close() {
    // Ratis waits up to a day for its state machine's thread, which at times turns in circles
    // after the log was closed.
    Thread closing = new Thread(this::closeServer, "control-close");
    closing.setDaemon(true);
    closing.start();
    try {
      closing.join(CLOSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (closing.isAlive()) {
      LOG.warn("the Raft server has not ended after {} ms, and is left", CLOSE_MILLIS);
    }
  }

  private void closeServer() {
    try {
      server.close();
    } catch (IOException e) {
      LOG.warn("closing the Raft server failed", e);
    }
  }

  // Names and settings of Ratis.

  private static RaftProperties properties(Settings settings, Limits limits) {
    RaftProperties properties = new RaftProperties();
    RaftConfigKeys.Rpc.setType(properties, new ControlTransport());
    NettyConfigKeys.Server.setHost(properties, settings.bind());
    NettyConfigKeys.Server.setPort(properties, settings.port());
    RaftServerConfigKeys.setStorageDir(properties, List.of(settings.folder().toFile()));
    RaftServerConfigKeys.setRemovedGroupsDir(
        properties, settings.folder().resolve("removed").toFile());

    RaftServerConfigKeys.Rpc.setTimeoutMin(properties, millis(400));
    RaftServerConfigKeys.Rpc.setTimeoutMax(properties, millis(800));
    RaftServerConfigKeys.Rpc.setRequestTimeout(properties, millis(1000));
    // Of a request between servers, although it is named a client's. A leader that steps down, and
    // the vote that made it, wait for the requests under way to lost nodes: 3 s unless shorter.
    RaftClientConfigKeys.Rpc.setRequestTimeout(properties, millis(500));

    // One founder and two joiners become three voters in one change. The joiners are caught up
    // before it is made, so their majority is there.
    RaftServerConfigKeys.LeaderElection.setMemberMajorityAdd(properties, true);

    // A process that was stopped for long goes on when it is continued, rather than close its Raft.
    RaftServerConfigKeys.setCloseThreshold(properties, TimeDuration.valueOf(1, TimeUnit.DAYS));

    // Ratis 3.3.0 chains what it appends: after two appends at a time, of which one fails, each
    // later one fails as that did, until the process ends. Unchained, the leader sends it again.
    RaftServerConfigKeys.Log.setAppendEntriesComposeEnabled(properties, false);

    // The log is small: what a snapshot holds goes.
    RaftServerConfigKeys.Log.setSegmentSizeMax(
        properties, SizeInBytes.valueOf(limits.segmentSize()));
    RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("4KB"));
    RaftServerConfigKeys.Log.setPurgeGap(properties, limits.purgeEntries());
    RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
    RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
    RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, limits.snapshotEntries());
    RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 2);
    return properties;
  }

  private static TimeDuration millis(int millis) {
    return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
  }

  private static boolean isFormatted(Settings settings) {
    UUID uuid = groupId(settings.clusterId()).getUuid();
    return Files.exists(
        settings.folder().resolve(uuid.toString()).resolve("current").resolve("raft-meta"));
  }

  private static RaftGroupId groupId(long clusterId) {
    return RaftGroupId.valueOf(new UUID(0x74726566_6f696c00L, clusterId));
  }

  static RaftPeer peer(Settings settings) {
    return peer(settings.self(), settings.host(), settings.port());
  }

  private static RaftPeer peer(ClusterNode node) {
    return peer(node.id(), node.addresses().host(), node.addresses().controlPort());
  }

  private static RaftPeer peer(NodeId node, String host, int port) {
    return RaftPeer.newBuilder().setId(peerId(node)).setAddress(host + ":" + port).build();
  }

  private static RaftPeerId peerId(NodeId node) {
    return RaftPeerId.valueOf(node.toString());
  }

  private static NodeId nodeId(RaftPeerId id) {
    return new NodeId(Integer.parseInt(id.toString().substring(1)));
  }

  private static Set<NodeId> nodes(Collection<RaftPeer> peers) {
    return peers.stream()
        .map(RaftPeer::getId)
        .map(ControlPlane::nodeId)
        .collect(Collectors.toSet());
  }
}
