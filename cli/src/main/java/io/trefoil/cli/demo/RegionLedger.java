package io.trefoil.cli.demo;

import java.util.Arrays;
import java.util.BitSet;

/** What became of one region's writes, and how long the last ones took. Thread-safe. */
final class RegionLedger {
  /**
   * @param acknowledged, and then refused and uncertain writes, as {@link WriterLedger} has it
   * @param medianMicros how long half of the last acknowledged ones took, at most
   */
  record Counts(long acknowledged, long refused, long uncertain, long medianMicros) {}

  /** Those of the shared counter. */
  record Increments(long acknowledged, long uncertain) {}

  private static final int LATENCIES = 512;

  private final long[] outcomes = new long[WriterLedger.Outcome.values().length];
  private final long[] increments = new long[WriterLedger.Outcome.values().length];
  private final BitSet own = new BitSet();
  private final long[] latencyNanos = new long[LATENCIES];

  /** Notes what became of the write of that number under a key of the region's own. */
  synchronized void wrote(int number, WriterLedger.Outcome outcome, long nanos) {
    note(outcome, nanos);
    if (outcome == WriterLedger.Outcome.ACKNOWLEDGED) {
      own.set(number);
    }
  }

  /** Notes what became of an increment of the shared counter. */
  synchronized void incremented(WriterLedger.Outcome outcome, long nanos) {
    note(outcome, nanos);
    increments[outcome.ordinal()]++;
  }

  /** Notes what became of a write to a key that other regions write, too. */
  synchronized void wroteShared(WriterLedger.Outcome outcome, long nanos) {
    note(outcome, nanos);
  }

  private void note(WriterLedger.Outcome outcome, long nanos) {
    if (outcome == WriterLedger.Outcome.ACKNOWLEDGED) {
      latencyNanos[(int) (outcomes[outcome.ordinal()] % LATENCIES)] = nanos;
    }
    outcomes[outcome.ordinal()]++;
  }

  synchronized Counts counts() {
    long acknowledged = outcomes[WriterLedger.Outcome.ACKNOWLEDGED.ordinal()];
    return new Counts(
        acknowledged,
        outcomes[WriterLedger.Outcome.REFUSED.ordinal()],
        outcomes[WriterLedger.Outcome.UNCERTAIN.ordinal()],
        median((int) Math.min(acknowledged, LATENCIES)) / 1_000);
  }

  private long median(int count) {
    long[] sorted = Arrays.copyOf(latencyNanos, count);
    Arrays.sort(sorted);
    return count == 0 ? 0 : sorted[count / 2];
  }

  synchronized Increments increments() {
    return new Increments(
        increments[WriterLedger.Outcome.ACKNOWLEDGED.ordinal()],
        increments[WriterLedger.Outcome.UNCERTAIN.ordinal()]);
  }

  /** The numbers of all acknowledged writes under the region's own keys. */
  synchronized int[] acknowledged() {
    return own.stream().toArray();
  }
}
