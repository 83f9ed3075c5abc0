package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Clock;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.control.Addresses;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Consensus;
import io.trefoil.control.ControlCommand;
import io.trefoil.control.ControlEffect;
import io.trefoil.control.ControlFormat;
import io.trefoil.control.ControlMessage;
import io.trefoil.control.Controller;
import io.trefoil.control.DatabaseOptions;
import io.trefoil.control.NodeLease;
import io.trefoil.control.Outcome;
import io.trefoil.control.Presence;
import io.trefoil.control.RaftView;
import io.trefoil.transport.Lane;
import io.trefoil.transport.PeerAddress;
import io.trefoil.transport.PeerConnection;
import io.trefoil.transport.Peers;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread on which a node joins its cluster, keeps its lease and follows the cluster's state;
 * and, on the node that leads the control plane, the thread of its {@link Controller}. Commands
 * never run here, so nothing that a client sends can delay the word that this node is alive.
 */
final class ControlLoop {
  private static final Logger LOG = LoggerFactory.getLogger(ControlLoop.class);
  private static final long TICK_MILLIS = 20;
  private static final long ASK_AGAIN_NANOS = 200_000_000L;
  private static final long STATE_NANOS = 50_000_000L;
  private static final long SAY_NANOS = 1_000_000_000L;
  private static final long PLANE_START_NANOS = 1_000_000_000L;
  private static final long WARM_UP_NANOS = 100_000_000L;
  private static final long SEED_NANOS = 1_000_000_000L;
  private static final int MAX_REQUESTS = 10_000;
  private static final long REQUEST_AGE_NANOS = 30_000_000_000L;

  /** What a node does with what it is told. Called on the control loop. */
  interface Listener {
    /** This process has its node id and incarnation; it must be durable before this returns. */
    void registered(Outcome.Registered registered) throws IOException;

    /** The cluster takes this process for serving. */
    void serving();

    void stateChanged(ClusterState state);

    void fence(SortedMap<PartitionId, Long> epochs);

    void handOver(List<ControlMessage.HandOver> partitions);

    /** Whether the data loop waits for the disk for so long that others should lead. */
    boolean isStuck();

    /** The cluster does not want this process. */
    void refused(String error);

    void failed(String what, Throwable cause);
  }

  /** What founds a cluster; only of the node that joins none. */
  record Founding(long clusterId, int expect, long leaseMillis, DatabaseOptions database0) {}

  /** How a voter's Raft server is started, once this node knows who it is. */
  interface PlaneStarter {
    Consensus start(NodeId self, long clusterId, boolean founder) throws IOException;
  }

  private enum Stage {
    JOINING,
    STARTING,
    SERVING,
    STOPPED
  }

  /** A request; its target is 0 when this node answers it, or a seed has it answered. */
  private record Asked(Consumer<ControlMessage.ToNode> receiver, int target, long sinceNanos) {}

  private final Loop loop;
  private final Clock clock;
  private final Peers network;
  private final NodeLease lease;
  private final Listener listener;
  private final PlaneStarter planeStarter;
  private final ByteSink frame = new ByteSink(4096);

  private Presence presence;
  private Founding founding;
  private Stage stage = Stage.JOINING;
  private NodeId self;
  private long incarnation;

  /** Where the state says that this node has started; -1 while it has not. */
  private long startedIndex = -1;

  private Consensus plane;
  private ClusterState state = ClusterState.EMPTY;
  private Controller controller;
  private long planeStartedNanos;
  private long warmedUpNanos;
  private long controllerTerm;
  private long saidNanos;
  private SortedMap<PartitionId, String> said = Collections.emptySortedMap();
  private NodeId hint;
  private long askedNanos;
  private long leaseAskedNanos;
  private long stateAskedNanos;
  private boolean foundProposed;
  private List<PeerAddress> seeds = List.of();
  private int nextSeed;
  private long triedSeedNanos;

