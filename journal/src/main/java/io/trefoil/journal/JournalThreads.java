package io.trefoil.journal;

import io.trefoil.base.Invariants;
import java.io.IOException;

/**
 * The two threads of a journal: one syncs, for those who wait and at an interval for nobody, one
 * prepares segments. Safe for use by any thread.
 */
public final class JournalThreads implements Syncing {
  private static final int RETRY_MILLIS = 1_000;
  private static final int IDLE_MILLIS = 60_000;

  /** Hears of syncs, on the syncing thread; an owner's loop passes it on to itself. */
  public interface Listener {
    /** Everything below {@code offset} is synced now. Grows from call to call. */
    void onSynced(long offset);

    /** The journal failed; the last call. */
    void onFailed(JournalFailed failure);

    /**
     * No segment could be prepared or removed, as on a full disk: someone should look before the
     * current one ends. Tried again every second. On the preparing thread.
     */
    default void onPreparingFailed(IOException cause) {}
  }

  private final Journal journal;
  private final int intervalMillis;
  private final Listener listener;
  private final Thread syncing;
  private final Thread preparing;

  // Guarded by this.
  private long requested;
  private boolean closed;

  private JournalThreads(Journal journal, String name, int intervalMillis, Listener listener) {
    this.journal = journal;
    this.intervalMillis = intervalMillis;
    this.listener = listener;
    this.syncing = thread(name + "-sync", this::syncUntilClosed);
    this.preparing = thread(name + "-prepare", this::prepareUntilClosed);
  }

  /**
   * Starts them.
   *
   * @param name what the threads' names begin with
   */
  public static JournalThreads start(Journal journal, String name, Listener listener) {
    JournalThreads threads =
        new JournalThreads(journal, name, journal.settings().syncIntervalMillis(), listener);
    threads.syncing.start();
    threads.preparing.start();
    return threads;
  }

  private static Thread thread(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public synchronized void requestSync(long offset) {
    Invariants.check(offset <= journal.written(), "only what is written can be synced", offset, 0);
    if (offset > requested) {
      requested = offset;
      notifyAll();
    }
  }

  private void syncUntilClosed() {
    long told = journal.synced();
    try {
      while (awaitTurn()) {
        long synced = journal.sync();
        if (synced > told) {
          told = synced;
          listener.onSynced(synced);
        }
      }
    } catch (JournalFailed e) {
      listener.onFailed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns at a request, or after the interval; false when it is over. */
  private synchronized boolean awaitTurn() throws InterruptedException {
    if (!closed && requested <= journal.synced()) {
      wait(intervalMillis);
    }
    return !closed;
  }

  private void prepareUntilClosed() {
    boolean failed = false;
    try {
      while (!isClosed()) {
        journal.awaitWork(failed, failed ? RETRY_MILLIS : IDLE_MILLIS);
        failed = !prepare();
      }
    } catch (JournalFailed e) {
      // The syncing thread or the owner reports it.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A full disk is no failure yet: the current segment has room, and space may come back. */
  private boolean prepare() {
    try {
      journal.prepare();
      return true;
    } catch (IOException e) {
      listener.onPreparingFailed(e);
      return false;
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /**
   * Ends both threads and waits for what they are doing. The journal stays open. Not from the
   * listener.
   */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    journal.wake();
    join(syncing);
    join(preparing);
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
