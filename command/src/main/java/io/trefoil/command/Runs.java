package io.trefoil.command;

/** Where a command runs. */
public enum Runs {
  /** By its handler, on the thread that owns the partition. */
  ON_CELLS,
  /** By its handler, on the thread of the connection: it needs the session and the server only. */
  ON_CONNECTION,
  /** By the node, which has no handler here. */
  ON_NODE
}