  private long lastRequest;
  private final Map<Long, Asked> asked = new HashMap<>();
  private final Map<Long, Asked> toAnswer = new HashMap<>();

  ControlLoop(
      Loop loop,
      Clock clock,
      Peers network,
      NodeLease lease,
      Listener listener,
      PlaneStarter planeStarter) {
    this.loop = loop;
    this.clock = clock;
    this.network = network;
    this.lease = lease;
    this.listener = listener;
    this.planeStarter = planeStarter;
  }

  /**
   * Begins to join.
   *
   * @param newPresence what the disk says; its node is null on a fresh one
   * @param newFounding non-null on the node that founds the cluster, and whenever it starts again
   * @param newSeeds peers to ask, one after the other until one is there
   */
  void start(Presence newPresence, Founding newFounding, List<PeerAddress> newSeeds) {
    loop.execute(
        () -> {
          presence = newPresence;
          founding = newFounding;
          askAtOnce();
          leaseAskedNanos = clock.monotonicNanos() - state.leaseTerms().renewNanos();
          stateAskedNanos = clock.monotonicNanos() - STATE_NANOS;
          saidNanos = clock.monotonicNanos();
          seeds = List.copyOf(newSeeds);
          triedSeedNanos = clock.monotonicNanos() - SEED_NANOS;
          if (founding != null) {
            startPlane(new NodeId(1), founding.clusterId(), true);
          } else if (presence.node() != null) {
            startPlane(presence.node(), presence.clusterId(), false);
          }
          loop.every(0, TICK_MILLIS, this::tick);
        });
  }

  private void startPlane(NodeId node, long clusterId, boolean founder) {
    try {
      plane = planeStarter.start(node, clusterId, founder);
    } catch (IOException | RuntimeException e) {
      stage = Stage.STOPPED;
      listener.failed("starting the control plane", e);
      return;
    }
    if (plane != null) {
      state = plane.state();
      plane.onState(this::tell);
      onState(plane.state());
    }
  }

  /** On Raft's thread. */
  private void tell(ClusterState newer) {
    try {
      loop.execute(() -> onState(newer));
    } catch (RejectedExecutionException e) {
      LOG.debug("state {} came after the loop's end", newer.version());
    }
  }

  // Time.

  private void tick() {
    try {
      long now = clock.monotonicNanos();
      lead(now);
      switch (stage) {
        case JOINING -> join(now);
        case STARTING -> sayStarted(now);
        case SERVING -> keepUp(now);
        case STOPPED -> {}
      }
      asked.values().removeIf(each -> now - each.sinceNanos() > REQUEST_AGE_NANOS);
      toAnswer.values().removeIf(each -> now - each.sinceNanos() > REQUEST_AGE_NANOS);
      network.flush(Lane.CONTROL);
    } catch (RuntimeException | Error e) {
      listener.failed("the control loop", e);
    }
  }

  /** Takes part as the controller while Raft says that this node leads. */
  private void lead(long now) {
    if (plane == null) {
      return;
    }
    if (stage != Stage.STOPPED && isDue(planeStartedNanos, PLANE_START_NANOS, now)) {
      planeStartedNanos = now;
      if (plane.startIfEnded()) {
        LOG.warn("this node's part in the control plane was ended by the others: it starts again");
      }
    }
    RaftView view = plane.raft();
    if (!view.leads()) {
      controller = null;
      return;
    }
    if (isDue(warmedUpNanos, WARM_UP_NANOS, now)) {
      warmedUpNanos = now;
      plane.warmUp();
    }
    NodeId raftSelf = raftSelf();
    if (controller == null || controllerTerm != view.term()) {
      controllerTerm = view.term();
      controller = new Controller(raftSelf, view.term(), plane.state(), now);
      LOG.info("this node is the controller, term={}", view.term());
    }
    if (founding != null && !foundProposed && plane.state().clusterId() == 0) {
      foundProposed = true;
      plane
          .submit(
              new ControlCommand.Found(
                  founding.clusterId(),
                  founding.expect(),
                  founding.leaseMillis(),
                  founding.database0()))
          .whenComplete((outcome, failure) -> loop.execute(() -> foundProposed = failure == null));
    }
    controller.onRaft(view, now);
    perform(controller.tick(now, clock.wallMillis()));
    if (isDue(saidNanos, SAY_NANOS, now)) {
      saidNanos = now;
      sayReasons();
    }
  }

