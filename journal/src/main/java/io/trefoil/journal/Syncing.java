package io.trefoil.journal;

/** The port to whoever syncs a journal: {@link JournalThreads}, or a simulator. */
public interface Syncing extends AutoCloseable {
  /**
   * Asks that what is written below {@code offset} be synced at once. Never waits for it; the
   * {@link JournalThreads.Listener} hears of it.
   */
  void requestSync(long offset);

  @Override
  void close();
}
