package io.trefoil.base;

/**
 * A node's number, issued once by the controller to one disk; a new disk gets a new one.
 *
 * @param number from 1
 */
public record NodeId(int number) implements Comparable<NodeId> {
  public NodeId {
    Invariants.check(number > 0, "node numbers start at 1", number, 0);
  }

  @Override
  public int compareTo(NodeId other) {
    return Integer.compare(number, other.number);
  }

  @Override
  public String toString() {
    return "n" + number;
  }
}
