package io.trefoil.cell;

import java.util.List;

/**
 * The values of a key that were written by writers who had not seen each other's.
 *
 * @param context what somebody who reads them has seen: to be given to {@link Cells#resolve}
 * @param writes at least one, the latest first: it is what other readers see
 */
public record Siblings(byte[] context, List<Sibling> writes) {
  /**
   * @param millis when it was written, in milliseconds since 1970, by its writer's stamp
   * @param node the name of the node that coordinated it
   */
  public record Sibling(byte[] value, long millis, String node) {}
}
