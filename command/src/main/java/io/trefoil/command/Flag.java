package io.trefoil.command;

import java.util.Locale;

/** Redis's command flags, in the order in which {@code COMMAND INFO} lists them. */
public enum Flag {
  WRITE,
  READONLY,
  DENYOOM,
  ADMIN,
  PUBSUB,
  NOSCRIPT,
  BLOCKING,
  LOADING,
  STALE,
  SKIP_SLOWLOG,
  FAST,
  NO_AUTH,
  NO_ASYNC_LOADING,
  NO_MULTI,
  MOVABLEKEYS,
  ALLOW_BUSY;

  /** As Redis spells it. */
  public String redisName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
