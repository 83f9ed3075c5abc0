package io.trefoil.simulation.cluster;

import io.trefoil.base.NodeId;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Consensus;
import io.trefoil.control.ControlCommand;
import io.trefoil.control.ControlFormat;
import io.trefoil.control.Outcome;
import io.trefoil.control.PartitionState;
import io.trefoil.control.RaftView;
import io.trefoil.simulation.Mutant;
import io.trefoil.simulation.Schedule;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * What consensus promises, without how: one log of commands, never lost; a leader of each term,
 * which needs a majority of the voters; followers that hear late, and deposed leaders that do not
 * know it yet.
 */
final class SimulatedConsensus {
  private static final long LOOK_MICROS = 50 * Schedule.MILLIS;
  private static final int ELECTION_LOOKS = 10;

  private record Entry(ControlCommand command, long term) {}

  private final ClusterWorld world;
  private final List<Entry> log = new ArrayList<>();
  private final Map<Integer, Member> members = new TreeMap<>(); // of the processes that run
  private final Map<Integer, Integer> applied = new TreeMap<>(); // by members that died
  private final Set<NodeId> voters = new TreeSet<>();
  private long term;
  private Member leader;
  private int looksWithout;
  private int electionAfter = ELECTION_LOOKS;

  SimulatedConsensus(ClusterWorld world) {
    this.world = world;
    world.schedule.after(LOOK_MICROS, this::look);
  }

  /** A process takes part: from where it was, when it did before. */
  Member join(SimulatedProcess process, NodeId self, boolean founder) {
    if (founder && voters.isEmpty()) {
      voters.add(self);
    }
    Member member = new Member(process, self);
    members.put(self.number(), member);
    int known = applied.getOrDefault(self.number(), 0);
    while (member.appliedCount < known) {
      member.applyNext();
    }
    return member;
  }

  /** Another takes over soon, though nothing is wrong with this leader. */
  void replaceLeader() {
    if (leader != null) {
      elect(leader);
    }
  }

  NodeId leaderId() {
    return leader == null ? null : leader.self;
  }

  private void look() {
    world.schedule.after(LOOK_MICROS, this::look);
    if (leader != null && canLead(leader)) {
      looksWithout = 0;
    } else if (++looksWithout > electionAfter) {
      elect(null);
    }
    for (Member member : members.values()) {
      if (leader != null && member != leader && reaches(leader, member)) {
        member.hear();
      }
    }
  }

  private boolean canLead(Member member) {
    if (!member.isUp() || member.process.isPaused() || !voters.contains(member.self)) {
      return false;
    }
    long reached =
        voters.stream()
            .map(voter -> members.get(voter.number()))
            .filter(voter -> voter != null && voter.isUp() && !voter.process.isPaused())
            .filter(voter -> voter == member || reaches(member, voter) && reaches(voter, member))
            .count();
    return reached > voters.size() / 2;
  }

  private boolean reaches(Member from, Member to) {
    return to.isUp() && !world.network.isCut(from.process.machine, to.process.machine);
  }

  private void elect(Member but) {
    List<Member> able = members.values().stream().filter(it -> it != but && canLead(it)).toList();
    if (able.isEmpty()) {
      return;
    }
    term++;
    looksWithout = 0;
    electionAfter = ELECTION_LOOKS + world.chance.below(ELECTION_LOOKS);
    leader = able.get(world.chance.below(able.size()));
    world.note(leader.process.machine, "is the controller now, term=" + term);
    leader.becomeLeader(term);
  }

  /** One process's part. */
  final class Member implements Consensus {
    @Override
    public boolean startIfEnded() {
      return false;
    }

    @Override
    public void warmUp() {
      // Nothing is slow at first here.
    }

    private final SimulatedProcess process;
    private final NodeId self;
    private final List<Consumer<ClusterState>> listeners = new ArrayList<>();
    private ClusterState state = ClusterState.EMPTY;
    private int appliedCount;
    private long knownTerm;
    private boolean leads;
    private NodeId knownLeader;

