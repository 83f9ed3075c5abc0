package io.trefoil.bench.load;

/** Tallies for other packages' tests. */
public final class Tallies {
  private Tallies() {}

  public static Tally empty() {
    return new Tally();
  }

  /** Two errors, a read that found nothing, three that were never sent, a backlog of 70,000. */
  public static Tally withFaults() {
    Tally tally = new Tally();
    tally.addError("ERR full");
    tally.addError("ERR full");
    tally.addMissing();
    tally.addUnsent(3);
    tally.seeBacklog(70_000);
    return tally;
  }
}
