package io.trefoil.cli.demo;

import java.io.IOException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Writes in one region: mostly keys of its own, each tenth time an increment of a counter that all
 * regions share, and every two seconds a key that the writers of all regions write at that moment.
 */
final class RegionWriter extends PacedClient {
  private static final int INCREMENT_EACH = 10;
  private static final long SHARED_MILLIS = 2_000;
  private static final int SHARED_KEYS = 3;

  private final String region;
  private final Writer.Settings settings;
  private final RegionLedger ledger;
  private int number;
  private long turns;
  private long sharedAt = sharedNow();

  /** As {@link PacedClient}. */
  RegionWriter(
      String region,
      Writer.Settings settings,
      RegionLedger ledger,
      Supplier<Target> target,
      BooleanSupplier on) {
    super(settings.perSecond(), target, on);
    this.region = region;
    this.settings = settings;
    this.ledger = ledger;
  }

  static String counter(Writer.Settings settings) {
    return settings.keyPrefix() + "counter";
  }

  /** The key of a region's own with that number; {@link Writer.Settings#value} is what it has. */
  static String key(Writer.Settings settings, String region, int number) {
    return settings.keyPrefix() + region + ":" + number;
  }

  /** By the clock, so that writers which know nothing of each other write the same key. */
  private static long sharedNow() {
    return System.currentTimeMillis() / SHARED_MILLIS;
  }

  @Override
  void ask(int port) {
    turns++;
    if (sharedAt != sharedNow()) {
      sharedAt = sharedNow();
      String key = settings.keyPrefix() + "cart:" + sharedAt % SHARED_KEYS;
      send(port, ledger::wroteShared, "SET", key, region + "-" + turns);
    } else if (turns % INCREMENT_EACH == 0) {
      send(port, ledger::incremented, "INCR", counter(settings));
    } else {
      int written = ++number;
      send(
          port,
          (outcome, nanos) -> ledger.wrote(written, outcome, nanos),
          "SET",
          key(settings, region, written),
          settings.value(written));
    }
  }

  /** Takes what became of a write. */
  private interface Noting {
    void note(WriterLedger.Outcome outcome, long nanos);
  }

  private void send(int port, Noting noting, String... words) {
    long begin = System.nanoTime();
    try {
      WriterLedger.Outcome outcome = WriterLedger.outcomeOf(call(port, words));
      noting.note(outcome, System.nanoTime() - begin);
    } catch (IOException e) {
      // The bytes may have arrived, and been applied, before the connection broke.
      noting.note(WriterLedger.Outcome.UNCERTAIN, System.nanoTime() - begin);
    }
  }

  @Override
  void idle() {}
}
