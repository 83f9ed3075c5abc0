package io.trefoil.bench.load;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** How many requests ended how, and how long the good ones took. Of one thread, or of several. */
public final class Tally {
  /** What took longer counts as this. */
  private static final long NANOS_MAX = TimeUnit.MINUTES.toNanos(10);

  private static final int DIGITS = 3;
  private static final int TEXTS_MAX = 5;

  private final Histogram nanos = new Histogram(NANOS_MAX, DIGITS);
  private final List<String> errorTexts = new ArrayList<>();
  private final Series.Part series;
  private long good;
  private long missing;
  private long errors;
  private long unsent;
  private long backlogMax;

  Tally() {
    this(null);
  }

  /**
   * @param series takes what every second was like; null for none
   */
  Tally(Series.Part series) {
    this.series = series;
  }

  /** One was answered; the times are nanoseconds of {@link System#nanoTime}. */
  void addGood(long due, long now) {
    long took = Math.min(now - due, NANOS_MAX);
    good++;
    nanos.recordValue(took);
    if (series != null) {
      series.add(now, took);
    }
  }

  void addMissing() {
    missing++;
  }

  void addError(String text) {
    errors++;
    keep(text);
  }

  /** So many requests were due and had no place to wait. */
  void addUnsent(long count) {
    unsent += count;
  }

  void seeBacklog(long count) {
    backlogMax = Math.max(backlogMax, count);
  }

  void end() {
    if (series != null) {
      series.end();
    }
  }

  /** Of all threads; the backlog is the sum of each one's longest. */
  static Tally sum(List<Tally> tallies) {
    Tally sum = new Tally();
    for (Tally tally : tallies) {
      sum.nanos.add(tally.nanos);
      sum.good += tally.good;
      sum.missing += tally.missing;
      sum.errors += tally.errors;
      sum.unsent += tally.unsent;
      sum.backlogMax += tally.backlogMax;
      tally.errorTexts.forEach(sum::keep);
    }
    return sum;
  }

  private void keep(String text) {
    if (errorTexts.size() < TEXTS_MAX && !errorTexts.contains(text)) {
      errorTexts.add(text);
    }
  }

  public long good() {
    return good;
  }

  /** Reads that found nothing. */
  public long missing() {
    return missing;
  }

  /** Requests that were refused. */
  public long errors() {
    return errors;
  }

  /** The first different ones of what servers said when they refused. */
  public List<String> errorTexts() {
    return List.copyOf(errorTexts);
  }

  /** Requests that were due and never sent: connections and pipeline were full for too long. */
  public long unsent() {
    return unsent;
  }

  /** So many requests that were due waited to be sent, at most. */
  public long backlogMax() {
    return backlogMax;
  }

  /**
   * Milliseconds within which this share of the good requests was answered; 0 when there is none.
   */
  public double millis(double share) {
    return nanos.getValueAtPercentile(share * 100) / 1e6;
  }

  /** How long the slowest one took. */
  public double millisMax() {
    return nanos.getMaxValue() / 1e6;
  }
}
