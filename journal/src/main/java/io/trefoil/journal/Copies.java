package io.trefoil.journal;

import io.trefoil.base.Invariants;
import java.util.Arrays;

/**
 * The live copies by id. The owner adds and removes; any thread may look up, without a lock: each
 * change makes new arrays. Looking up allocates nothing.
 */
final class Copies {
  private record Table(long[] ids, CopyLog[] logs) {}

  private volatile Table table = new Table(new long[0], new CopyLog[0]);

  /** The copy, or null when there is none with this id. */
  CopyLog find(long copyId) {
    Table now = table;
    int at = Arrays.binarySearch(now.ids, copyId);
    return at < 0 ? null : now.logs[at];
  }

  /**
   * @throws io.trefoil.base.InvariantViolation when there is none
   */
  CopyLog get(long copyId) {
    CopyLog log = find(copyId);
    Invariants.check(log != null, "the journal holds no such copy", copyId, 0);
    return log;
  }

  /** Puts a copy in the place of what had its id. */
  void put(CopyLog log) {
    remove(log.copyId());
    Table now = table;
    int at = -Arrays.binarySearch(now.ids, log.copyId()) - 1;
    long[] ids = Arrays.copyOf(now.ids, now.ids.length + 1);
    CopyLog[] logs = Arrays.copyOf(now.logs, ids.length);
    System.arraycopy(now.ids, at, ids, at + 1, now.ids.length - at);
    System.arraycopy(now.logs, at, logs, at + 1, now.logs.length - at);
    ids[at] = log.copyId();
    logs[at] = log;
    table = new Table(ids, logs);
  }

  void remove(long copyId) {
    Table now = table;
    int at = Arrays.binarySearch(now.ids, copyId);
    if (at < 0) {
      return;
    }
    int last = now.ids.length - 1;
    long[] ids = Arrays.copyOf(now.ids, last);
    CopyLog[] logs = Arrays.copyOf(now.logs, last);
    System.arraycopy(now.ids, at + 1, ids, at, last - at);
    System.arraycopy(now.logs, at + 1, logs, at, last - at);
    table = new Table(ids, logs);
  }

  /** All of them, by id; not to be changed. */
  CopyLog[] all() {
    return table.logs;
  }
}