  /**
   * Which voter this node is. It may lead before it is registered: its Raft server starts with the
   * id that its disk was issued. A founder's first start has none yet, and gets the first.
   */
  private NodeId raftSelf() {
    if (self != null) {
      return self;
    }
    return presence.node() == null ? new NodeId(1) : presence.node();
  }

  /** Logs what is new since it was last said. */
  private void sayReasons() {
    SortedMap<PartitionId, String> reasons = controller.reasons();
    reasons.forEach(
        (id, reason) -> {
          if (!reason.equals(said.get(id))) {
            LOG.warn("partition={} has no leader: {}", id, reason);
          }
        });
    said = reasons;
  }

  private boolean isDue(long sinceNanos, long everyNanos, long now) {
    return now - sinceNanos >= everyNanos;
  }

  // Joining.

  private void join(long now) {
    trySeeds(now);
    boolean founded = founding == null || plane.state().clusterId() != 0;
    if (!founded || !isDue(askedNanos, ASK_AGAIN_NANOS, now)) {
      return;
    }
    if (ask(new ControlMessage.Join(presence), this::onJoined)) {
      askedNanos = now;
    }
  }

  /** What this node waits for is asked for without a pause. */
  private void askAtOnce() {
    askedNanos = clock.monotonicNanos() - ASK_AGAIN_NANOS;
  }

  /** Dials the next seed while none answers. */
  private void trySeeds(long now) {
    boolean due = isDue(triedSeedNanos, SEED_NANOS, now);
    if (!seeds.isEmpty() && due && !network.isConnected(Lane.CONTROL, 0)) {
      triedSeedNanos = now;
      network.connect(Lane.CONTROL, seeds.get(nextSeed++ % seeds.size()));
    }
  }

  private void onJoined(ControlMessage.ToNode reply) {
    if (stage != Stage.JOINING || !(reply instanceof ControlMessage.OutcomeReply answer)) {
      return;
    }
    if (answer.outcome() instanceof Outcome.Refused refused) {
      if (!refused.retry()) {
        stage = Stage.STOPPED;
        listener.refused(refused.error());
      }
    } else if (answer.outcome() instanceof Outcome.Overtaken overtaken) {
      presence = presence.withIssued(overtaken.issued());
      askAtOnce();
    } else if (answer.outcome() instanceof Outcome.Registered registered) {
      try {
        listener.registered(registered);
      } catch (IOException e) {
        listener.failed("storing this node's identity", e);
        return;
      }
      self = registered.node();
      incarnation = registered.incarnation();
      stage = Stage.STARTING;
      network.redial(Lane.CONTROL);
      askAtOnce();
      if (registered.voter() && plane == null) {
        startPlane(self, registered.clusterId(), false);
      }
    }
  }

  private void sayStarted(long now) {
    if (!isDue(askedNanos, ASK_AGAIN_NANOS, now)) {
      return;
    }
    ControlMessage.Started started =
        new ControlMessage.Started(self, presence.claim(), incarnation);
    if (ask(
        started,
        reply -> {
          if (stage == Stage.STARTING && reply instanceof ControlMessage.OutcomeReply answer) {
            onStarted(answer.outcome());
          }
        })) {
      askedNanos = now;
    }
  }

  private void onStarted(Outcome outcome) {
    if (outcome instanceof Outcome.Refused refused) {
      if (!refused.retry()) {
        stage = Stage.STOPPED;
        listener.refused(refused.error());
      }
    } else if (outcome instanceof Outcome.Done done) {
      startedIndex = done.index();
      serve();
      if (stage == Stage.STARTING) {
        askForState();
      }
    }
  }

