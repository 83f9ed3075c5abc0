package io.trefoil.control;

/** When a copy is stable. The order is part of the stored format. */
public enum Durability {
  /** Written: survives a killed process, not a crashed machine. */
  OS,
  /** Synced to the disk. */
  FSYNC
}
