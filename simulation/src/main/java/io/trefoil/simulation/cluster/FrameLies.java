package io.trefoil.simulation.cluster;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.PartitionId;
import io.trefoil.control.ControlFormat;
import io.trefoil.control.ControlMessage;
import io.trefoil.node.Frames;
import io.trefoil.node.ReplicationCodec;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Message;
import io.trefoil.simulation.Mutant;

/** What a network makes of frames between nodes when it lies, for mutants. */
final class FrameLies {
  private static final int LONGER = 5;

  private FrameLies() {}

  /** A frame as it is read, when it was sent as {@code frame}. */
  static byte[] read(Mutant mutant, byte[] frame) {
    return switch (mutant) {
      case EXPIRY_BY_WALL_CLOCK -> frame[0] == Frames.REPLICATION ? withoutTime(frame) : frame;
      case LEASE_TOO_LONG -> frame[0] == Frames.CONTROL ? withLongerLease(frame) : frame;
      default -> frame;
    };
  }

  /** The log's time is lost where the frame carries it. */
  private static byte[] withoutTime(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    source.getByte();
    PartitionId partition = ReplicationCodec.getPartition(source);
    if (!(ReplicationCodec.decode(source) instanceof Message.Append append)) {
      return frame;
    }
    ByteSink sink = new ByteSink(frame.length);
    sink.putByte(Frames.REPLICATION);
    ReplicationCodec.putPartition(sink, partition);
    ReplicationCodec.encode(
        sink,
        new Message.Append(
            append.epoch(),
            append.previous(),
            withoutTime(append.batch()),
            append.commitIndex(),
            append.everywhereIndex(),
            0));
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
