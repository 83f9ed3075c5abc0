package io.trefoil.control;

import io.trefoil.base.Invariants;

/**
 * What a read may see when the connection does not say otherwise.
 *
 * @param boundMillis how old a BOUNDED read may be, from 1; 0 with every other level
 */
public record Reads(Level level, int boundMillis) {
  /** The order is part of the stored format. */
  public enum Level {
    LINEARIZABLE,
    SESSION,
    BOUNDED,
    EVENTUAL
  }

  public static final Reads LINEARIZABLE = new Reads(Level.LINEARIZABLE, 0);
  public static final Reads SESSION = new Reads(Level.SESSION, 0);
  public static final Reads EVENTUAL = new Reads(Level.EVENTUAL, 0);

  public Reads {
    Invariants.check(
        level == Level.BOUNDED ? boundMillis >= 1 : boundMillis == 0, "bound", boundMillis, 0);
  }

  public static Reads bounded(int millis) {
    return new Reads(Level.BOUNDED, millis);
  }

  /** As in the grammar: {@code BOUNDED 500}. */
  @Override
  public String toString() {
    return level == Level.BOUNDED ? "BOUNDED " + boundMillis : level.name();
  }
}
