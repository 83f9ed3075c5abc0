package io.trefoil.command;

import java.util.Locale;

/** The chapter of the documentation that a command is in; all but the last are Redis's. */
public enum Group {
  CONNECTION,
  GENERIC,
  STRING,
  BITMAP,
  HASH,
  LIST,
  SET,
  SORTED_SET,
  PUBSUB,
  TRANSACTIONS,
  SERVER,
  CLUSTER,
  TREFOIL;

  /** As Redis spells it. */
  public String redisName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
