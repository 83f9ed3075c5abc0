package io.trefoil.transport;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;

/**
 * The first frame of a connection: who dials, and whom it means to reach.
 *
 * @param cluster id of the cluster, or empty while the node has not joined one
 * @param region where the dialing node is; empty for none
 * @param from number of the dialing node, or 0 while it has none
 * @param incarnation of the dialing node's start
 * @param to number of the node meant, or 0 when it is not known yet, as it never is in another
 *     region
 */
public record Hello(Lane lane, String cluster, String region, int from, int incarnation, int to) {
  private static final int MAGIC = 0x7472_6566; // "tref"

  /**
   * 2: entries and snapshots have fields. 3: chunks of snapshots have numbers and checksums;
   * messages carry times and floors of reads. 4: nodes say in which region they are.
   */
  static final int FORMAT = 4;

  private static final int MAX_NAME_LENGTH = 64;

  byte[] encode() {
    ByteSink sink = new ByteSink(64);
    sink.putInt(MAGIC).putByte(FORMAT).putByte(lane.ordinal()).putText(cluster);
    sink.putText(region);
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
    String cluster = name(source, "a cluster id");
    String region = name(source, "a region");
    Hello hello =
        new Hello(
            Lane.values()[lane],
            cluster,
            region,
            source.getCount(Integer.MAX_VALUE),
            source.getCount(Integer.MAX_VALUE),
            source.getCount(Integer.MAX_VALUE));
    source.expectEnd();
    return hello;
  }

  private static String name(ByteSource source, String what) {
    String name = source.getText();
    if (name.length() > MAX_NAME_LENGTH) {
      throw new MalformedBytesException(what + " of " + name.length() + " characters");
    }
    return name;
  }
}
