package io.trefoil.node;

/** What the pieces of a snapshot's stream are. The codes never change. */
final class SnapshotFrame {
  /** Epoch, position, number of keys, the copy's meta. */
  static final int BEGIN = 1;

  static final int CHUNK = 2;
  static final int END = 3;

  /** The receiver has taken so many pieces. */
  static final int GOES_ON = 1;

  static final int INSTALLED = 2;
  static final int GIVEN_UP = 3;

  private SnapshotFrame() {}
}
