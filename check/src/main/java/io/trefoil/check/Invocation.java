package io.trefoil.check;

/**
 * A call with what its client saw of it.
 *
 * @param client who asked; one client asks for one thing after the other, pipelines apart
 * @param startNanos when it was sent, on a clock that all clients share
 * @param endNanos when the answer came; {@link #NEVER} unless acknowledged
 * @param result what was answered, when acknowledged: the value read or null, the new length, the
 *     new count, or "1" and "0" for a compare-and-set that did or did not
 */
public record Invocation(
    String client,
    String key,
    Call call,
    long startNanos,
    long endNanos,
    Outcome outcome,
    String result) {
  public static final long NEVER = Long.MAX_VALUE;

  /** What a client knows of its call. Every call is one of these: nothing is left out. */
  public enum Outcome {
    /** Done, and this is the result. */
    ACKNOWLEDGED,
    /** Certainly not done. */
    REFUSED,
    /** Perhaps done, then or later. */
    UNCERTAIN
  }

  public Invocation {
    if (outcome == Outcome.ACKNOWLEDGED ? endNanos < startNanos : endNanos != NEVER) {
      throw new IllegalArgumentException(outcome + " from " + startNanos + " to " + endNanos);
    }
  }

  public static Invocation acknowledged(
      String client, String key, Call call, long startNanos, long endNanos, String result) {
    return new Invocation(client, key, call, startNanos, endNanos, Outcome.ACKNOWLEDGED, result);
  }

  public static Invocation refused(String client, String key, Call call, long startNanos) {
    return new Invocation(client, key, call, startNanos, NEVER, Outcome.REFUSED, null);
  }

  public static Invocation uncertain(String client, String key, Call call, long startNanos) {
    return new Invocation(client, key, call, startNanos, NEVER, Outcome.UNCERTAIN, null);
  }

  public boolean isAcknowledged() {
    return outcome == Outcome.ACKNOWLEDGED;
  }

  /** The last that is known of when it was under way: its end, or its start when it has none. */
  public long lastNanos() {
    return isAcknowledged() ? endNanos : startNanos;
  }

  /**
   * What the key held for the client: what it read or wrote; of a count, what that became.
   *
   * <p>Only of an acknowledged call.
   */
  public String value() {
    return call.isRead() || call.kind() == Call.Kind.INCREMENT ? result : call.argument();
  }

  @Override
  public String toString() {
    return client
        + ": "
        + call
        + " of "
        + key
        + (isAcknowledged()
            ? " gave " + result
            : " was " + outcome.name().toLowerCase(java.util.Locale.ROOT))
        + " ("
        + startNanos
        + " to "
        + (endNanos == NEVER ? "never" : endNanos)
        + ")";
  }
}
