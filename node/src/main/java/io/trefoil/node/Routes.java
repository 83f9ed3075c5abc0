package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.command.Algorithm;
import io.trefoil.command.Consistency;
import io.trefoil.command.Session;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Database;
import io.trefoil.control.PartitionState;
import io.trefoil.control.Replication;
import io.trefoil.partition.SlotRanges;
import io.trefoil.partition.Slots;
import io.trefoil.storage.PartitionStore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where each database's partitions are, as this node knows it. It may be behind: the epoch that a
 * replica is in decides, not this. Belongs to the data loop's thread.
 */
final class Routes {
  private final Map<Integer, DatabaseRoute> byNumber = new TreeMap<>();
  private final Map<PartitionId, PartitionRoute> byId = new HashMap<>();
  private DatabaseRoute[] smallNumbers = new DatabaseRoute[0];
  private long version;

  /** A command that waits until its partition has a leader. */
  interface Waiter {
    void retry();

    void giveUp(String error);

    long deadlineNanos();
  }

  /** One partition. */
  static final class PartitionRoute {
    private PartitionTerms terms;
    private PartitionReplica local;
    private QuorumReplica coordinator;
    private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();

    private PartitionRoute(PartitionTerms terms) {
      this.terms = terms;
    }

    PartitionTerms terms() {
      return terms;
    }

    int number() {
      return terms.state().id().number();
    }

    /** Whether any of its replicas takes commands. */
    boolean isLeaderless() {
      return terms.state().isLeaderless();
    }

    /** This node's replica of a leaderless partition, or null. */
    QuorumReplica coordinator() {
      return coordinator;
    }

    void coordinator(QuorumReplica replica) {
      coordinator = replica;
    }

    /** This node's replica of a partition that has a leader, or null. */
    PartitionReplica local() {
      return local;
    }

    void local(PartitionReplica replica) {
      local = replica;
    }

    /** What this node's replica holds; null without one. */
    PartitionStore store() {
      if (coordinator != null) {
        return coordinator.store();
      }
      return local == null ? null : local.store();
    }

    PartitionId id() {
      return terms.state().id();
    }

    /** The leader, as far as is known here, or null. */
    NodeId leader() {
      if (local != null && local.machine().epoch() > terms.state().epoch()) {
        return local.machine().leader();
      }
      return terms.state().leader().orElse(null);
    }

    /** Of the leadership that {@link #leader()} tells. */
    long epoch() {
      return local == null
          ? terms.state().epoch()
          : Math.max(local.machine().epoch(), terms.state().epoch());
    }

    boolean leadsHere() {
      return local != null && local.machine().isLeader();
    }

    /**
     * Whether what is committed here may be read: not of a copy that is being filled, nor of one
     * that took in a history that is none.
     */
    boolean isReadableHere(NodeId self) {
      return local != null
          && !local.machine().diverged()
          && terms.state().replicas().contains(self);
    }

    /** Whether commands can run here; not while a leader hands over. */
    boolean takesCommandsHere() {
      return local != null && local.takesCommands();
    }

    /** Commands that came first run first, so a later one has to queue up behind them. */
    boolean hasWaiting() {
      return !waiting.isEmpty();
    }

    int waitingCount() {
      return waiting.size();
    }

    void await(Waiter waiter) {
      waiting.add(waiter);
    }

    /** Has those that wait try again, in order. Each may come to wait again. */
    void retryWaiting() {
      List<Waiter> before = new ArrayList<>(waiting);
      waiting.clear();
      before.forEach(Waiter::retry);
    }

    /** Why nobody takes commands, as an error text. */
    String nobodyServes() {
      return isLeaderless() ? Failures.noReplica(terms) : Failures.noLeader(terms);
    }

    void expireWaiting(long nowNanos) {
      while (!waiting.isEmpty() && nowNanos - waiting.peek().deadlineNanos() > 0) {
        waiting.poll().giveUp(nobodyServes());
      }
    }

    void dropped() {
      while (!waiting.isEmpty()) {
        waiting
            .poll()
            .giveUp("CLUSTERDOWN database '" + terms.database().title() + "' was dropped");
      }
    }
  }

  /** One database. */
  static final class DatabaseRoute {
    private final SlotRanges ranges;
    private final PartitionRoute[] partitions;
    private Database database;
    private Consistency reads;

