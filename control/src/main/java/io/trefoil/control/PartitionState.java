package io.trefoil.control;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who replicates and who leads a partition.
 *
 * <p><b>A change</b> goes {@code [old] → [old], next → [old, new] → [new]}. While {@code next} is
 * there, the replicas that only it has are <em>learners</em>: they are sent everything and count
 * for nothing. Once the leader says that they have caught up, both configurations stand: an entry
 * is committed only with its copies in each, and a failover needs its answers in each. Once the
 * leader says that all of its log is committed under both, the old one goes. Steps that a change
 * does not need are left out.
 *
 * <p><b>A leaderless partition</b> has no epoch, and nobody who could say this for all. Each
 * learner says for itself that its copy counts, and once all have, both configurations stand. Then
 * each replica says that it serves this step and none before it, and has all that was acknowledged
 * before; once {@linkplain Configuration#changeAnswers enough} of each configuration have, the
 * older one goes. What two steps ask for that are served side by side always has a configuration in
 * common.
 *
 * @param configurations the standing ones: one, or two while one replaces the other, the newer one
 *     last
 * @param next the one whose new copies are being made; null for none
 * @param configVersion grows with each step of a change
 * @param epoch number of the newest leadership, also while it has no leader; 0 before the first
 * @param led whether {@code epoch} has its leader
 * @param lastLeader the leader of {@code epoch}, or while there is none, that of the last epoch
 *     that had one; null before the first
 * @param lastIncarnation under which {@code lastLeader} was appointed; 0 before the first
 * @param lossEpoch the last epoch that began with too few answers, so that acknowledged writes may
 *     be missing from it; 0 for none
 * @param oneCopyEpoch the last epoch in which one copy was enough before a rule that asks for more
 *     took over; entries of it and of those before may have been acknowledged by their leader
 *     alone. 0 for none
 * @param ready of a leaderless partition that is changing, those who are ready for the next step
 * @param places of a leaderless partition, since which {@code configVersion} each replica and
 *     learner has had a place without a break: a copy of an earlier place may hold what was removed
 *     and forgotten since
 */
public record PartitionState(
    PartitionId id,
    List<Configuration> configurations,
    Configuration next,
    long configVersion,
    long epoch,
    boolean led,
    NodeId lastLeader,
    long lastIncarnation,
    long lossEpoch,
    long oneCopyEpoch,
    SortedSet<NodeId> ready,
    SortedMap<NodeId, Long> places) {
  public PartitionState {
    ready = Collections.unmodifiableSortedSet(new TreeSet<>(ready));
    places = Collections.unmodifiableSortedMap(new TreeMap<>(places));
    configurations = List.copyOf(configurations);
    Invariants.check(
        configurations.size() == 1 || configurations.size() == 2,
        "one or two configurations stand",
        configurations.size(),
        0);
    Invariants.check(!led || lastLeader != null, "a led epoch has a leader");
    Invariants.check(
        next == null || configurations.size() == 1, "a change waits for the one before it");
    boolean leaderless = configurations.get(0).isLeaderless();
    Invariants.check(
        configurations.stream().allMatch(each -> each.isLeaderless() == leaderless)
            && (next == null || next.isLeaderless() == leaderless),
        "a partition stays leaderless, or led");
    Invariants.check(
        !leaderless || epoch == 0 && lastLeader == null, "a leaderless partition has no epoch");
    Invariants.check(
        ready.isEmpty()
            || leaderless
                && isChanging(configurations, next)
                && everyone(configurations, next).containsAll(ready),
        "only copies of a leaderless partition that is changing are waited for");
    Invariants.check(
        places.keySet().equals(leaderless ? everyone(configurations, next) : Set.of()),
        "of a leaderless partition each copy's place is known");
  }

  /** One that never had a leader. */
  static PartitionState fresh(PartitionId id, Configuration configuration) {
    return new PartitionState(
        id,
        List.of(configuration),
        null,
        1,
        0,
        false,
        null,
        0,
        0,
        0,
        Collections.emptySortedSet(),
        places(List.of(configuration), null, Collections.emptySortedMap(), 1));
  }

  /** Who had a place keeps it; the others have theirs from now on. */
  private static SortedMap<NodeId, Long> places(
      List<Configuration> configurations,
      Configuration next,
      SortedMap<NodeId, Long> before,
      long version) {
    SortedMap<NodeId, Long> places = new TreeMap<>();
    if (configurations.get(0).isLeaderless()) {
      everyone(configurations, next)
          .forEach(node -> places.put(node, before.getOrDefault(node, version)));
    }
    return places;
  }

  /** Whether it never has a leader, nor an epoch: its database is leaderless. */
  public boolean isLeaderless() {
    return configuration().isLeaderless();
  }

  /** The leader of {@link #epoch()}, if it has one yet. */
  public Optional<NodeId> leader() {
    return led ? Optional.of(lastLeader) : Optional.empty();
  }

  /** The newest of the standing configurations. */
  public Configuration configuration() {
    return configurations.get(configurations.size() - 1);
  }

  /** Where a change goes; the present configuration when there is none. */
  public Configuration goal() {
    return next != null ? next : configuration();
  }

  /** Of a partition that is led. */
  public NodeId preferredLeader() {
    return configuration().replicas().get(0);
  }

  public boolean isChanging() {
    return isChanging(configurations, next);
  }

  private static boolean isChanging(List<Configuration> configurations, Configuration next) {
    return next != null || configurations.size() > 1;
  }

  /** Whether an entry is committed with its leader's copy alone. */
  public boolean isCommittedByLeaderAlone() {
    return configurations.stream().allMatch(each -> each.copies() == 1);
  }

  /** Whether a copy is stable only once it is synced. */
  public boolean isSynced() {
    return configurations.stream().anyMatch(Configuration::isSynced);
  }

  /** The replicas of all standing configurations. */
  public SortedSet<NodeId> replicas() {
    SortedSet<NodeId> all = new TreeSet<>();
    configurations.forEach(configuration -> all.addAll(configuration.replicas()));
    return all;
  }

  /** New copies that are being filled. */
  public SortedSet<NodeId> learners() {
    SortedSet<NodeId> all = new TreeSet<>();
    if (next != null) {
      all.addAll(next.replicas());
      all.removeAll(replicas());
    }
    return all;
  }

  /** Replicas and learners. */
  public SortedSet<NodeId> everyone() {
    return everyone(configurations, next);
  }

  static SortedSet<NodeId> everyone(List<Configuration> configurations, Configuration next) {
    SortedSet<NodeId> all = new TreeSet<>();
    configurations.forEach(configuration -> all.addAll(configuration.replicas()));
    if (next != null) {
      all.addAll(next.replicas());
    }
    return all;
  }

  /** Whether all that a leaderless partition's change waits for is there. */
  public boolean isReady() {
    return next != null
        ? ready.containsAll(learners())
        : configurations.stream().allMatch(each -> each.mayChange(ready));
  }

  /**
   * Whose word the change of a leaderless partition waits for: of all that are learners, else of as
   * many as {@link Configuration#changeAnswers} says. Empty when it waits for nobody.
   */
  public SortedSet<NodeId> awaited() {
    SortedSet<NodeId> awaited = new TreeSet<>();
    if (isLeaderless() && next != null) {
      awaited.addAll(learners());
    } else if (isLeaderless() && isChanging()) {
      configurations.stream()
          .filter(each -> !each.mayChange(ready))
          .forEach(each -> awaited.addAll(each.replicas()));
    }
    awaited.removeAll(ready);
    return awaited;
  }

  /** One more is ready for the next step of a change. */
  PartitionState withReady(NodeId node) {
    SortedSet<NodeId> more = new TreeSet<>(ready);
    more.add(node);
    return new PartitionState(
        id,
        configurations,
        next,
        configVersion,
        epoch,
        led,
        lastLeader,
        lastIncarnation,
        lossEpoch,
        oneCopyEpoch,
        more,
        places);
  }

  PartitionState withoutLeader(long newEpoch) {
    return new PartitionState(
        id,
        configurations,
        next,
        configVersion,
        newEpoch,
        false,
        lastLeader,
        lastIncarnation,
        lossEpoch,
        oneCopyEpoch,
        ready,
        places);
  }

  PartitionState ledBy(NodeId leader, long incarnation, boolean possibleLoss) {
    return new PartitionState(
        id,
        configurations,
        next,
        configVersion,
        epoch,
        true,
        leader,
        incarnation,
        possibleLoss ? epoch : lossEpoch,
        oneCopyEpoch,
        ready,
        places);
  }

  /**
   * On the way to another configuration: whatever was acknowledged stays committed at each step,
   * and reads of a leaderless partition go on asking who has it.
   *
   * @return nothing while two others stand, one of which must go first
   */
  Optional<PartitionState> towards(Configuration goal) {
    if (configurations.size() == 2) {
      return towardsOneOfTwo(goal);
    }
    if (configuration().covers(goal)) {
      return Optional.of(stepped(List.of(goal), null));
    }
    boolean hasNewCopies = !replicas().containsAll(goal.replicas());
    return Optional.of(
        hasNewCopies
            ? stepped(configurations, goal)
            : stepped(List.of(configuration(), goal), null));
  }

  /**
   * A change can be taken back at once: what was committed while both stood has its copies under
   * each, and what was committed before has them under the older one.
   */
  private Optional<PartitionState> towardsOneOfTwo(Configuration goal) {
    if (goal.isSameRule(configuration())) {
      return Optional.of(stepped(List.of(configurations.get(0), goal), null));
    }
    return goal.isSameRule(configurations.get(0))
        ? Optional.of(stepped(List.of(goal), null))
        : Optional.empty();
  }

  /** One step further with a change. */
  PartitionState advanced() {
    Invariants.check(isChanging(), "a change goes on");
    return next != null
        ? stepped(List.of(configuration(), next), null)
        : stepped(List.of(configuration()), null);
  }

  private PartitionState stepped(List<Configuration> standing, Configuration newNext) {
    PartitionState after =
        new PartitionState(
            id,
            standing,
            newNext,
            configVersion + 1,
            epoch,
            led,
            lastLeader,
            lastIncarnation,
            lossEpoch,
            oneCopyEpoch,
            Collections.emptySortedSet(),
            places(standing, newNext, places, configVersion + 1));
    boolean asksForMore = isCommittedByLeaderAlone() && !after.isCommittedByLeaderAlone();
    return asksForMore ? after.withOneCopyEpoch() : after;
  }

  private PartitionState withOneCopyEpoch() {
    return new PartitionState(
        id,
        configurations,
        next,
        configVersion,
        epoch,
        led,
        lastLeader,
        lastIncarnation,
        lossEpoch,
        epoch,
        ready,
        places);
  }
}
