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
 * @param origins who wrote it, where several nodes do; else empty
 */
record CopyMeta(
    PartitionId partition, EpochTable epochs, long logTimeMillis, long lastStamp, Origins origins) {
  private static final int FORMAT = 1;
  private static final int FORMAT_WITH_ORIGINS = 5;

  /** Of a copy that one leader writes. */
  CopyMeta(PartitionId partition, EpochTable epochs, long logTimeMillis, long lastStamp) {
    this(partition, epochs, logTimeMillis, lastStamp, new Origins());
  }

  Bytes encode() {
    ByteSink sink = new ByteSink(64);
    sink.putByte(origins.isEmpty() ? FORMAT : FORMAT_WITH_ORIGINS);
    ReplicationCodec.putPartition(sink, partition);
    epochs.writeTo(sink);
    sink.putVarint(logTimeMillis).putVarint(lastStamp);
    if (!origins.isEmpty()) {
      origins.write(sink);
    }
    return Bytes.wrap(sink.toArray());
  }

  static CopyMeta decode(byte[] bytes) {
    ByteSource source = new ByteSource(bytes);
    int format = source.getByte();
    if (format != FORMAT && format != FORMAT_WITH_ORIGINS) {
      throw new MalformedBytesException(
          "a copy's meta has format "
              + format
              + ", this version knows "
              + FORMAT
              + " and "
              + FORMAT_WITH_ORIGINS);
    }
    CopyMeta meta =
        new CopyMeta(
            ReplicationCodec.getPartition(source),
            EpochTable.readFrom(source),
            source.getVarint(),
            source.getVarint(),
            format == FORMAT_WITH_ORIGINS ? Origins.read(source) : new Origins());
    source.expectEnd();
    return meta;
  }
}
