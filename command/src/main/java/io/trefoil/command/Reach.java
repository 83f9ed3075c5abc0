package io.trefoil.command;

/** Which cells a command is about. */
public enum Reach {
  /** None. */
  NOTHING,
  /** Those of the keys among its arguments. */
  KEYS,
  /** Those of every partition of the connection's database. */
  DATABASE,
  /** Those of every partition of every database. */
  ALL_DATABASES
}
