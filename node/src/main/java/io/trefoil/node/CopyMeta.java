package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.PartitionId;
import io.trefoil.replication.kernel.EpochTable;

/**
 * What is stored with a copy of a partition: in the journal where the copy begins, and in storage
 * with the position its cells are at.
 *
 * @param partition whose copy it is
 * @param epochs up to that position
 * @param logTimeMillis at that position
 * @param lastStamp the largest stamp up to that position
 */
record CopyMeta(PartitionId partition, EpochTable epochs, long logTimeMillis, long lastStamp) {
  private static final int FORMAT = 1;

  Bytes encode() {
    ByteSink sink = new ByteSink(64);
    sink.putByte(FORMAT);
    ReplicationCodec.putPartition(sink, partition);
    epochs.writeTo(sink);
    sink.putVarint(logTimeMillis).putVarint(lastStamp);
    return Bytes.wrap(sink.toArray());
  }

  static CopyMeta decode(byte[] bytes) {
    ByteSource source = new ByteSource(bytes);
    int format = source.getByte();
    if (format != FORMAT) {
      throw new MalformedBytesException(
          "a copy's meta has format " + format + ", this version knows " + FORMAT);
    }
    CopyMeta meta =
        new CopyMeta(
            ReplicationCodec.getPartition(source),
            EpochTable.readFrom(source),
            source.getVarint(),
            source.getVarint());
    source.expectEnd();
    return meta;
  }
}
