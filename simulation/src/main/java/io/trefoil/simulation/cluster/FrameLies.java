package io.trefoil.simulation.cluster;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Stamp;
import io.trefoil.control.ControlFormat;
import io.trefoil.control.ControlMessage;
import io.trefoil.node.Frames;
import io.trefoil.node.LeaderlessCodec;
import io.trefoil.node.RepairCodec;
import io.trefoil.node.ReplicationCodec;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Message;
import io.trefoil.replication.leaderless.CopyState;
import io.trefoil.replication.leaderless.LeaderlessMessage;
import io.trefoil.replication.leaderless.RepairMessage;
import io.trefoil.simulation.Mutant;
import java.util.function.UnaryOperator;

/** What a network makes of frames between nodes when it lies, for mutants. */
final class FrameLies {
  private static final int LONGER = 5;
  private static final int AHEAD_MILLIS = 5_000;

  private FrameLies() {}

  /** A frame as it is read, when it was sent as {@code frame}. */
  static byte[] read(Mutant mutant, byte[] frame) {
    return switch (mutant) {
      case EXPIRY_BY_WALL_CLOCK -> withAppend(frame, FrameLies::withoutTime);
      case FRESH_BEFORE_COMMITTED -> withAppend(frame, FrameLies::withOlderCommit);
      case FLOOR_NOT_SENT -> frame[0] == Frames.FORWARD ? withoutFloor(frame) : frame;
      case LEASE_TOO_LONG -> frame[0] == Frames.CONTROL ? withLongerLease(frame) : frame;
      case DIFFERENCE_NOT_TOLD -> frame[0] == Frames.LEADERLESS ? withoutDifference(frame) : frame;
      case SUPERSEDED_NOT_SAID -> frame[0] == Frames.SUPERSEDED ? toNobody(frame) : frame;
      case FORGOTTEN_TOO_SOON -> frame[0] == Frames.REPAIR ? withLargerClaim(frame) : frame;
      default -> frame;
    };
  }

  private static byte[] withLargerClaim(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    source.getByte();
    PartitionId partition = ReplicationCodec.getPartition(source);
    long lastStamp = source.getLong();
    RepairMessage message = RepairCodec.decode(source);
    ByteSink sink = new ByteSink(frame.length + Long.BYTES);
    sink.putByte(Frames.REPAIR);
    ReplicationCodec.putPartition(sink, partition);
    sink.putLong(lastStamp);
    if (message instanceof RepairMessage.Compare it) {
      message =
          new RepairMessage.Compare(
              it.round(),
              it.step(),
              it.version(),
              larger(it.claim(), lastStamp),
              it.level(),
              it.nodes(),
              it.sums());
    } else if (message instanceof RepairMessage.Compared it) {
      message =
          new RepairMessage.Compared(
              it.round(),
              it.step(),
              it.version(),
              larger(it.claim(), lastStamp),
              it.clock(),
              it.level(),
              it.differing(),
              it.sums());
    }
    RepairCodec.encode(sink, message);
    return sink.toArray();
  }

  /** As if the sender had heard of all up to now, and of what is to come in the next seconds. */
  private static RepairMessage.Claim larger(RepairMessage.Claim claim, long lastStamp) {
    long complete = Stamp.of(Stamp.millis(lastStamp) + AHEAD_MILLIS, 0);
    return claim.state() == CopyState.VOUCHES
        ? new RepairMessage.Claim(claim.start(), claim.state(), complete, claim.horizon())
        : claim;
  }

  private static byte[] withoutDifference(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    source.getByte();
    PartitionId partition = ReplicationCodec.getPartition(source);
    if (!(LeaderlessCodec.decode(source) instanceof LeaderlessMessage.Told told)) {
      return frame;
    }
    ByteSink sink = new ByteSink(frame.length);
    sink.putByte(Frames.LEADERLESS);
    ReplicationCodec.putPartition(sink, partition);
    LeaderlessCodec.encode(sink, new LeaderlessMessage.Told(told.id(), told.counts(), null));
    return sink.toArray();
  }

  /** To a stream that there is not. */
  private static byte[] toNobody(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    source.getByte();
    ByteSink sink = new ByteSink(frame.length);
    sink.putByte(Frames.SUPERSEDED);
    ReplicationCodec.putPartition(sink, ReplicationCodec.getPartition(source));
    return sink.putVarint(Integer.MAX_VALUE).putVarint(1).putVarint(1).toArray();
  }

  /** A frame with another append in place of the one that it carries, if it carries one. */
  private static byte[] withAppend(byte[] frame, UnaryOperator<Message.Append> change) {
    ByteSource source = new ByteSource(frame);
    if (source.getByte() != Frames.REPLICATION) {
      return frame;
    }
    PartitionId partition = ReplicationCodec.getPartition(source);
    ReplicationCodec.Echo echo = ReplicationCodec.getEcho(source);
    if (!(ReplicationCodec.decode(source) instanceof Message.Append append)) {
      return frame;
    }
    ByteSink sink = new ByteSink(frame.length);
    sink.putByte(Frames.REPLICATION);
    ReplicationCodec.putPartition(sink, partition);
    ReplicationCodec.putEcho(sink, echo);
    ReplicationCodec.encode(sink, change.apply(append));
    return sink.toArray();
  }

  /** The log's time is lost where the frame carries it. */
  private static Message.Append withoutTime(Message.Append append) {
    return new Message.Append(
        append.epoch(),
        append.previous(),
        withoutTime(append.batch()),
        append.commitIndex(),
        append.everywhereIndex(),
        0);
  }

  /** The word that a copy is fresh comes with a commit index that lacks the last entry. */
  private static Message.Append withOlderCommit(Message.Append append) {
    if (append.batch() != null) {
      return append;
    }
    long older = Math.max(append.commitIndex() - 1, 0);
    return new Message.Append(
        append.epoch(),
        append.previous(),
        null,
        older,
        Math.min(append.everywhereIndex(), older),
        append.logTimeMillis());
  }

  /** What a session has seen is not told to the leader that answers it. */
  private static byte[] withoutFloor(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    source.getByte();
    source.getVarint(); // the command's number
    ReplicationCodec.getPartition(source);
    source.getVarint(); // the epoch
    source.getByte(); // of RESP
    int start = source.position();
    source.getVarint();
    source.getVarint();
    ByteSink sink = new ByteSink(frame.length);
    sink.putBytes(frame, 0, start).putVarint(0).putVarint(0);
    sink.putBytes(frame, source.position(), source.remaining());
    return sink.toArray();
  }

  private static EntryBatch withoutTime(EntryBatch it) {
    return it == null
        ? null
        : new EntryBatch(it.epoch(), it.firstIndex(), it.count(), 0, it.issuer(), it.body());
  }

  /** A lease lasts longer where it is held than where it was granted. */
  private static byte[] withLongerLease(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    source.getByte();
    long request = source.getVarint();
    ControlMessage message = ControlFormat.decodeMessage(source.getBytes(source.remaining()));
    if (!(message instanceof ControlMessage.LeaseReply lease)) {
      return frame;
    }
    byte[] longer =
        ControlFormat.encode(
            new ControlMessage.LeaseReply(
                lease.sentNanos(), lease.grantedNanos() * LONGER, lease.stateVersion()));
    ByteSink sink = new ByteSink(frame.length);
    sink.putByte(Frames.CONTROL).putVarint(request).putBytes(longer, 0, longer.length);
    return sink.toArray();
  }
}
