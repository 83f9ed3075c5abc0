package io.trefoil.storage;

/** Which cells of a store are looked at, and what happens where only the disk knows. */
public enum Look {
  /** The newest, waiting for the disk. */
  WAITING,

  /** The newest; {@link io.trefoil.cell.CellsNotInMemory} is thrown. */
  NEWEST,

  /** What is committed; {@link io.trefoil.cell.CellsNotInMemory} is thrown. */
  COMMITTED
}
