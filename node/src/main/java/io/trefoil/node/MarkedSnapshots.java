package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.node.PartitionReplica.Mark;
import io.trefoil.storage.BucketDigests;
import io.trefoil.storage.CellList;
import io.trefoil.storage.CellSnapshot;
import io.trefoil.storage.StorageDamaged;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * The snapshots of this node's replicas at marks: takes them, digests them, lists cells of them,
 * and lets them go when the leader needs them no more or says nothing.
 *
 * <p>Belongs to the data loop's thread. Everything that reads or closes a snapshot runs on one
 * reader, in order, so that no snapshot is closed while it is read.
 */
final class MarkedSnapshots {
  /** More at a time are refused: each holds back RocksDB's clean-up. */
  static final int MAX_HELD = 8;

  private static final long KEEP_NANOS = 30_000_000_000L;
  private static final long SIGN_OF_LIFE_NANOS = 1_000_000_000L;

  private final DataLoop loop;
  private final BiConsumer<NodeId, VerifyMessage> network;
  private final Executor reader;
  private final Map<PartitionId, Held> held = new HashMap<>();

  /** One replica at one mark. */
  private static final class Held {
    final PartitionId partition;
    final Mark mark;
    final Position position;
    final NodeId leader;
    CellSnapshot snapshot;
    boolean digested;
    boolean listing;
    long usedNanos;
    long toldNanos;

    /** Read by the reading thread, too. */
    volatile boolean dropped;

    Held(PartitionReplica replica, Mark mark, NodeId leader, long nowNanos) {
      this.partition = replica.id();
      this.mark = mark;
      this.position = replica.positionOf(mark);
      this.leader = leader;
      this.usedNanos = nowNanos;
      this.toldNanos = nowNanos;
    }
  }

  /**
   * @param network sends to a node, this one included
   * @param reader runs one task after the other
   */
  MarkedSnapshots(DataLoop loop, BiConsumer<NodeId, VerifyMessage> network, Executor reader) {
    this.reader = reader;
    this.loop = loop;
    this.network = network;
  }

  /** Takes the replica's snapshot at the mark that it has just reached, and begins to digest it. */
  void take(PartitionReplica replica, Mark mark) {
    Held older = held.get(replica.id());
    if (older != null) {
      drop(older); // its leader has given it up
    }
    NodeId leader = replica.machine().leader();
    if (leader == null) {
      return;
    }
    if (replica.machine().logTimeMillis() > mark.timeMillis()) {
      // What expired after the mark's time may be collected already.
      send(leader, new VerifyMessage.Unable(replica.id(), mark.id(), "came to the mark too late"));
    } else if (held.size() >= MAX_HELD || !replica.store().canFreeze()) {
      send(leader, new VerifyMessage.Busy(replica.id(), mark.id()));
    } else {
      Held taken = new Held(replica, mark, leader, loop.nowNanos());
      held.put(replica.id(), taken);
      replica.freezeAt(mark, snapshot -> onSnapshot(taken, snapshot));
    }
  }

  private void onSnapshot(Held taken, CellSnapshot snapshot) {
    taken.snapshot = snapshot;
    if (taken.dropped) {
      reader.execute(snapshot::close);
      return;
    }
    read(
        taken,
        () -> snapshot.bucketDigests(taken.mark.timeMillis(), () -> taken.dropped),
        digests -> onDigested(taken, digests));
  }

  /** Reads on the other thread, then goes on here unless the snapshot was dropped meanwhile. */
  private <T> void read(Held from, Supplier<T> reading, java.util.function.Consumer<T> then) {
    reader.execute(
        () -> {
          T result;
          try {
            result = reading.get();
          } catch (RuntimeException e) {
            loop.execute(() -> onFailure(from, e));
            return;
          }
          loop.execute(
              () -> {
                if (!from.dropped) {
                  then.accept(result);
                }
              });
        });
  }

  private void onFailure(Held from, RuntimeException failure) {
    if (failure instanceof StorageDamaged) {
      throw failure; // the node stops: what it has is to be filled anew
    }
    if (!from.dropped) {
      drop(from);
      String why = "can't read its cells: " + failure.getMessage();
      send(from.leader, new VerifyMessage.Unable(from.partition, from.mark.id(), why));
    }
  }

  private void onDigested(Held from, Optional<BucketDigests> digests) {
    from.digested = true;
    from.usedNanos = loop.nowNanos();
    send(
        from.leader,
        new VerifyMessage.Digests(
            from.partition, from.mark.id(), from.position, digests.orElseThrow()));
  }

  void onListCells(NodeId asker, VerifyMessage.ListCells ask) {
    Held from = find(ask);
    if (from == null || !from.digested) {
      send(asker, new VerifyMessage.Unable(ask.partition(), ask.id(), "has no snapshot any more"));
    } else if (!from.listing) {
      from.listing = true;
      read(
          from,
          () -> from.snapshot.list(from.mark.timeMillis(), ask.fromHash(), ask.toHash()),
          list -> onListed(from, asker, ask, list));
    }
  }

  private void onListed(Held from, NodeId asker, VerifyMessage.ListCells ask, CellList list) {
    from.listing = false;
    from.usedNanos = loop.nowNanos();
    send(asker, new VerifyMessage.Cells(ask.partition(), ask.id(), ask.fromHash(), list));
  }

  void onDone(VerifyMessage.Done done) {
    Held from = find(done);
    if (from != null) {
      drop(from);
    }
  }

  private Held find(VerifyMessage message) {
    Held found = held.get(message.partition());
    return found != null && found.mark.id() == message.id() ? found : null;
  }

  private void drop(Held gone) {
    gone.dropped = true;
    held.remove(gone.partition, gone);
    if (gone.snapshot != null) {
      reader.execute(gone.snapshot::close);
    }
  }

  private void send(NodeId to, VerifyMessage message) {
    network.accept(to, message);
  }

  void tick() {
    long now = loop.nowNanos();
    for (Held each : List.copyOf(held.values())) {
      if (each.digested && now - each.usedNanos > KEEP_NANOS) {
        drop(each);
      } else if (!each.digested && now - each.toldNanos > SIGN_OF_LIFE_NANOS) {
        each.toldNanos = now;
        send(each.leader, new VerifyMessage.Reading(each.partition, each.mark.id()));
      }
    }
  }

  /** Gives all snapshots back. */
  void close() {
    List.copyOf(held.values()).forEach(this::drop);
  }
}