    private DatabaseRoute(Database database) {
      database(database);
      this.ranges = new SlotRanges(database.settings().partitions());
      this.partitions = new PartitionRoute[database.settings().partitions()];
    }

    Database database() {
      return database;
    }

    private void database(Database newest) {
      database = newest;
      reads =
          switch (newest.settings().reads().level()) {
            case LINEARIZABLE -> Consistency.LINEARIZABLE;
            case SESSION -> Consistency.SESSION;
            case BOUNDED -> Consistency.BOUNDED;
            case EVENTUAL -> Consistency.EVENTUAL;
          };
    }

    /** What a connection's reads promise here. */
    Consistency reads(Session session) {
      boolean databases =
          session.consistency() == Consistency.DATABASE_DEFAULT
              || session.consistency() == Consistency.QUORUM;
      Consistency level = databases ? reads : session.consistency();
      return session.isWatching() ? level.whileWatching() : level;
    }

    /** How old a connection's reads may be here, when they are bounded. */
    int boundMillis(Session session) {
      return session.consistency() == Consistency.DATABASE_DEFAULT
          ? database.settings().reads().boundMillis()
          : session.boundMillis();
    }

    /** Whether any replica takes writes. */
    boolean isLeaderless() {
      return database.settings().replication() == Replication.LEADERLESS;
    }

    /** By which the meaning of commands goes. */
    Algorithm algorithm() {
      return switch (database.settings().replication()) {
        case SINGLE_LEADER -> Algorithm.SINGLE_LEADER;
        case MULTI_LEADER -> Algorithm.MULTI_LEADER;
        case LEADERLESS -> Algorithm.LEADERLESS;
      };
    }

    ReadTerms readTerms(Session session) {
      if (isLeaderless()) {
        return new ReadTerms(session.consistency(), 0, null, Level.of(session));
      }
      return new ReadTerms(reads(session), boundMillis(session), session.seen(), Level.DEFAULT);
    }

    int partitionCount() {
      return partitions.length;
    }

    PartitionRoute partition(int number) {
      return partitions[number];
    }

    List<PartitionRoute> partitions() {
      return List.of(partitions);
    }

    SlotRanges ranges() {
      return ranges;
    }

    int partitionOf(byte[] key, int offset, int length) {
      return partitions.length == 1 ? 0 : ranges.partitionOf(Slots.slot(key, offset, length));
    }
  }

  /**
   * Takes a newer state over.
   *
   * @return ids of the partitions that are there no longer
   */
  List<PartitionId> update(ClusterState state) {
    version = state.version();
    byNumber.values().removeIf(route -> !state.databases().containsKey(route.database.id()));
    for (Database database : state.databases().values()) {
      DatabaseRoute route =
          byNumber.computeIfAbsent(database.number(), number -> new DatabaseRoute(database));
      route.database(database);
      for (PartitionState partition : state.partitionsOf(database.id()).values()) {
        PartitionTerms terms = new PartitionTerms(database, partition);
        PartitionRoute known =
            byId.computeIfAbsent(partition.id(), id -> new PartitionRoute(terms));
        known.terms = terms;
        route.partitions[partition.id().number()] = known;
      }
    }
    List<PartitionId> gone = new ArrayList<>(byId.keySet());
    gone.removeAll(state.partitions().keySet());
    gone.forEach(id -> byId.remove(id).dropped());
    smallNumbers = new DatabaseRoute[16];
    for (int number = 0; number < smallNumbers.length; number++) {
      smallNumbers[number] = byNumber.get(number);
    }
    return gone;
  }

  /** Of the state that was taken over last. */
  long version() {
    return version;
  }

  /** The database of a number, or null. */
  DatabaseRoute database(int number) {
    return number < smallNumbers.length ? smallNumbers[number] : byNumber.get(number);
  }

  Collection<DatabaseRoute> databases() {
    return Collections.unmodifiableCollection(byNumber.values());
  }

  /** A partition, or null. */
  PartitionRoute partition(PartitionId id) {
    return byId.get(id);
  }

  /** A partition of a database that spans regions, by the database's definition; or null. */
  PartitionRoute defined(long definition, int number) {
    for (DatabaseRoute route : byNumber.values()) {
      boolean is = definition != 0 && route.database.definition() == definition;
      if (is && number < route.partitions.length) {
        return route.partitions[number];
      }
    }
    return null;
  }

  Collection<PartitionRoute> partitions() {
    return Collections.unmodifiableCollection(byId.values());
  }
}
