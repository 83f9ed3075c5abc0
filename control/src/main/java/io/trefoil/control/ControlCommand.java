package io.trefoil.control;

import io.trefoil.base.HostPort;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What changes the {@link ClusterState}. Every command is conditional or can be repeated, so it
 * does no harm when it comes twice or late.
 */
public sealed interface ControlCommand {
  /** One method per command. */
  interface Handler<R> {
    R found(Found command);

    R register(Register command);

    R start(Start command);

    R whole(Whole command);

    R create(Create command);

    R ensure(Ensure command);

    R look(Look command);

    R alter(Alter command);

    R span(Span command);

    R drop(Drop command);

    R openEpochs(OpenEpochs command);

    R appoint(Appoint command);

    R succeed(Succeed command);

    R advance(Advance command);

    R copyReady(CopyReady command);

    R move(Move command);

    R prefer(Prefer command);

    R drain(Drain command);

    R linkRegion(LinkRegion command);

    R unlinkRegion(UnlinkRegion command);
  }

  <R> R handle(Handler<R> handler);

  /**
   * Makes the cluster. The founder registers afterwards like any node.
   *
   * @param clusterId random, not 0
   * @param expect database 0 is made once so many nodes have registered
   * @param leaseMillis how long a node's lease lasts at most, in this cluster for good
   */
  record Found(long clusterId, int expect, long leaseMillis, DatabaseOptions database0)
      implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.found(this);
    }
  }

  /**
   * Issues a starting process its node id and incarnation.
   *
   * @param holderAlive whether, when this was proposed, a lease stood for the node that has this
   *     disk, or for another one of this name
   */
  record Register(Presence presence, boolean holderAlive) implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.register(this);
    }
  }

  /** The process of {@code claim} has journaled its incarnation and serves under it from now on. */
  record Start(NodeId node, long claim, long incarnation) implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.start(this);
    }
  }

  /** All replicas of an amnesiac node are whole again. */
  record Whole(NodeId node, long incarnation) implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.whole(this);
    }
  }

  /**
   * Creates a database. A multi-leader one can be created again with the same definition and
   * settings, which changes nothing: who creates it in several clusters repeats what went halfway.
   * With {@code regions} it is created where it is not yet, and where it is, these are its regions
   * from now on.
   *
   * @param here the region of this cluster that a multi-leader database is to have its copies in;
   *     empty for any other
   * @param definition see {@link Database}
   * @param regions of a multi-leader database that other regions have already; null for a new one
   */
  record Create(String name, DatabaseOptions options, String here, long definition, Regions regions)
      implements ControlCommand {
    /** Of a database that is new everywhere. */
    public Create(String name, DatabaseOptions options, String here, long definition) {
      this(name, options, here, definition, null);
    }

    /** Of a database that is of this cluster alone. */
    public Create(String name, DatabaseOptions options) {
      this(name, options, "", 0);
    }

    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.create(this);
    }
  }

  /** Creates the database of a number, 0 to 15, with the defaults unless it is there. */
  record Ensure(int number) implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.ensure(this);
    }
  }

  /**
   * Changes nothing. Whoever has the state at the index of its outcome knows of all that was done
   * before it was asked for.
   */
  record Look() implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.look(this);
    }
  }

  /**
   * @param name a name or a number
   * @param away nodes that had no lease when this was proposed, and so get no new copies
   */
  record Alter(String name, DatabaseOptions options, SortedSet<NodeId> away)
      implements ControlCommand {
    public Alter {
      away = Collections.unmodifiableSortedSet(new TreeSet<>(away));
    }

    /** As a client asks for it, who does not know. */
    public Alter(String name, DatabaseOptions options) {
      this(name, options, Collections.emptySortedSet());
    }

    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.alter(this);
    }
  }

  /**
   * Turns a single-leader database into a multi-leader one, or one that has no other region left
   * back.
   *
   * @param name a name or a number
   * @param definition see {@link Database}; 0 to turn it back
   * @param regions that it is to have; null to turn it back
   */
  record Span(String name, long definition, Regions regions) implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.span(this);
    }
  }

  /**
   * @param name a name or a number
   */
  record Drop(String name) implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.drop(this);
    }
  }

  /**
   * Begins a new epoch without a leader. The epoch is the command's place in the Raft log.
   *
   * @param expected partitions with the epoch that each is in; one that is in another stays
   * @param cause why all of them lost their leader
   * @param atMillis when it was found out, in milliseconds since 1970
   */
  record OpenEpochs(SortedMap<PartitionId, Long> expected, Failover.Cause cause, long atMillis)
      implements ControlCommand {
    public OpenEpochs {
      expected = Collections.unmodifiableSortedMap(new TreeMap<>(expected));
    }

    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.openEpochs(this);
    }
  }

  /**
   * Gives epochs their leaders, each only while its epoch is current and has none.
   *
   * @param term the Raft term of the controller that chose them. In the log of a later term it is
   *     refused: the later controller may have granted leases that this one knew nothing of
   */
  record Appoint(long term, List<Appointment> appointments) implements ControlCommand {
    public Appoint {
      appointments = List.copyOf(appointments);
    }

    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.appoint(this);
    }
  }

  /**
   * @param incarnation of the leader, as its answer to the fence carried it
   * @param possibleLoss whether it was chosen from too few answers
   * @param leaderlessMillis see {@link Failover}
   */
  record Appointment(
      PartitionId partition,
      long epoch,
      NodeId leader,
      long incarnation,
      boolean possibleLoss,
      long leaderlessMillis) {}

  /**
   * Gives partitions whose leaders hand over a new epoch with its leader, in one step. The epoch
   * was promised by the old leader and by as many replicas as a failover needs, so that nobody has
   * to hear of it first.
   *
   * @param term as in {@link Appoint}
   * @param atMillis when, in milliseconds since 1970
   */
  record Succeed(long term, long atMillis, List<Succession> successions) implements ControlCommand {
    public Succeed {
      successions = List.copyOf(successions);
    }

    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.succeed(this);
    }
  }

  /**
   * @param ended the epoch that the partition must be in, and which ends
   * @param next the new epoch, later than that and no later than the command's place in the Raft
   *     log, so that no epoch that is opened afterwards has its number
   */
  record Succession(long ended, Appointment next) {}

  /**
   * One step further with a change of configuration, for which the leader of {@code epoch} says
   * that all is ready.
   *
   * @param configVersion the step that is ready
   */
  record Advance(PartitionId partition, long epoch, long configVersion) implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.advance(this);
    }
  }

  /**
   * A copy of a leaderless partition is ready for the next step of a change of configuration; with
   * the last one of them, the change goes on.
   *
   * @param configVersion the step that is ready
   */
  record CopyReady(NodeId node, PartitionId partition, long configVersion)
      implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.copyReady(this);
    }
  }

  /**
   * Moves copies of a database from one node to another.
   *
   * @param name a name or a number
   * @param partition the one partition, or null for all that have a copy on {@code from}
   * @param from a node's name
   * @param to another node's name
   * @param away nodes that had no lease when this was proposed, and so get no new copies
   */
  record Move(String name, Integer partition, String from, String to, SortedSet<NodeId> away)
      implements ControlCommand {
    public Move {
      away = Collections.unmodifiableSortedSet(new TreeSet<>(away));
    }

    /** As a client asks for it, who does not know. */
    public Move(String name, Integer partition, String from, String to) {
      this(name, partition, from, to, Collections.emptySortedSet());
    }

    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.move(this);
    }
  }

  /**
   * Makes a node the preferred leader.
   *
   * @param name a database's name or number
   * @param partition the one partition, or null for all
   * @param node the node's name
   */
  record Prefer(String name, Integer partition, String node) implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.prefer(this);
    }
  }

  /**
   * Has a node lead nothing if others can, until its process starts again; or has it lead again.
   *
   * @param node its name
   */
  record Drain(String node, boolean drained) implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.drain(this);
    }
  }

  /**
   * Tells where nodes of another region's cluster listen for peers, in place of what was known.
   *
   * @param name the region's
   */
  record LinkRegion(String name, List<HostPort> addresses) implements ControlCommand {
    public LinkRegion {
      addresses = List.copyOf(addresses);
    }

    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.linkRegion(this);
    }
  }

  /** Forgets another region's cluster. */
  record UnlinkRegion(String name) implements ControlCommand {
    @Override
    public <R> R handle(Handler<R> handler) {
      return handler.unlinkRegion(this);
    }
  }
}
