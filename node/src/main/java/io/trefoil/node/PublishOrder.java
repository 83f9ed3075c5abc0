package io.trefoil.node;

import java.util.HashMap;
import java.util.Map;

/**
 * Keeps what other nodes published in its order. A connection between nodes is in order; but one
 * that broke may still have something to be read when the next one already brings more. What comes
 * so late is not delivered. Owner thread only.
 */
final class PublishOrder {
  private record Last(long incarnation, long number) {}

  private final Map<Long, Last> lasts = new HashMap<>();

  /**
   * Whether a message may be delivered.
   *
   * @param node that published it
   * @param incarnation of that node's process
   * @param number of the message, growing for each incarnation
   */
  boolean admits(long node, long incarnation, long number) {
    Last last = lasts.get(node);
    boolean later =
        last == null
            || incarnation > last.incarnation()
            || incarnation == last.incarnation() && number > last.number();
    if (later) {
      lasts.put(node, new Last(incarnation, number));
    }
    return later;
  }
}
