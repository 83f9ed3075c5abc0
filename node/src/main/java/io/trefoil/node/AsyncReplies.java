package io.trefoil.node;

import io.trefoil.base.Position;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Replies of commands that did not run in their connection's turn: forwarded ones, those that
 * waited for the disk or for a leader, and the parts of scattered ones. Each waits for its entry by
 * itself. Owner thread only.
 */
final class AsyncReplies implements DataLoop.Turnable {
  private final DataLoop loop;
  private List<Pending> pending = new ArrayList<>();
  private boolean activeThisTurn;

  private static final class Pending {
    final PartitionReplica replica;
    final long epoch;
    final long heldIndex;
    final long wroteIndex;
    final long sinceNanos;
    final Consumer<byte[]> receiver;
    byte[] reply;
    boolean failed;

    Pending(
        PartitionReplica replica,
        long heldIndex,
        long wroteIndex,
        byte[] reply,
        Consumer<byte[]> receiver) {
      this.replica = replica;
      this.epoch = replica.epoch();
      this.heldIndex = heldIndex;
      this.wroteIndex = wroteIndex;
      this.sinceNanos = replica.turnNanos();
      this.reply = reply;
      this.receiver = receiver;
    }

    boolean isReady() {
      return failed || replica.answersFor(epoch, heldIndex);
    }

    void fail(ReplyQueue.Failure failure) {
      if (wroteIndex != 0) {
        replica.countUncertain();
      }
      String error =
          wroteIndex == 0 ? failure.ofRead() : failure.ofWrite(replica.writeId(epoch, wroteIndex));
      reply = encodeError(error);
      failed = true;
    }
  }

  AsyncReplies(DataLoop loop) {
    this.loop = loop;
  }

  static byte[] encodeError(String text) {
    ReplyWriter error = new ReplyWriter();
    error.error(text);
    return error.toArray();
  }

  /**
   * Gives the reply of the command that {@code replica} just ran to {@code receiver}, once its
   * entry is committed, or an error when that can't be.
   */
  void add(PartitionReplica replica, byte[] reply, Consumer<byte[]> receiver) {
    add(new Pending(replica, replica.heldIndex(), replica.wroteIndex(), reply, receiver));
  }

  /** As above, of no command: it tells of all that the leader has by now. */
  void addOfNewest(PartitionReplica replica, byte[] reply, Delivery delivery) {
    Answer by = Answer.byLeader(loop.self(), new Position(replica.epoch(), replica.lastIndex()));
    add(new Pending(replica, replica.lastIndex(), 0, reply, told -> delivery.deliver(by, told)));
  }

  private void add(Pending added) {
    pending.add(added);
    if (!activeThisTurn) {
      activeThisTurn = true;
      loop.active(this);
    }
  }

  @Override
  public boolean endTurn() {
    activeThisTurn = false;
    return release();
  }

  @Override
  public boolean release() {
    List<Pending> before = pending;
    pending = new ArrayList<>();
    for (Pending each : before) {
      if (each.isReady()) {
        each.receiver.accept(each.reply);
      } else {
        pending.add(each);
      }
    }
    return !pending.isEmpty();
  }

  @Override
  public void leadershipLost(PartitionReplica replica) {
    for (Pending each : pending) {
      if ((replica == null || each.replica == replica) && !each.isReady()) {
        each.fail(each.replica.lostLeadership());
      }
    }
  }

  @Override
  public void expire(long nowNanos) {
    for (Pending each : pending) {
      if (!each.isReady() && nowNanos - each.sinceNanos > each.replica.writeTimeoutNanos()) {
        each.fail(each.replica.notConfirmed());
      }
    }
  }
}