  /** Not before it knows all that the cluster knew when it started. */
  private void serve() {
    if (stage == Stage.STARTING && startedIndex >= 0 && state.version() >= startedIndex) {
      stage = Stage.SERVING;
      listener.serving();
      onState(state);
    }
  }

  private void askForState() {
    long now = clock.monotonicNanos();
    if (isDue(stateAskedNanos, STATE_NANOS, now)) {
      stateAskedNanos = now;
      requestState();
    }
  }

  private void requestState() {
    ask(
        new ControlMessage.StateRequest(state.version()),
        reply -> {
          if (reply instanceof ControlMessage.StateReply newer && newer.state() != null) {
            onState(newer.state());
          }
        });
  }

  // Serving.

  private void keepUp(long now) {
    if (listener.isStuck()) {
      return;
    }
    if (isDue(leaseAskedNanos, state.leaseTerms().renewNanos(), now)) {
      leaseAskedNanos = now;
      ask(
          new ControlMessage.LeaseRequest(self, incarnation, now, plane != null),
          reply -> {
            if (reply instanceof ControlMessage.LeaseReply granted) {
              onLease(granted);
            }
          });
    }
  }

  private void onLease(ControlMessage.LeaseReply granted) {
    if (stage != Stage.SERVING) {
      return;
    }
    lease.onGranted(granted.sentNanos(), granted.grantedNanos(), granted.stateVersion());
    if (granted.stateVersion() > state.version()) {
      askForState();
    }
  }

  private void onState(ClusterState newer) {
    if (newer.version() > state.version() || newer == state) {
      state = newer;
      if (controller != null && plane != null) {
        perform(controller.onState(plane.state(), clock.monotonicNanos()));
      }
      connect();
      if (stage == Stage.SERVING && isSucceeded()) {
        return;
      }
      if (stage == Stage.SERVING) {
        listener.stateChanged(state);
      }
      serve();
    }
    network.flush(Lane.CONTROL);
  }

  /** Stops a process whose node was given to another one: it would never have a lease again. */
  private boolean isSucceeded() {
    ClusterNode node = state.nodes().get(self);
    if (node == null || node.issued() <= incarnation) {
      return false;
    }
    stage = Stage.STOPPED;
    listener.refused(
        String.format(
            "ERR another process asked for %s when this one's lease had run out, and was given"
                + " incarnation %d after this one's %d; start one of them again",
            self, node.issued(), incarnation));
    return true;
  }

  private void connect() {
    for (ClusterNode node : state.nodes().values()) {
      if (!node.id().equals(self) && !node.id().equals(presence.node())) {
        network.connect(
            Lane.CONTROL,
            new PeerAddress(
                node.id().number(), node.addresses().host(), node.addresses().peerPort()));
      }
    }
  }

  // Asking the controller.

  /**
   * Sends a request to the controller, wherever it is. The reply may never come. False when there
   * is nobody to send it to.
   */
  private boolean ask(
      ControlMessage.ToController message, Consumer<ControlMessage.ToNode> receiver) {
    long now = clock.monotonicNanos();
    if (controller != null) {
      long number = ++lastRequest;
      toAnswer.put(number, new Asked(receiver, /* target= */ 0, now));
      controller.onRaft(plane.raft(), now);
      perform(controller.onMessage(number, message, now));
      return true;
    }
    int target = controllerNumber();
    if (asked.size() >= MAX_REQUESTS || target < 0) {
      return false;
    }
    long number = ++lastRequest;
    asked.put(number, new Asked(receiver, target, now));
    sendTo(target, number, message);
    return true;
  }

  /** The controller's node number, 0 for a seed that will pass the message on, -1 for nobody. */
  private int controllerNumber() {
    NodeId known = controllerId();
    if (known != null && !known.equals(self) && network.isConnected(Lane.CONTROL, known.number())) {
      return known.number();
    }
    if (network.isConnected(Lane.CONTROL, 0)) {
      return 0;
    }
    for (ClusterNode node : state.nodes().values()) {
      if (network.isConnected(Lane.CONTROL, node.id().number())) {
        return node.id().number();
      }
    }
    return -1;
  }

