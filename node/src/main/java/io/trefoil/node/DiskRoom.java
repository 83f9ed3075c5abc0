package io.trefoil.node;

import io.trefoil.command.Command;
import io.trefoil.command.Flag;
import io.trefoil.command.Group;

/**
 * How much room the disk has, and which writes are refused for it: those that may make the data
 * larger, before the disk is so full that the node would have to stop. What is kept free is for
 * removals, for what a leader elsewhere sends, and for RocksDB, which needs room to make room.
 *
 * <p>Belongs to the data loop's thread.
 */
final class DiskRoom {
  private final String node;
  private final long reserveBytes;
  private long freeBytes = Long.MAX_VALUE;
  private boolean low;

  /**
   * @param node its name
   * @param reserveBytes with less than this it is low, with a quarter more it is not any more
   */
  DiskRoom(String node, long reserveBytes) {
    this.node = node;
    this.reserveBytes = reserveBytes;
  }

  /**
   * So much is free now.
   *
   * @return whether it is low now and was not, or the other way round
   */
  boolean measured(long newFreeBytes) {
    boolean before = low;
    freeBytes = newFreeBytes;
    low = freeBytes < reserveBytes || low && freeBytes - reserveBytes < reserveBytes / 4;
    return low != before;
  }

  boolean isLow() {
    return low;
  }

  long freeBytes() {
    return freeBytes;
  }

  /** Why a command is not taken now, as an error text; null when it is. */
  String refusal(Command command) {
    return low && mayGrow(command) ? "MISCONF " + text() + ": free space, or remove keys" : null;
  }

  private static boolean mayGrow(Command command) {
    boolean isExec = command.group() == Group.TRANSACTIONS && command.has(Flag.WRITE);
    return command.has(Flag.DENYOOM) || isExec;
  }

  /** What is wrong, for people. */
  String text() {
    return node
        + " has "
        + (freeBytes >> 20)
        + " MB of disk left, less than data.reserve ("
        + (reserveBytes >> 20)
        + " MB)";
  }
}
