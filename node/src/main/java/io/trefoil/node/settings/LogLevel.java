package io.trefoil.node.settings;

import java.util.Locale;

/** From which level on a node logs; written in lower case. */
public enum LogLevel {
  ERROR,
  WARN,
  INFO,
  DEBUG,
  TRACE;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
