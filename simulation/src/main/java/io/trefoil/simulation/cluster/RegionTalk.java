package io.trefoil.simulation.cluster;

import io.trefoil.base.ByteSource;
import io.trefoil.node.Frames;
import io.trefoil.replication.multileader.RegionMessage;
import io.trefoil.simulation.Schedule;

/** What leaders of different regions tell each other, for what a run has met. */
final class RegionTalk {
  /** So long after a piece of a merging snapshot all of it is there. */
  private static final long FILL_MICROS = 10_000 * Schedule.MILLIS;

  private final ClusterWorld world;
  private long causesFromMicros;

  RegionTalk(ClusterWorld world) {
    this.world = world;
  }

  void met(Machine from, Machine to, byte[] frame) {
    if (frame[0] == Frames.REGION_FILLED) {
      causesFromMicros = world.schedule.nowMicros() + FILL_MICROS;
      return;
    }
    if (frame[0] != Frames.REGION) {
      return;
    }
    ByteSource source = new ByteSource(frame);
    source.getByte();
    RegionMessage message = FrameText.region(source);
    if (message instanceof RegionMessage.TooOld) {
      world.count("log too old for a region");
    } else if (message instanceof RegionMessage.Pull pull) {
      met(from.region.number + 1, to.region.number + 1, pull);
    }
  }

  private void met(int from, int to, RegionMessage.Pull pull) {
    if (pull.after().index() > 0) {
      world.count("region goes on where it was");
    }
    if (pull.wants().contains(from)) {
      world.count("lost epoch asked for");
    }
    boolean star = world.shape().regions().topology().startsWith("STAR");
    if (!star && pull.wants().stream().anyMatch(it -> it != from && it != to)) {
      world.count("region stands in for another");
    }
  }

  /** Whether effects are seen after their causes: not while a snapshot is merged. */
  boolean keepsOrder() {
    return world.schedule.nowMicros() >= causesFromMicros;
  }
}
