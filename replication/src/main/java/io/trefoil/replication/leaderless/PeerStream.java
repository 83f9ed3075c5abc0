package io.trefoil.replication.leaderless;

import java.util.ArrayDeque;

/**
 * How far the stream of a coordinator's log to one replica is.
 *
 * <p>{@code 0 ≤ match < next}. The kernel's progress of a follower is not used: there {@code match}
 * only grows, a follower that does not count is a case of its own, and a batch is all that is ever
 * sent.
 */
final class PeerStream {
  /** An answer changes the average by so much; so does each heartbeat without one. */
  private static final int AVERAGE_OVER = 8;

  /** Fractions of a millisecond, so that an average of whole numbers can fall to zero. */
  private static final int FRACTIONS = 16;

  enum State {
    /** Looking for what the replica has: one empty share a heartbeat. */
    PROBING,
    /** Sending ahead without waiting. */
    STREAMING
  }

  private State state = State.PROBING;
  private long match;
  private long confirmed;
  private long next;
  private boolean counts;
  private boolean gap;
  private boolean refusing;
  private boolean lost;

  /** Whether it has confirmed anything since its connection last broke. */
  private boolean heldSinceLost;

  /** Whether it was in reach when that was looked at last. */
  private boolean wasInReach = true;

  private boolean readingLog;
  private long heardMillis;
  private long sentMillis;
  private long answerFractions;
  private final ArrayDeque<long[]> inFlight = new ArrayDeque<>(); // last index and bytes of a batch
  private long inFlightBytes;

  PeerStream(long next, long nowMillis) {
    this.next = next;
    this.heardMillis = nowMillis;
    this.sentMillis = nowMillis;
  }

  State state() {
    return state;
  }

  /** Up to where the log is known to be there and stable. Goes back when the replica says so. */
  long match() {
    return match;
  }

  /**
   * Up to where a write may count on it. After a broken connection it may be another start of the
   * process, that has forgotten what it confirmed before: so nothing, until it has confirmed again.
   */
  long counted() {
    return heldSinceLost ? match : 0;
  }

  /**
   * Up to where the replica has ever confirmed the log to this coordinator since it started. If it
   * counts it still has those entries, even when it no longer knows how far it was.
   */
  long confirmed() {
    return confirmed;
  }

  /** First index not yet sent. */
  long next() {
    return next;
  }

  boolean counts() {
    return counts;
  }

  boolean gap() {
    return gap;
  }

  /** Whether the last thing it said is that it knows another configuration. */
  boolean refusing() {
    return refusing;
  }

  /** Whether the connection broke and nothing was heard since. */
  boolean lost() {
    return lost;
  }

  boolean readingLog() {
    return readingLog;
  }

  long heardMillis() {
    return heardMillis;
  }

  long sentMillis() {
    return sentMillis;
  }

  long inFlightBytes() {
    return inFlightBytes;
  }

  /** How long it took lately to answer a question, on average. */
  long answerMillis() {
    return answerFractions / FRACTIONS;
  }

  void heard(long nowMillis) {
    heardMillis = nowMillis;
    lost = false;
  }

  /** Returns whether it came in reach or went out of it since this was asked last. */
  boolean noteReach(boolean inReach) {
    boolean changed = inReach != wasInReach;
    wasInReach = inReach;
    return changed;
  }

  void agrees() {
    refusing = false;
  }

  void counts(boolean countsNow) {
    counts = countsNow;
  }

  void readingLog(boolean reading) {
    readingLog = reading;
  }

  /** Notes that everything up to {@code upTo} is on its way. */
  void sent(long upTo, long bytes, long nowMillis) {
    next = Math.max(next, upTo + 1);
    sentMillis = nowMillis;
    if (bytes > 0) {
      inFlight.addLast(new long[] {upTo, bytes});
      inFlightBytes += bytes;
    }
  }

  /** Nothing before {@code index} is sent any more, as the log no longer holds it. */
  void skipTo(long index) {
    gap = true;
    next = index;
  }

  void acknowledged(long index, boolean countsNow) {
    // One that forgot may be without what it confirmed before.
    confirmed = countsNow ? Math.max(confirmed, index) : index;
    counts = countsNow;
    match = Math.max(match, index);
    heldSinceLost = true;
    next = Math.max(next, match + 1);
    state = State.STREAMING;
    while (!inFlight.isEmpty() && inFlight.peekFirst()[0] <= match) {
      inFlightBytes -= inFlight.pollFirst()[1];
    }
  }

  /** It has the log up to {@code index} and no further, whatever it said before. */
  void lacks(long index) {
    match = Math.min(match, index);
    probeFrom(index + 1);
  }

  void refused() {
    refusing = true;
    probeFrom(next);
  }

  /** What was on its way may be lost, so it is looked for again. */
  void connectionLost() {
    lost = true;
    heldSinceLost = false;
    probeFrom(next);
  }

  private void probeFrom(long index) {
    state = State.PROBING;
    next = Math.max(match + 1, index);
    readingLog = false;
    inFlight.clear();
    inFlightBytes = 0;
  }

  /** It took so long to answer; or has not, yet. */
  void answeredAfter(long millis) {
    answerFractions += (millis * FRACTIONS - answerFractions) / AVERAGE_OVER;
  }

  /** One that was slow is not asked, so nothing else would tell that it no longer is. */
  void forgiveSlowness() {
    answerFractions -= (answerFractions + AVERAGE_OVER - 1) / AVERAGE_OVER;
  }

  @Override
  public String toString() {
    return state
        + " match="
        + match
        + " next="
        + next
        + (counts ? "" : " does not count")
        + (gap ? " gap" : "")
        + (refusing ? " refuses" : "")
        + (lost ? " lost" : "");
  }
}
