package io.trefoil.transport;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;

/**
 * The first frame of a connection: who dials, and whom it means to reach.
 *
 * @param cluster id of the cluster, or empty while the node has not joined one
 * @param from number of the dialing node, or 0 while it has none
 * @param incarnation of the dialing node's start
 * @param to number of the node meant, or 0 when it is not known yet
 */
public record Hello(Lane lane, String cluster, int from, int incarnation, int to) {
  private static final int MAGIC = 0x7472_6566; // "tref"

  /**
   * 2: entries and snapshots have fields. 3: chunks of snapshots have numbers and checksums;
   * messages carry times and floors of reads.
   */
  static final int FORMAT = 3;

  private static final int MAX_CLUSTER_LENGTH = 64;

  byte[] encode() {
    ByteSink sink = new ByteSink(64);
    sink.putInt(MAGIC).putByte(FORMAT).putByte(lane.ordinal()).putText(cluster);
    return sink.putVarint(from).putVarint(incarnation).putVarint(to).toArray();
  }

  static Hello decode(byte[] frame) {
    ByteSource source = new ByteSource(frame);
    if (source.getInt() != MAGIC) {
      throw new MalformedBytesException("not a Trefoil node");
    }
    int format = source.getByte();
    if (format != FORMAT) {
      throw new MalformedBytesException(
          "speaks peer format " + format + ", this version knows " + FORMAT);
    }
    int lane = source.getByte();
    if (lane >= Lane.values().length) {
      throw new MalformedBytesException("lane " + lane + " is not known");
    }
    String cluster = source.getText();
    if (cluster.length() > MAX_CLUSTER_LENGTH) {
      throw new MalformedBytesException("a cluster id of " + cluster.length() + " characters");
    }
    Hello hello =
        new Hello(
            Lane.values()[lane],
            cluster,
            source.getCount(Integer.MAX_VALUE),
            source.getCount(Integer.MAX_VALUE),
            source.getCount(Integer.MAX_VALUE));
    source.expectEnd();
    return hello;
  }
}