  /** Who leads the control plane, as far as this node knows; null for nobody. */
  private NodeId controllerId() {
    NodeId known = plane == null ? null : plane.controllerId().orElse(null);
    return known != null ? known : hint;
  }

  private void sendTo(int node, long number, ControlMessage message) {
    byte[] bytes = encode(number, message);
    network.send(Lane.CONTROL, node, bytes, 0, bytes.length);
    network.flush(Lane.CONTROL);
  }

  private byte[] encode(long number, ControlMessage message) {
    byte[] encoded = ControlFormat.encode(message);
    frame.clear();
    frame.putByte(Frames.CONTROL).putVarint(number).putBytes(encoded, 0, encoded.length);
    return frame.toArray();
  }

  // Messages from other nodes.

  /** A control frame came in, after its first byte. */
  void onFrame(PeerConnection from, ByteSource source) {
    long number = source.getVarint();
    ControlMessage message = ControlFormat.decodeMessage(source.getBytes(source.remaining()));
    if (message instanceof ControlMessage.ToController request) {
      onRequest(number, request, from);
    } else if (message instanceof ControlMessage.TermQuery query && plane != null && self != null) {
      ask(
          new ControlMessage.TermAnswer(self, query.askedNanos(), plane.raft().term()),
          ignored -> {});
    } else {
      take(message);
    }
  }

  /** What the controller asks of this node, which may be its own. */
  private void take(ControlMessage message) {
    if (message instanceof ControlMessage.FenceRequest fence) {
      listener.fence(fence.epochs());
    } else if (message instanceof ControlMessage.HandOverRequest handOver) {
      listener.handOver(handOver.partitions());
    } else if (message instanceof ControlMessage.Newer newer
        && newer.version() > state.version()
        && stage == Stage.SERVING) {
      requestState();
    } else if (message instanceof ControlMessage.StateReply sent
        && sent.state() != null
        && stage == Stage.SERVING) {
      onState(sent.state());
    }
  }

  private void onRequest(long number, ControlMessage.ToController request, PeerConnection from) {
    if (self == null) {
      return; // the founder registers before anybody else: its Raft server is already called n1
    }
    Consumer<ControlMessage.ToNode> answer =
        reply -> {
          byte[] bytes = encode(number, reply);
          from.reply(bytes, 0, bytes.length);
        };
    boolean passOn = from.hello().from() == 0 && controllerId() != null;
    if (controller != null || passOn) {
      ask(request, answer);
    } else {
      NodeId known = controllerId();
      ClusterNode there = known == null ? null : state.nodes().get(known);
      answer.accept(
          new ControlMessage.NotController(known, there == null ? null : there.addresses()));
    }
  }

  /** A reply came back on a connection that this node dialed. */
  void onReply(ByteSource source) {
    if (source.getByte() != Frames.CONTROL) {
      throw new MalformedBytesException("a reply that is not the control plane's");
    }
    Asked answered = asked.remove(source.getVarint());
    ControlMessage message = ControlFormat.decodeMessage(source.getBytes(source.remaining()));
    if (message instanceof ControlMessage.NotController elsewhere) {
      hint = elsewhere.controller();
      reachHint(elsewhere.at());
    } else if (answered != null && message instanceof ControlMessage.ToNode reply) {
      // Only a seed passes messages on: whoever else answers is the controller.
      hint = answered.target() > 0 ? new NodeId(answered.target()) : hint;
      answered.receiver().accept(reply);
    }
    network.flush(Lane.CONTROL);
  }

  /** A node that has just started knows a seed, and nobody else. */
  private void reachHint(Addresses at) {
    boolean reaches =
        hint == null
            || at == null
            || hint.equals(self)
            || network.isConnected(Lane.CONTROL, hint.number());
    if (!reaches) {
      network.connect(Lane.CONTROL, new PeerAddress(hint.number(), at.host(), at.peerPort()));
    }
  }

