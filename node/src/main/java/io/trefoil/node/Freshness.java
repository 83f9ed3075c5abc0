package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.node.ReplicationCodec.Echo;
import io.trefoil.replication.kernel.Message;
import java.util.HashMap;
import java.util.Map;

/**
 * How old a replica's state may be, told without trust in anybody's wall clock. A follower puts the
 * time on what it acknowledges; the leader sends the latest of these times back with its next
 * append, if it holds its lease then and has committed an entry of its own epoch: before that it
 * does not know how far its predecessor's are committed. That append's commit index covers all that
 * was acknowledged to clients before it was sent, and so before that time: nobody else led. The age
 * is counted on the follower's own monotonic clock from beginning to end.
 *
 * <p>A follower that nobody writes to hears so with each heartbeat, and is one to two heartbeats
 * old.
 */
final class Freshness {
  /** An age that is not known. */
  static final long UNKNOWN = Long.MAX_VALUE;

  /** As with leases: a clock may run slow by a tenth. */
  private static final int DRIFT_DIVISOR = 10;

  private final DataLoop loop;
  private final Map<NodeId, Echo> heard = new HashMap<>();
  private long asOfMillis = -1;

  Freshness(DataLoop loop) {
    this.loop = loop;
  }

  /**
   * What goes along with a message.
   *
   * @param commits whether this is a leader that has committed an entry of its own epoch
   */
  Echo echo(NodeId to, Message message, boolean commits) {
    if (message instanceof Message.Appended) {
      return new Echo(loop.incarnation(), loop.sinceStartMillis());
    }
    Echo latest = commits && message instanceof Message.Append ? heard.get(to) : null;
    return latest != null && loop.holdsLeaseNow() ? latest : Echo.NONE;
  }

  /** A follower acknowledged something at that time of its own. */
  void heard(NodeId follower, Echo echo) {
    heard.put(follower, echo);
  }

  /** All that was acknowledged before that time of this node's own is committed here. */
  void covers(Echo echo) {
    if (echo.incarnation() == loop.incarnation()) {
      asOfMillis = Math.max(asOfMillis, echo.millis());
    }
  }

  /** Nothing is known of what is here now. */
  void reset() {
    asOfMillis = -1;
  }

  /** The leadership is over, or begins. */
  void leaderChanged() {
    heard.clear();
  }

  /** At most so old is what is committed here; {@link #UNKNOWN} when there is no telling. */
  long ageMillis() {
    return asOfMillis < 0 ? UNKNOWN : withDrift(loop.sinceStartMillisNow() - asOfMillis);
  }

  /** How old something is that was so at a time, given the worst clock. */
  static long withDrift(long measuredMillis) {
    return measuredMillis + measuredMillis / DRIFT_DIVISOR + 1;
  }
}
