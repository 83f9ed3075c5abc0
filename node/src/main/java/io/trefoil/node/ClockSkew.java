package io.trefoil.node;

import io.trefoil.base.NodeId;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the wall clocks of other nodes are ahead of this node's: by the time that comes with what
 * they coordinate. What is late looks less ahead, never more.
 *
 * <p>Nothing is refused for it. Stamps are right whatever the clocks say; but one clock that is far
 * ahead takes all stamps with it, and where nodes don't ask each other before they write, its
 * writes count as the later ones. So people are to know.
 *
 * <p>Owner thread only.
 */
final class ClockSkew {
  private static final Logger LOG = LoggerFactory.getLogger(ClockSkew.class);

  private static final long MINUTE_MILLIS = 60_000;

  private final long maxMillis;
  private final Function<NodeId, String> names;
  private final Map<NodeId, Heard> nodes = new TreeMap<>();

  /** What was heard of a node in this minute, and the largest of the one before. */
  private static final class Heard {
    long beganMillis;
    long largest;
    long largestBefore;
    boolean warned;

    Heard(long nowMillis) {
      beganMillis = nowMillis;
    }

    void turn(long nowMillis) {
      long passed = nowMillis - beganMillis;
      if (passed < MINUTE_MILLIS) {
        return;
      }
      largestBefore = passed < 2 * MINUTE_MILLIS ? largest : 0;
      largest = 0;
      warned = false;
      beganMillis = nowMillis;
    }
  }

  /**
   * @param maxMillis clocks that are further ahead are warned of, once a minute each
   * @param names what people call nodes
   */
  ClockSkew(long maxMillis, Function<NodeId, String> names) {
    this.maxMillis = maxMillis;
    this.names = names;
  }

  /**
   * Something came from a node.
   *
   * @param theirMillis its wall time when it wrote that
   * @param ownMillis this node's wall time
   * @param nowMillis of a clock that never jumps
   */
  void heard(NodeId node, long theirMillis, long ownMillis, long nowMillis) {
    Heard heard = nodes.computeIfAbsent(node, first -> new Heard(nowMillis));
    heard.turn(nowMillis);
    long ahead = Math.max(0, theirMillis - ownMillis);
    heard.largest = Math.max(heard.largest, ahead);
    if (ahead > maxMillis && !heard.warned) {
      heard.warned = true;
      LOG.warn(
          "the clock of {} is {} ms ahead of this node's: one of the two is wrong; more than {} ms"
              + " is warned of (clock.max-skew)",
          names.apply(node),
          ahead,
          maxMillis);
    }
  }

  /**
   * By how many milliseconds each node that was heard of was ahead at most, in this minute and the
   * one before.
   */
  Map<NodeId, Long> recent(long nowMillis) {
    Map<NodeId, Long> recent = new TreeMap<>();
    nodes.forEach(
        (node, heard) -> {
          heard.turn(nowMillis);
          recent.put(node, Math.max(heard.largest, heard.largestBefore));
        });
    return recent;
  }
}
