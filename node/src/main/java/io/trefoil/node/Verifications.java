package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.node.PartitionReplica.Mark;
import io.trefoil.node.Routes.DatabaseRoute;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.transport.Lane;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * What {@code DATABASE VERIFY} does on a node, in its three parts: it asks the leaders of the
 * partitions, leads the comparison of those that are led here, and has this node's replicas
 * digested. Belongs to the data loop's thread.
 */
final class Verifications {
  /** Databases that are verified by this node at a time. */
  private static final int MAX_DATABASES = 4;

  /** Partitions of a database at a time; {@link MarkedSnapshots#MAX_HELD} allows for two. */
  private static final int PARTITIONS_AT_ONCE = 4;

  private final DataLoop loop;
  private final Routes routes;
  private final Consumer<String> onDamaged;
  private final MarkedSnapshots snapshots;
  private final LeafSums sums;
  private final Map<PartitionId, Verification> led = new HashMap<>();
  private final Map<Long, Asked> asked = new HashMap<>();
  private final List<DatabaseVerification> databases = new ArrayList<>();
  private long lastRequest;

  /** The comparison of one partition's replicas. */
  interface Verification {
    void begin();

    /** The replica here has committed exactly the entries up to a mark. */
    void onMark(Mark mark);

    void onMessage(NodeId from, VerifyMessage message);

    void onLost(NodeId peer);

    void tick();
  }

  /** A partition whose leader was asked and has not reported yet. */
  private static final class Asked {
    final NodeId leader;
    final Consumer<PartitionReport> receiver;
    long heardNanos;

    Asked(NodeId leader, Consumer<PartitionReport> receiver, long nowNanos) {
      this.leader = leader;
      this.receiver = receiver;
      this.heardNanos = nowNanos;
    }
  }

  /**
   * @param reader runs one task after the other
   * @param onDamaged gets why a replica here is
   */
  Verifications(DataLoop loop, Routes routes, Executor reader, Consumer<String> onDamaged) {
    this.loop = loop;
    this.onDamaged = onDamaged;
    this.routes = routes;
    this.snapshots = new MarkedSnapshots(loop, this::send, reader);
    this.sums = new LeafSums(loop, routes, this::send);
  }

  // Asking.

  boolean takesMore() {
    return databases.size() < MAX_DATABASES;
  }

  /** Compares the replicas of all partitions; {@code then} gets the reports in their order. */
  void verify(DatabaseRoute database, Consumer<List<PartitionReport>> then) {
    DatabaseVerification verification = new DatabaseVerification(database.partitions(), then);
    databases.add(verification);
    for (int i = 0; i < PARTITIONS_AT_ONCE; i++) {
      verification.next();
    }
  }

  /** Compares the replicas of one partition. */
  void verify(PartitionRoute partition, Consumer<PartitionReport> then) {
    ask(partition, then);
  }

  /** Tells the node of a replica that was found damaged, which may be this one. */
  void condemn(NodeId node, PartitionId partition, String why) {
    send(node, new VerifyMessage.Damaged(partition, 0, why));
  }

  /** Asks for one partition after the other. */
  private final class DatabaseVerification {
    private final List<PartitionRoute> partitions;
    private final Consumer<List<PartitionReport>> then;
    private final PartitionReport[] reports;
    private int next;
    private int left;

    DatabaseVerification(List<PartitionRoute> partitions, Consumer<List<PartitionReport>> then) {
      this.partitions = partitions;
      this.then = then;
      this.reports = new PartitionReport[partitions.size()];
      this.left = reports.length;
    }

    void next() {
      if (next < reports.length) {
        int partition = next++;
        ask(partitions.get(partition), report -> onReport(partition, report));
      }
    }

    private void onReport(int partition, PartitionReport report) {
      reports[partition] = report;
      if (--left == 0) {
        databases.remove(this);
        then.accept(Arrays.asList(reports));
      } else {
        next();
      }
    }
  }

  private void ask(PartitionRoute route, Consumer<PartitionReport> receiver) {
    NodeId leader = route.isLeaderless() ? comparer(route) : route.leader();
    long request = ++lastRequest;
    if (leader == null) {
      report(
          receiver,
          route.isLeaderless()
              ? "none of its replicas is connected"
              : "the partition has no leader");
    } else if (!isReached(leader)) {
      report(receiver, "its leader " + leader + " is not connected");
    } else {
      asked.put(request, new Asked(leader, receiver, loop.nowNanos()));
      send(leader, new VerifyMessage.Ask(route.terms().state().id(), request));
    }
  }

  private boolean isReached(NodeId node) {
    return node.equals(loop.self()) || loop.network().isConnected(Lane.DATA, node.number());
  }

  /** Any replica of a leaderless partition can compare them all: better this node's. */
  private NodeId comparer(PartitionRoute route) {
    return route.coordinator() != null
        ? loop.self()
        : route.terms().state().replicas().stream()
            .filter(this::isReached)
            .min(Comparator.naturalOrder())
            .orElse(null);
  }

