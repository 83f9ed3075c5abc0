package io.trefoil.cli.demo;

import io.trefoil.cli.Quantities;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Whether regions reach each other, and what is left of a time when they did not. Thread-safe. */
final class LinkState {
  private enum Phase {
    OK,
    CUT,
    CATCHING_UP
  }

  private Phase phase = Phase.OK;
  private long sinceNanos;

  synchronized boolean isCut() {
    return phase == Phase.CUT;
  }

  synchronized void cut(long nowNanos) {
    phase = Phase.CUT;
    sinceNanos = nowNanos;
  }

  synchronized void heal(long nowNanos) {
    phase = Phase.CATCHING_UP;
    sinceNanos = nowNanos;
  }

  /**
   * Sees how it is with the regions.
   *
   * @param level whether each has what the others had some moments before
   * @return what to tell; empty when nothing happened
   */
  synchronized Optional<String> see(boolean level, long nowNanos) {
    if (phase != Phase.CATCHING_UP || !level) {
      return Optional.empty();
    }
    phase = Phase.OK;
    return Optional.of("caught up " + since(nowNanos) + " after healing");
  }

  synchronized String words(long nowNanos) {
    return switch (phase) {
      case OK -> "ok";
      case CUT -> "cut for " + since(nowNanos);
      case CATCHING_UP -> "catching up for " + since(nowNanos);
    };
  }

  private String since(long nowNanos) {
    return Quantities.millis(TimeUnit.NANOSECONDS.toMillis(nowNanos - sinceNanos));
  }
}
