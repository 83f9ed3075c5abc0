package io.trefoil.replication.leaderless;

/** What anti-entropy knows of another replica or learner, in one configuration. */
final class PeerRepair {
  /** With a round's pause after each, a minute. */
  private static final int MAX_TIMES_PUT_OFF = 6;

  private CopyState state = CopyState.FORGOT;
  private long complete;
  private long compared;
  private Round round;
  private long finished;
  private CopyState finishedState = CopyState.FORGOT;
  private long ended;
  private boolean failed;
  private boolean wantedNow;
  private long nextMillis;
  private int timesPutOff;
  private long startedMillis;
  private long finishedMillis;
  private long endedMillis;
  private int leavesDiffered;
  private long bytesPulled;
  private long keysMerged;

  /** What it last said of its copy. */
  CopyState state() {
    return state;
  }

  /**
   * A stamp up to which it has everything that was ever written; 0 for none, or one that forgot.
   */
  long complete() {
    return complete;
  }

  /** A stamp: this copy has everything that it had up to that. 0 for none. */
  long compared() {
    return compared;
  }

  /** The round that runs, or null. */
  Round round() {
    return round;
  }

  /** When the last round that did not fail began, as its number; 0 before the first. */
  long finished() {
    return finished;
  }

  /** What it said of its copy in that round. */
  CopyState finishedState() {
    return finishedState;
  }

  /** Number of the last round that ended, be it that it failed. */
  long ended() {
    return ended;
  }

  /** Whether the last round failed, and nothing was heard since. */
  boolean failed() {
    return failed;
  }

  /** Whether an operator waits for a round to begin. */
  boolean wantedNow() {
    return wantedNow;
  }

  /** When the next round is to begin if nothing presses. */
  long nextMillis() {
    return nextMillis;
  }

  void want(long nowMillis) {
    wantedNow = true;
    timesPutOff = MAX_TIMES_PUT_OFF;
    nextMillis = nowMillis;
  }

  /** It speaks: if it was away, it is back. */
  void heard(RepairMessage.Claim claim, long nowMillis) {
    state = claim.state();
    complete = state == CopyState.VOUCHES ? Math.max(complete, claim.complete()) : 0;
    if (failed) {
      failed = false;
      nextMillis = nowMillis;
    }
  }

  void began(Round begun, long nowMillis) {
    round = begun;
    startedMillis = nowMillis;
    wantedNow = false;
  }

  void finished(long nowMillis, long pauseMillis) {
    finished = round.id();
    finishedState = round.claim().state();
    finishedMillis = nowMillis;
    if (finishedState == CopyState.VOUCHES) {
      compared = Math.max(compared, round.clock());
    }
    failed = false;
    ended(nowMillis, pauseMillis);
  }

  void failed(long nowMillis, long pauseMillis) {
    failed = true;
    ended(nowMillis, pauseMillis);
  }

  /** As if the round that runs had not begun. */
  void putOff(long nowMillis, long pauseMillis) {
    timesPutOff++;
    nextMillis = nowMillis + pauseMillis;
    round = null;
  }

  /** Not for ever, and not when an operator waits. */
  boolean mayBePutOff() {
    return timesPutOff < MAX_TIMES_PUT_OFF;
  }

  private void ended(long nowMillis, long pauseMillis) {
    ended = round.id();
    endedMillis = nowMillis;
    leavesDiffered = round.leavesDiffered();
    timesPutOff = 0;
    nextMillis = nowMillis + pauseMillis;
    round = null;
  }

  void pulled(long bytes) {
    bytesPulled += bytes;
  }

  void merged(long keys) {
    keysMerged += keys;
  }

  RepairView view() {
    return new RepairView(
        round == null ? outcome() : RepairView.Progress.RUNNING,
        outcome(),
        ended,
        endedMillis,
        state,
        startedMillis,
        finishedMillis,
        compared,
        complete,
        round == null ? leavesDiffered : round.leavesDiffered(),
        bytesPulled,
        keysMerged);
  }

  private RepairView.Progress outcome() {
    if (ended == 0) {
      return RepairView.Progress.NONE_YET;
    } else if (ended > finished) {
      return RepairView.Progress.FAILED;
    }
    return leavesDiffered == 0 ? RepairView.Progress.EQUAL : RepairView.Progress.DIFFERED;
  }
}