  // Effects of the controller.

  private void perform(List<ControlEffect> effects) {
    for (ControlEffect effect : effects) {
      if (effect instanceof ControlEffect.Send send) {
        sendOrTake(send.to(), send.message());
      } else if (effect instanceof ControlEffect.Reply reply) {
        Asked waiting = toAnswer.remove(reply.request());
        if (waiting != null) {
          waiting.receiver().accept(reply.message());
        }
      } else if (effect instanceof ControlEffect.Propose propose) {
        propose(propose);
      } else if (effect instanceof ControlEffect.SetVoters voters) {
        plane.setVoters(voters.voters());
      }
    }
    network.flush(Lane.CONTROL);
  }

  private void sendOrTake(NodeId to, ControlMessage.ToNode message) {
    if (!to.equals(self)) {
      sendTo(to.number(), 0, message);
    } else {
      take(message);
    }
  }

  private void propose(ControlEffect.Propose propose) {
    Controller proposer = controller;
    plane
        .submit(propose.command())
        .whenComplete(
            (outcome, failure) ->
                loop.execute(
                    () -> {
                      if (controller != proposer) {
                        return; // its leadership is over, and with it who waits
                      }
                      if (failure != null) {
                        proposer.onOutcomeLost(propose.ticket());
                      } else {
                        perform(
                            proposer.onOutcome(propose.ticket(), outcome, clock.monotonicNanos()));
                      }
                    }));
  }

  // For the rest of the node; any thread.

  /** Tells the controller something that needs no answer. */
  void tell(ControlMessage.ToController message) {
    loop.execute(() -> ask(message, ignored -> {}));
  }

  /**
   * Submits a command about databases.
   *
   * @param receiver gets the outcome, on the control loop; nothing when it stays unknown
   */
  void submit(ControlCommand command, Consumer<Outcome> receiver) {
    loop.execute(
        () ->
            ask(
                new ControlMessage.SubmitRequest(command),
                reply -> {
                  if (reply instanceof ControlMessage.OutcomeReply answer) {
                    receiver.accept(answer.outcome());
                  }
                }));
  }

  /** Sends a frame to every other node that is connected. */
  void broadcast(byte[] bytes) {
    loop.execute(
        () -> {
          for (ClusterNode node : state.nodes().values()) {
            if (!node.id().equals(self)) {
              network.send(Lane.CONTROL, node.id().number(), bytes, 0, bytes.length);
            }
          }
          network.flush(Lane.CONTROL);
        });
  }

  /** On the control loop: the controller's id, or null. */
  NodeId controllerNow() {
    return controller != null ? self : controllerId();
  }

  /**
   * On the control loop: who votes in the control plane; empty when this node has no part in it.
   */
  Set<NodeId> voters() {
    Set<NodeId> all = new TreeSet<>();
    if (plane != null) {
      plane.raft().voters().forEach(all::addAll);
    }
    return all;
  }

  /** On the control loop: why partitions have no leader; empty unless this is the controller. */
  SortedMap<PartitionId, String> reasons() {
    return controller == null ? Collections.emptySortedMap() : controller.reasons();
  }

  Loop loop() {
    return loop;
  }

  /**
   * Gives the lease up and says so, so that another node need not wait for it.
   *
   * @param then runs when that is done, on the control loop
   */
  void stop(Runnable then) {
    loop.execute(
        () -> {
          if (stage == Stage.SERVING) {
            ask(new ControlMessage.Stopping(self, incarnation), ignored -> {});
            network.flush(Lane.CONTROL);
          }
          stage = Stage.STOPPED;
          then.run();
        });
  }

  /** Closes the Raft server. Not on the control loop. */
  void close() {
    Consensus closing = plane;
    if (closing != null) {
      closing.close();
    }
  }
}