    Member(SimulatedProcess process, NodeId self) {
      this.process = process;
      this.self = self;
    }

    private boolean isUp() {
      return !process.isDead();
    }

    void died() {
      if (members.get(self.number()) == this) {
        members.remove(self.number());
      }
      applied.put(self.number(), appliedCount);
      if (leader == this) {
        leader = null;
      }
    }

    /** Hears from the leader: its term, and the next of the log. */
    private void hear() {
      process.after(
          world.network.latencyMicros(),
          () -> {
            if (leader != null && term >= knownTerm) {
              knownTerm = term;
              knownLeader = leader.self;
              leads = leader == this;
              while (appliedCount < log.size()) {
                applyNext();
              }
            }
          });
    }

    private void becomeLeader(long newTerm) {
      process.after(
          world.network.latencyMicros(),
          () -> {
            if (leader == this && term == newTerm) {
              while (appliedCount < log.size()) {
                applyNext();
              }
              knownTerm = newTerm;
              knownLeader = self;
              leads = true;
            }
          });
    }

    private Outcome applyNext() {
      Entry entry = log.get(appliedCount++);
      ClusterState.Applied next = state.apply(entry.command(), appliedCount, entry.term());
      if (next.state() != state) {
        state = next.state();
        if (world.mutant == Mutant.CHANGE_NOT_WAITED_FOR) {
          finishChanges(entry.term());
        }
        listeners.forEach(listener -> listener.accept(state));
      }
      return next.outcome();
    }

    private void finishChanges(long entryTerm) {
      for (PartitionState partition : state.partitions().values()) {
        finishChange(partition, entryTerm);
      }
    }

    private void finishChange(PartitionState partition, long entryTerm) {
      if (partition.led() && partition.isChanging()) {
        ControlCommand step =
            new ControlCommand.Advance(
                partition.id(), partition.epoch(), partition.configVersion());
        ClusterState.Applied next = state.apply(step, appliedCount, entryTerm);
        if (next.state() != state) {
          state = next.state();
          finishChange(state.partitions().get(partition.id()), entryTerm);
        }
      }
    }

    @Override
    public ClusterState state() {
      return state;
    }

    @Override
    public void onState(Consumer<ClusterState> listener) {
      listeners.add(listener);
    }

    @Override
    public RaftView raft() {
      boolean alone = world.mutant == Mutant.CONTROLLER_NOT_CONFIRMED && leads;
      return new RaftView(leads, knownTerm, List.of(alone ? Set.of(self) : voters));
    }

    @Override
    public Optional<NodeId> controllerId() {
      return Optional.ofNullable(knownLeader);
    }

    @Override
    public CompletableFuture<Outcome> submit(ControlCommand command) {
      CompletableFuture<Outcome> answer = new CompletableFuture<>();
      if (!leads) {
        answer.completeExceptionally(new IOException("not the leader"));
        return answer;
      }
      ControlCommand received = ControlFormat.decodeCommand(ControlFormat.encode(command));
      long submittedIn = knownTerm;
      process.after(
          world.network.latencyMicros() + world.chance.syncMicros(),
          () -> {
            boolean stillLeads = leader == this && term == submittedIn && canLead(this);
            if (!stillLeads) {
              answer.completeExceptionally(new IOException("leads no more"));
              return;
            }
            log.add(new Entry(received, term));
            world.committed(received);
            Outcome outcome = null;
            while (appliedCount < log.size()) {
              outcome = applyNext();
            }
            for (Member member : members.values()) {
              if (member != this && reaches(this, member)) {
                member.hear();
              }
            }
            answer.complete(outcome);
          });
      return answer;
    }

    @Override
    public CompletableFuture<Void> setVoters(List<ClusterNode> wanted) {
      process.after(
          world.network.latencyMicros(),
          () -> {
            if (leader == this) {
              voters.clear();
              wanted.forEach(node -> voters.add(node.id()));
            }
          });
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void close() {}
  }
}