  /** In a later turn, so that many partitions without a leader are no deep recursion. */
  private void report(Consumer<PartitionReport> receiver, String problem) {
    loop.execute(() -> receiver.accept(PartitionReport.notCompared(problem)));
  }

  private void onReport(NodeId from, VerifyMessage.Report message) {
    Asked answered = asked.get(message.id());
    if (answered != null && answered.leader.equals(from)) {
      asked.remove(message.id());
      answered.receiver.accept(message.report());
    }
  }

  private void onComparing(NodeId from, VerifyMessage.Comparing message) {
    Asked comparing = asked.get(message.id());
    if (comparing != null && comparing.leader.equals(from)) {
      comparing.heardNanos = loop.nowNanos();
    }
  }

  private void giveUpAsked(java.util.function.Predicate<Asked> which, String problem) {
    for (Map.Entry<Long, Asked> each : List.copyOf(asked.entrySet())) {
      if (which.test(each.getValue()) && asked.remove(each.getKey()) != null) {
        each.getValue().receiver.accept(PartitionReport.notCompared(problem));
      }
    }
  }

  // Leading.

  private void onAsk(NodeId from, VerifyMessage.Ask ask) {
    PartitionId partition = ask.partition();
    Consumer<PartitionReport> answer =
        report -> {
          led.remove(partition);
          send(from, new VerifyMessage.Report(partition, ask.id(), report));
        };
    PartitionRoute route = routes.partition(partition);
    if (led.containsKey(partition)) {
      refuse(from, ask, "it is being verified already");
    } else if (route == null || !mayCompare(route)) {
      refuse(from, ask, "its leader changed");
    } else {
      Runnable signOfLife = () -> send(from, new VerifyMessage.Comparing(partition, ask.id()));
      Verification verification =
          route.isLeaderless()
              ? new LeaderlessVerification(
                  loop, route.terms().state(), this::isReached, this::send, answer, signOfLife)
              : new PartitionVerification(route.local(), this::send, answer, signOfLife);
      led.put(partition, verification);
      verification.begin();
    }
  }

  private boolean mayCompare(PartitionRoute route) {
    return route.isLeaderless()
        ? route.coordinator() != null
        : route.leadsHere() && loop.leaseHeld();
  }

  private void refuse(NodeId from, VerifyMessage.Ask ask, String problem) {
    PartitionReport report = PartitionReport.notCompared(problem);
    send(from, new VerifyMessage.Report(ask.partition(), ask.id(), report));
  }

  /** A replica of this node has committed exactly the entries up to the mark. */
  void onMark(PartitionReplica replica, Mark mark) {
    Verification verification = led.get(replica.id());
    if (verification != null) {
      verification.onMark(mark);
    }
    snapshots.take(replica, mark);
  }

  // Between nodes.

  void onFrame(NodeId from, ByteSource source) {
    onMessage(from, VerifyCodec.decode(source));
  }

  private void onMessage(NodeId from, VerifyMessage message) {
    if (message instanceof VerifyMessage.Ask ask) {
      onAsk(from, ask);
    } else if (message instanceof VerifyMessage.Report report) {
      onReport(from, report);
    } else if (message instanceof VerifyMessage.Comparing comparing) {
      onComparing(from, comparing);
    } else if (message instanceof VerifyMessage.ListCells list) {
      snapshots.onListCells(from, list);
    } else if (message instanceof VerifyMessage.Done done) {
      snapshots.onDone(done);
    } else if (message instanceof VerifyMessage.Damaged damaged) {
      onDamaged.accept(damaged.why());
    } else if (message instanceof VerifyMessage.AskSums ask) {
      sums.onAsk(from, ask);
    } else if (message instanceof VerifyMessage.AskShown ask) {
      sums.onAskShown(from, ask);
    } else {
      Verification verification = led.get(message.partition());
      if (verification != null) {
        verification.onMessage(from, message);
      }
    }
  }

  private void send(NodeId to, VerifyMessage message) {
    if (to.equals(loop.self())) {
      loop.execute(() -> onMessage(to, message));
      return;
    }
    ByteSink frame = new ByteSink();
    frame.putByte(Frames.VERIFY);
    VerifyCodec.encode(frame, message);
    loop.network().send(Lane.DATA, to.number(), frame.array(), 0, frame.size());
  }

  void onLost(NodeId peer) {
    giveUpAsked(each -> each.leader.equals(peer), "the connection to its leader broke");
    List.copyOf(led.values()).forEach(each -> each.onLost(peer));
  }

  void tick() {
    long now = loop.nowNanos();
    giveUpAsked(
        each -> now - each.heardNanos > PartitionVerification.SILENCE_NANOS,
        "its leader did not answer");
    List.copyOf(led.values()).forEach(Verification::tick);
    snapshots.tick();
  }

  /** Gives all snapshots back. */
  void close() {
    snapshots.close();
  }
}
