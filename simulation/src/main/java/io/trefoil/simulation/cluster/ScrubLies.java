package io.trefoil.simulation.cluster;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.PartitionId;
import io.trefoil.node.Frames;
import io.trefoil.node.ReplicationCodec;
import io.trefoil.node.VerifyCodec;
import io.trefoil.simulation.Mutant;
import java.util.HashMap;
import java.util.Map;

/** What a network makes of frames between those who compare replicas when it lies, for mutants. */
final class ScrubLies {
  private final Mutant mutant;

  /** What each replica told last of its cells. */
  private final Map<Replica, byte[]> told = new HashMap<>();

  private record Replica(Machine machine, PartitionId partition) {}

  ScrubLies(Mutant mutant) {
    this.mutant = mutant;
  }

  /** A frame as it is read, when it was sent as {@code frame}. */
  byte[] read(Machine from, byte[] frame) {
    ByteSource source = new ByteSource(frame);
    source.getByte();
    int tag = source.getByte();
    PartitionId partition = ReplicationCodec.getPartition(source);
    source.getVarint(); // the mark's number
    if (mutant == Mutant.CONDEMNED_NOT_TOLD && tag == VerifyCodec.DAMAGED) {
      return ofNoMark(partition);
    }
    if (mutant == Mutant.COMPARED_AT_ANY_MOMENT && tag == VerifyCodec.DIGESTS) {
      ReplicationCodec.getPosition(source);
      int start = source.position();
      byte[] digests = source.getBytes(source.remaining());
      byte[] before = told.put(new Replica(from, partition), digests);
      return before == null
          ? frame
          : new ByteSink().putBytes(frame, 0, start).putBytes(before, 0, before.length).toArray();
    }
    return frame;
  }

  /** That a snapshot is needed no more, at a mark that there never was. */
  private static byte[] ofNoMark(PartitionId partition) {
    ByteSink sink = new ByteSink();
    sink.putByte(Frames.VERIFY).putByte(VerifyCodec.DONE);
    ReplicationCodec.putPartition(sink, partition);
    return sink.putVarint(0).toArray();
  }
}
