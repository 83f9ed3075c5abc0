package io.trefoil.replication.kernel;

import java.util.ArrayDeque;

/**
 * What a leader knows of one follower in its epoch.
 *
 * <p>{@code 0 ≤ match < next}. {@code match} only grows within an epoch.
 *
 * @see "etcd/raft, tracker/progress.go, from which the states are taken"
 */
public final class PeerProgress {
  /** How the leader sends to the follower. */
  public enum State {
    /** Looking for where the logs agree: one empty append at a time. */
    PROBING,
    /** Sending ahead without waiting. */
    REPLICATING,
    /** Waiting for a snapshot to be installed. */
    SNAPSHOT
  }

  private State state = State.PROBING;
  private long match;
  private long synced;
  private long next;
  private boolean counts;
  private long wholeAt;
  private long heardMillis;
  private long sentMillis;
  private long sentCommit;
  private boolean lost;
  private boolean readingLog;
  private final ArrayDeque<long[]> inFlight = new ArrayDeque<>(); // last index and bytes of a batch
  private long inFlightBytes;

  public PeerProgress(long next, long nowMillis) {
    this.next = next;
    this.heardMillis = nowMillis;
    this.sentMillis = nowMillis;
  }

  public State state() {
    return state;
  }

  /** Last index known to be stable there and equal to the leader's log. */
  public long match() {
    return match;
  }

  /** Up to where that is known to be synced there; at most {@link #match}. */
  public long synced() {
    return synced;
  }

  /** First index not yet sent. */
  public long next() {
    return next;
  }

  /** Whether its copy counts; see {@link Message.Appended#counts}. */
  public boolean counts() {
    return counts;
  }

  /** When a message last came from it, in the leader's monotonic milliseconds. */
  public long heardMillis() {
    return heardMillis;
  }

  public long sentMillis() {
    return sentMillis;
  }

  public long sentCommit() {
    return sentCommit;
  }

  /** Whether the connection broke and nothing was heard since. */
  public boolean lost() {
    return lost;
  }

  public boolean readingLog() {
    return readingLog;
  }

  public void heard(long nowMillis) {
    heardMillis = nowMillis;
    lost = false;
  }

  /** The connection broke: what was on its way may be lost, so it is looked for again. */
  public void connectionLost(long end) {
    lost = true;
    if (state == State.REPLICATING) {
      probeFrom(Math.min(next, end));
    }
  }

  /** Notes a message that carried the leader's commit index. */
  public void sent(long commitIndex, long nowMillis) {
    sentCommit = commitIndex;
    sentMillis = nowMillis;
  }

  /** Notes that a batch is on its way. */
  public void sentEntries(EntryBatch batch) {
    next = batch.lastIndex() + 1;
    inFlight.addLast(new long[] {batch.lastIndex(), batch.body().length()});
    inFlightBytes += batch.body().length();
  }

  /** Bytes of entries sent and not yet acknowledged. */
  public long inFlightBytes() {
    return inFlightBytes;
  }

  public void readingLog(boolean reading) {
    readingLog = reading;
  }

  /**
   * Takes an acknowledgement.
   *
   * @param syncedIndex see {@link Message.Appended#synced}
   * @param lastIndex the leader's, which a follower that does not count has to reach to be whole
   * @return whether the follower is whole now, and should be told
   */
  public boolean acknowledged(long index, boolean countsNow, long syncedIndex, long lastIndex) {
    if (!countsNow && (counts || wholeAt == 0)) {
      // It forgot something. What it once acknowledged and was committed is in the leader's log, so
      // it
      // is whole when it has all of that log; what it said before no longer holds.
      forget();
      wholeAt = Math.max(lastIndex, 1);
    }
    if (countsNow) {
      wholeAt = 0;
    }
    counts = countsNow;
    match = Math.max(match, index);
    synced = Math.max(synced, syncedIndex);
    next = Math.max(next, match + 1);
    state = State.REPLICATING;
    while (!inFlight.isEmpty() && inFlight.peekFirst()[0] <= match) {
      inFlightBytes -= inFlight.pollFirst()[1];
    }
    return !counts && match >= wholeAt;
  }

  public void probeFrom(long index) {
    state = State.PROBING;
    next = Math.max(match + 1, index);
    settle();
  }

  public void awaitSnapshot() {
    state = State.SNAPSHOT;
    settle();
  }

  private void settle() {
    readingLog = false;
    inFlight.clear();
    inFlightBytes = 0;
  }

  /** Takes back what the follower acknowledged: its log turned out to be shorter. */
  public void forget() {
    match = 0;
    synced = 0;
  }

  @Override
  public String toString() {
    return state + " match=" + match + " next=" + next + (counts ? "" : " does not count");
  }
}
