package io.trefoil.replication.leaderless;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Configuration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What this coordinator asks others for, until enough have answered. */
final class Reads {
  private enum Answer {
    /** Asked, and expected to answer. */
    AWAITED,
    /** Asked, and no longer relied on: late, lost, or of another configuration. */
    UNCERTAIN,
    /** Answered by a copy that counts. */
    COUNTED,
    /** Answered by one that does not. */
    UNCOUNTED
  }

  /** One replica that was asked. */
  private static final class Asking {
    private long askedMillis;
    private Answer answer = Answer.AWAITED;
    private Bytes differing;

    private Asking(long askedMillis) {
      this.askedMillis = askedMillis;
    }

    private boolean isAnswered() {
      return answer == Answer.COUNTED || answer == Answer.UNCOUNTED;
    }
  }

  /** One question. */
  private static final class Read {
    private final long id;
    private final int copies;
    private final Bytes question;
    private final SortedMap<NodeId, Asking> asked = new TreeMap<>();

    private Read(LeaderlessEvent.Asked event) {
      this.id = event.id();
      this.copies = event.copies();
      this.question = event.question();
    }

    private boolean is(NodeId id, Answer answer) {
      return asked.containsKey(id) && asked.get(id).answer == answer;
    }
  }

  private final LeaderlessReplica replica;
  private final Streams streams;
  private final LeaderlessSettings settings;

  /** In the order in which they were asked. */
  private final Map<Long, Read> open = new LinkedHashMap<>();

  /**
   * Moves on with each tick, so that among equals each is asked in its turn. Not with each
   * question: what goes to one replica in a moment takes fewer system calls than the same for two.
   */
  private int turn;

  Reads(LeaderlessReplica replica, Streams streams, LeaderlessSettings settings) {
    this.replica = replica;
    this.streams = streams;
    this.settings = settings;
  }

  void onAsked(LeaderlessEvent.Asked asked, LeaderlessEffects out) {
    Read read = new Read(asked);
    open.put(read.id, read);
    settle(read, out);
  }

  int open() {
    return open.size();
  }

  void onWithdrawn(long id) {
    open.remove(id);
  }

  void onTold(NodeId from, LeaderlessMessage.Told told, LeaderlessEffects out) {
    PeerStream peer = streams.peer(from);
    Read read = open.get(told.id());
    Asking asking = read == null ? null : read.asked.get(from);
    if (peer == null || asking == null || asking.isAnswered()) {
      return;
    }
    peer.agrees();
    peer.counts(told.counts());
    peer.answeredAfter(replica.nowMillis() - asking.askedMillis);
    asking.answer = told.counts() ? Answer.COUNTED : Answer.UNCOUNTED;
    asking.differing = told.differing();
    settle(read, out);
  }

  /** The replica will not answer what it was asked: its connection broke, or it refused. */
  void onUncertain(NodeId peer, LeaderlessEffects out) {
    for (Read read : List.copyOf(open.values())) {
      if (read.is(peer, Answer.AWAITED)) {
        read.asked.get(peer).answer = Answer.UNCERTAIN;
        settle(read, out);
      }
    }
  }

  /** Another configuration stands, or this copy counts now. */
  void reconsider(LeaderlessEffects out) {
    List.copyOf(open.values()).forEach(read -> settle(read, out));
  }

  void onTick(LeaderlessEffects out) {
    turn++;
    for (Read read : List.copyOf(open.values())) {
      read.asked.forEach((id, asking) -> doubtIfLate(id, asking));
      settle(read, out);
    }
  }

  private void doubtIfLate(NodeId id, Asking asking) {
    PeerStream peer = streams.peer(id);
    if (asking.answer == Answer.AWAITED && isLate(asking)) {
      asking.answer = Answer.UNCERTAIN;
      if (peer != null) {
        peer.answeredAfter(replica.nowMillis() - asking.askedMillis);
      }
    }
  }

  private boolean isLate(Asking asking) {
    return replica.nowMillis() - asking.askedMillis >= settings.speculateMillis();
  }

  /** Ends the read if enough have answered, and asks others if too few can be expected to. */
  private void settle(Read read, LeaderlessEffects out) {
    if (replica.standing().enough(read.copies, id -> isCounted(read, id))) {
      open.remove(read.id);
      out.add(new LeaderlessEffect.Informed(read.id, differing(read)));
    } else {
      askOthers(read, out);
    }
  }

  private boolean isCounted(Read read, NodeId id) {
    return id.equals(replica.self()) ? replica.counts() : read.is(id, Answer.COUNTED);
  }

  private boolean isExpected(Read read, NodeId id) {
    return isCounted(read, id) || read.is(id, Answer.AWAITED);
  }

  private static List<LeaderlessEffect.Differing> differing(Read read) {
    List<LeaderlessEffect.Differing> differing = new ArrayList<>();
    read.asked.forEach(
        (id, asking) -> {
          if (asking.differing != null) {
            differing.add(new LeaderlessEffect.Differing(id, asking.differing));
          }
        });
    return differing;
  }

  private void askOthers(Read read, LeaderlessEffects out) {
    NodeId best = bestToAsk(read);
    while (best != null) {
      read.asked.put(best, new Asking(replica.nowMillis()));
      long version = replica.standing().version();
      out.add(
          new LeaderlessEffect.Send(
              best, new LeaderlessMessage.Ask(read.id, version, read.question)));
      best = bestToAsk(read);
    }
  }

  /** Whom to ask next; null when those that were asked will do, or nobody is left. */
  private NodeId bestToAsk(Read read) {
    List<Configuration> lacking =
        replica.standing().lacking(read.copies, id -> isExpected(read, id));
    if (lacking.isEmpty()) {
      return null;
    }
    NodeId best = null;
    int bestTurn = 0;
    int index = 0;
    int peers = streams.peers().size();
    for (NodeId id : streams.peers().keySet()) {
      int inTurn = Math.floorMod(index++ - turn, peers);
      if (covers(lacking, id) > 0 && mayBeAsked(id, read.asked.get(id))) {
        int order = best == null ? -1 : compare(lacking, id, best);
        if (order < 0 || order == 0 && inTurn < bestTurn) {
          best = id;
          bestTurn = inTurn;
        }
      }
    }
    return best;
  }

  /** Whom to ask rather, but for whose turn it is. */
  private int compare(List<Configuration> lacking, NodeId a, NodeId b) {
    int order = Integer.compare(doubts(a), doubts(b));
    if (order == 0) {
      order = Integer.compare(covers(lacking, b), covers(lacking, a));
    }
    return order != 0
        ? order
        : Long.compare(streams.peer(a).answerMillis(), streams.peer(b).answerMillis());
  }

  /** In how many of the configurations that lack one its answer would count. */
  private static int covers(List<Configuration> lacking, NodeId id) {
    int covered = 0;
    for (int i = 0; i < lacking.size(); i++) {
      covered += lacking.get(i).replicas().contains(id) ? 1 : 0;
    }
    return covered;
  }

  /** Once; and again when it had its time and nothing came of it, or when it counts meanwhile. */
  private boolean mayBeAsked(NodeId id, Asking asking) {
    return asking == null
        || asking.answer == Answer.UNCERTAIN && isLate(asking)
        || asking.answer == Answer.UNCOUNTED && streams.peer(id).counts();
  }

  private int doubts(NodeId id) {
    PeerStream peer = streams.peer(id);
    if (!streams.isReachable(peer) || peer.refusing()) {
      return 2;
    }
    return peer.counts() ? 0 : 1;
  }
}
