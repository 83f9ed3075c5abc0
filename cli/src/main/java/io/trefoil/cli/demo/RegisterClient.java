package io.trefoil.cli.demo;

import io.trefoil.cli.Quantities;
import io.trefoil.cli.Reply;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Writes to a {@link Register} or reads it, at a steady rate, one request after the other. */
abstract class RegisterClient extends PacedClient {
  private final String key;
  private final Register register;

  private RegisterClient(
      int perSecond, String key, Register register, Supplier<Target> target, BooleanSupplier on) {
    super(perSecond, target, on);
    this.key = key;
    this.register = register;
  }

  /**
   * @param target is asked before each write; null while none is known
   * @param on whether to write
   */
  static RegisterClient writer(
      Writer.Settings settings,
      Register register,
      Supplier<Target> target,
      BooleanSupplier on,
      Consumer<String> events) {
    return new Writing(settings, register, target, on, events);
  }

  /** As {@link #writer}. */
  static RegisterClient reader(
      Writer.Settings settings, Register register, Supplier<Target> target, BooleanSupplier on) {
    return new Reading(settings, register, target, on);
  }

  private static String keyOf(Writer.Settings settings) {
    return settings.keyPrefix() + "register";
  }

  final Register register() {
    return register;
  }

  final String key() {
    return key;
  }

  private static final class Writing extends RegisterClient {
    private static final long PAUSE_WORTH_TELLING_MILLIS = 1_000;

    private final Consumer<String> events;
    private long lastNanos;
    private boolean wrote;

    private Writing(
        Writer.Settings settings,
        Register register,
        Supplier<Target> target,
        BooleanSupplier on,
        Consumer<String> events) {
      super(settings.perSecond(), keyOf(settings), register, target, on);
      this.events = events;
    }

    @Override
    void ask(int port) {
      long number = register().next();
      try {
        Reply reply = call(port, "SET", key(), register().value(number));
        WriterLedger.Outcome outcome = WriterLedger.outcomeOf(reply);
        register().wrote(number, outcome);
        if (outcome == WriterLedger.Outcome.ACKNOWLEDGED) {
          acknowledged();
        }
      } catch (IOException e) {
        // The bytes may have arrived, and been applied, before the connection broke.
        register().wrote(number, WriterLedger.Outcome.UNCERTAIN);
      }
    }

    private void acknowledged() {
      long now = System.nanoTime();
      long pauseMillis = TimeUnit.NANOSECONDS.toMillis(now - lastNanos);
      if (wrote && pauseMillis >= PAUSE_WORTH_TELLING_MILLIS) {
        events.accept("no write was acknowledged for " + Quantities.millis(pauseMillis));
      }
      lastNanos = now;
      wrote = true;
    }

    /** A pause that the user asked for is none of the database's. */
    @Override
    void idle() {
      wrote = false;
    }
  }

  private static final class Reading extends RegisterClient {
    private Reading(
        Writer.Settings settings, Register register, Supplier<Target> target, BooleanSupplier on) {
      super(settings.perSecond(), keyOf(settings), register, target, on);
    }

    @Override
    void ask(int port) {
      long before = register().acknowledged();
      try {
        register().read(before, call(port, "GET", key()));
      } catch (IOException e) {
        // Without an answer a read says nothing, and the next one asks again.
        return;
      }
    }

    @Override
    void idle() {}
  }
}
