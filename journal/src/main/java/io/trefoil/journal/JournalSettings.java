package io.trefoil.journal;

/**
 * How a journal is laid out.
 *
 * @param journalId whose journal this is (a disk's identity and the number of its loop); a folder
 *     with another id is refused
 * @param segmentBytes size of a segment, 8 KiB to 1 GiB; a larger record gets a segment that grows
 * @param bufferBytes what a turn may append before it is written early, 4 KiB to 64 MiB
 * @param syncIntervalMillis after how long {@link JournalThreads} syncs what nobody waits for, from
 *     1
 */
public record JournalSettings(
    long journalId, long segmentBytes, int bufferBytes, int syncIntervalMillis) {
  public JournalSettings {
    require("segmentBytes", segmentBytes, 1 << 13, 1 << 30);
    require("bufferBytes", bufferBytes, 1 << 12, 1 << 26);
    require("syncIntervalMillis", syncIntervalMillis, 1, 60_000);
  }

  /** Segments of 64 MiB, a buffer of 1 MiB, a sync every 20 ms. */
  public static JournalSettings of(long journalId) {
    return new JournalSettings(journalId, 64L << 20, 1 << 20, 20);
  }

  private static void require(String name, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          name + " is " + value + ", allowed are " + min + " to " + max);
    }
  }
}
