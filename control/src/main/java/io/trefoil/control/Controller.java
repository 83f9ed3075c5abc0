package io.trefoil.control;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * What the controller does, for as long as one leadership of the control plane lasts: admits nodes,
 * grants leases, runs failovers, and keeps the Raft voters those that the state names. A new
 * leadership is a new object.
 *
 * <p>Pure: every input returns the effects that it has. Not thread-safe; the shell calls it from
 * one thread, {@link #onRaft} before each batch of messages, and {@link #tick} every 20 to 50 ms.
 * Times are the node's monotonic clock.
 */
public final class Controller implements ControlMessage.ControllerHandler {
  /** How often the voters are asked for their term. */
  static final long ASK_TERM_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** A node that has not asked for a lease for so long is not made a voter. */
  static final long VOTER_SILENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** How often a change of the voters is tried. */
  static final long SET_VOTERS_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A state of so many partitions is sent to all at once; of a larger one they are told. */
  static final int SMALL_STATE_PARTITIONS = 8;

  /** Requests that wait for an outcome; more are left unanswered, and their senders ask again. */
  static final int MAX_WAITING = 10_000;

  private final NodeId self;
  private final LeaseGrants leases;
  private final LeadershipCheck check;
  private final FailoverCoordinator failover;
  private final Map<Long, Long> waiting = new HashMap<>();
  private final Set<NodeId> raftReady = new HashSet<>();
  private RaftView view = RaftView.NONE;
  private ClusterState state;
  private long wallMillis;
  private long lastTicket;
  private long askedNanos;
  private long setVotersNanos;

  // Those of the call under way.
  private List<ControlEffect> effects = new ArrayList<>();
  private long request;
  private long now;

  /**
   * @param self this node
   * @param term the Raft term it leads
   * @param state as applied on this node after Raft said that it leads and is ready
   * @param nowNanos now: this is when the leadership is taken to have begun
   */
  public Controller(NodeId self, long term, ClusterState state, long nowNanos) {
    this.self = self;
    this.leases = new LeaseGrants(nowNanos, state.leaseTerms());
    this.check = new LeadershipCheck(self, term);
    this.failover = new FailoverCoordinator(term, leases, state);
    this.state = state;
    this.askedNanos = nowNanos - ASK_TERM_NANOS;
    this.setVotersNanos = nowNanos - SET_VOTERS_NANOS;
  }

  /** The state has changed. An older one than before changes nothing. */
  public List<ControlEffect> onState(ClusterState newer, long nowNanos) {
    begin(nowNanos);
    if (newer.version() >= state.version()) {
      boolean changed = newer.version() > state.version();
      state = newer;
      leases.onTerms(newer.leaseTerms());
      failover.onState(newer);
      if (changed) {
        tellNodes();
      }
      goOn();
    }
    return end();
  }

  /** Those who wait to lead, or to know who leads, need not wait for their next lease. */
  private void tellNodes() {
    boolean small = state.partitions().size() <= SMALL_STATE_PARTITIONS;
    ControlMessage.ToNode news =
        small ? new ControlMessage.StateReply(state) : new ControlMessage.Newer(state.version());
    for (NodeId node : state.nodes().keySet()) {
      if (!node.equals(self)) {
        send(node, news);
      }
    }
  }

  /** What Raft says on this node, read at {@code nowNanos} or later. */
  public void onRaft(RaftView newView, long nowNanos) {
    view = newView;
    check.onRaft(newView, nowNanos);
  }

  /**
   * A message has come.
   *
   * @param requestNumber by which the shell finds whom to reply to; never used again
   */
  public List<ControlEffect> onMessage(
      long requestNumber, ControlMessage.ToController message, long nowNanos) {
    begin(nowNanos);
    request = requestNumber;
    message.handle(this);
    return end();
  }

  /** The outcome of a command that was proposed. */
  public List<ControlEffect> onOutcome(long ticket, Outcome outcome, long nowNanos) {
    begin(nowNanos);
    Long requestNumber = waiting.remove(ticket);
    if (requestNumber != null) {
      reply(requestNumber, new ControlMessage.OutcomeReply(outcome));
    }
    return end();
  }

  /** A command's outcome will not be known: the sender of its request has to ask again. */
  public void onOutcomeLost(long ticket) {
    waiting.remove(ticket);
  }

  /**
   * Time has passed.
   *
   * @param newWallMillis for people: when it is, in milliseconds since 1970
   */
  public List<ControlEffect> tick(long nowNanos, long newWallMillis) {
    begin(nowNanos);
    wallMillis = newWallMillis;
    askTerms();
    setVoters();
    goOn();
    return end();
  }

  /** Why partitions have no leader. */
  public SortedMap<PartitionId, String> reasons() {
    return failover.reasons();
  }

  /** Whether a lease stands for a node's newest incarnation, as status shows it. */
  public boolean isAlive(NodeId node, long nowNanos) {
    ClusterNode known = state.nodes().get(node);
    return known != null && leases.holds(node, known.issued(), nowNanos);
  }

  /** Whether a majority of voters has just confirmed that this node leads the control plane. */
  public boolean isConfirmed(long nowNanos) {
    OptionalLong confirmed = check.confirmedNanos();
    return confirmed.isPresent() && leases.isFresh(nowNanos - confirmed.getAsLong());
  }

  // Identity.

  @Override
  public void join(ControlMessage.Join message) {
    Presence presence = message.presence();
    boolean holderAlive =
        state
            .nodeByDisk(presence.diskId())
            .filter(node -> node.claim() != presence.claim())
            .filter(this::mayServe)
            .isPresent();
    boolean nameAlive =
        state
            .nodeByName(presence.name())
            .filter(node -> node.diskId() != presence.diskId())
            .filter(this::mayServe)
            .isPresent();
    submit(new ControlCommand.Register(presence, holderAlive || nameAlive));
  }

  /** Whether a process of this node may hold a lease, under any incarnation. */
  private boolean mayServe(ClusterNode node) {
    return !leases.surelyOut(node.id(), node.issued(), now)
        || node.incarnation() > 0 && !leases.surelyOut(node.id(), node.incarnation(), now);
  }

  @Override
  public void started(ControlMessage.Started message) {
    submit(new ControlCommand.Start(message.node(), message.claim(), message.incarnation()));
  }

  @Override
  public void whole(ControlMessage.WholeReport message) {
    ClusterNode node = state.nodes().get(message.node());
    if (node != null && node.amnesiac()) {
      propose(new ControlCommand.Whole(message.node(), message.incarnation()));
    }
  }

  // Leases.

  @Override
  public void lease(ControlMessage.LeaseRequest message) {
    ClusterNode node = state.nodes().get(message.node());
    OptionalLong confirmed = check.confirmedNanos();
    long grantedNanos = 0;
    // A process whose successor was issued an incarnation gets no more, so the successor can lead.
    if (node != null
        && node.issued() == message.incarnation()
        && node.incarnation() == message.incarnation()
        && confirmed.isPresent()) {
      grantedNanos =
          leases.grant(
              message.node(), message.incarnation(), state.version(), now, confirmed.getAsLong());
    }
    if (node != null && message.raftReady()) {
      raftReady.add(message.node());
    }
    reply(
        request, new ControlMessage.LeaseReply(message.sentNanos(), grantedNanos, state.version()));
  }

  @Override
  public void term(ControlMessage.TermAnswer message) {
    check.onAnswer(message.voter(), message.askedNanos(), message.term());
  }

  private void askTerms() {
    if (now - askedNanos < ASK_TERM_NANOS) {
      return;
    }
    askedNanos = now;
    Set<NodeId> voters = new HashSet<>();
    view.voters().forEach(voters::addAll);
    voters.stream().sorted().forEach(voter -> send(voter, new ControlMessage.TermQuery(now)));
  }

  // State and commands.

  @Override
  public void state(ControlMessage.StateRequest message) {
    boolean newer = message.knownVersion() < state.version();
    reply(request, new ControlMessage.StateReply(newer ? state : null));
  }

  @Override
  public void submit(ControlMessage.SubmitRequest message) {
    ControlCommand command = message.command();
    if (command instanceof ControlCommand.Create
        || command instanceof ControlCommand.Ensure
        || command instanceof ControlCommand.Look
        || command instanceof ControlCommand.Alter
        || command instanceof ControlCommand.Span
        || command instanceof ControlCommand.Move
        || command instanceof ControlCommand.Prefer
        || command instanceof ControlCommand.Drain
        || command instanceof ControlCommand.LinkRegion
        || command instanceof ControlCommand.UnlinkRegion
        || command instanceof ControlCommand.Drop) {
      submit(knowing(command));
    } else {
      reply(
          request,
          new ControlMessage.OutcomeReply(
              Outcome.refused("ERR only commands of people can be sent")));
    }
  }

  /** With what the controller knows and a client does not. */
  private ControlCommand knowing(ControlCommand command) {
    if (command instanceof ControlCommand.Alter alter) {
      return new ControlCommand.Alter(alter.name(), alter.options(), away());
    }
    return command instanceof ControlCommand.Move move
        ? new ControlCommand.Move(move.name(), move.partition(), move.from(), move.to(), away())
        : command;
  }

  private SortedSet<NodeId> away() {
    SortedSet<NodeId> away = new TreeSet<>(state.nodes().keySet());
    away.removeIf(node -> isAlive(node, now));
    return away;
  }

  @Override
  public void ready(ControlMessage.ChangeReady message) {
    PartitionState partition = state.partitions().get(message.partition());
    if (partition == null) {
      return;
    }
    if (partition.isLeaderless()) {
      copyReady(partition, message);
    } else if (partition.leader().filter(message.node()::equals).isPresent()) {
      propose(
          new ControlCommand.Advance(
              message.partition(), message.epoch(), message.configVersion()));
    }
  }

  /** Said again until the state shows it, so what it shows is not proposed again. */
  private void copyReady(PartitionState partition, ControlMessage.ChangeReady message) {
    boolean isNews =
        partition.isChanging()
            && partition.configVersion() == message.configVersion()
            && partition.everyone().contains(message.node())
            && !partition.ready().contains(message.node());
    if (isNews) {
      propose(
          new ControlCommand.CopyReady(
              message.node(), message.partition(), message.configVersion()));
    }
  }

  // Failover.

  @Override
  public void silence(ControlMessage.SilenceReport message) {
    if (state.nodes().containsKey(message.reporter())) {
      failover.onSilence(message.leader(), message.incarnation(), now);
      goOn();
    }
  }

  @Override
  public void stopping(ControlMessage.Stopping message) {
    ClusterNode node = state.nodes().get(message.node());
    if (node != null && message.incarnation() <= node.issued()) {
      leases.release(message.node(), message.incarnation());
      raftReady.remove(message.node());
      goOn();
    }
  }

  @Override
  public void resign(ControlMessage.Resign message) {
    message
        .epochs()
        .forEach(
            (id, epoch) ->
                failover.onResigned(message.node(), message.incarnation(), id, epoch, now));
    goOn();
  }

  @Override
  public void fenceAnswer(ControlMessage.FenceAnswer message) {
    for (ControlMessage.Fenced fenced : message.fenced()) {
      failover.onAnswer(message.node(), message.incarnation(), fenced);
    }
    goOn();
  }

  /**
   * Takes the failovers on, but only as the confirmed controller: one that is cut off grants no
   * leases, and would then take every leader for dead.
   */
  private void goOn() {
    if (!isConfirmed(now)) {
      return;
    }
    FailoverCoordinator.Step step = failover.step(now, wallMillis);
    step.commands().forEach(this::propose);
    step.fences().forEach((node, epochs) -> send(node, new ControlMessage.FenceRequest(epochs)));
    step.handOvers()
        .forEach((node, asked) -> send(node, new ControlMessage.HandOverRequest(asked)));
  }

  // Voters.

  private void setVoters() {
    if (view.voters().size() != 1 || now - setVotersNanos < SET_VOTERS_NANOS) {
      return;
    }
    Set<NodeId> present = view.voters().get(0);
    SortedMap<NodeId, ClusterNode> wanted = new TreeMap<>();
    ClusterNode newest = null;
    for (ClusterNode node : state.nodes().values()) {
      boolean canJoin =
          raftReady.contains(node.id())
              && leases.unheardNanos(node.id(), now) < VOTER_SILENCE_NANOS;
      if (node.voter() && (present.contains(node.id()) || canJoin)) {
        wanted.put(node.id(), node);
        newest = present.contains(node.id()) ? newest : node;
      }
    }
    // An even number bears no more losses than one voter less, and two bear none.
    if (wanted.size() % 2 == 0 && newest != null) {
      wanted.remove(newest.id());
    }
    if (!wanted.keySet().equals(present) && wanted.keySet().containsAll(present)) {
      setVotersNanos = now;
      effects.add(new ControlEffect.SetVoters(List.copyOf(wanted.values())));
    }
  }

  // Effects.

  private void begin(long nowNanos) {
    now = nowNanos;
    effects = new ArrayList<>();
  }

  private List<ControlEffect> end() {
    return effects;
  }

  /** Proposes a command whose outcome answers the request under way. */
  private void submit(ControlCommand command) {
    if (waiting.size() < MAX_WAITING) {
      waiting.put(lastTicket + 1, request);
      propose(command);
    }
  }

  private void propose(ControlCommand command) {
    effects.add(new ControlEffect.Propose(++lastTicket, command));
  }

  private void send(NodeId to, ControlMessage.ToNode message) {
    effects.add(new ControlEffect.Send(to, message));
  }

  private void reply(long to, ControlMessage.ToNode message) {
    effects.add(new ControlEffect.Reply(to, message));
  }
}
