package io.trefoil.control;

import io.trefoil.base.NodeId;

/**
 * What became of partitions that lost their leader together.
 *
 * @param epoch the one that was opened for all of them, or that they were handed over into
 * @param atMillis when, by the controller's wall clock, in milliseconds since 1970
 * @param from the leader that was lost
 * @param partitions how many lost it
 * @param led how many of them have had a leader again
 * @param leaderlessMillis how long the one that waited longest had none: from the last word of the
 *     old leader to the appointment of the new one
 * @param possibleLoss whether some leader was chosen from too few answers
 */
public record Failover(
    long epoch,
    long atMillis,
    Cause cause,
    NodeId from,
    int partitions,
    int led,
    long leaderlessMillis,
    boolean possibleLoss) {

  /** Why a leader was replaced. Stored by its order. */
  public enum Cause {
    /** There was none before: nothing that is kept. */
    FIRST("the first leader"),
    LEASE_OUT("its lease ran out"),
    SILENT("its followers heard nothing of it, and its lease was not renewed"),
    RESTARTED("its process was started again"),
    STOPPED("it was stopped"),
    HANDED_OVER("it handed over");

    private final String words;

    Cause(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }
  }

  /** With one more partition. */
  Failover withPartition() {
    return new Failover(
        epoch, atMillis, cause, from, partitions + 1, led, leaderlessMillis, possibleLoss);
  }

  /** With one more partition that has a leader. */
  Failover appointed(ControlCommand.Appointment appointment) {
    return new Failover(
        epoch,
        atMillis,
        cause,
        from,
        partitions,
        led + 1,
        Math.max(leaderlessMillis, appointment.leaderlessMillis()),
        possibleLoss || appointment.possibleLoss());
  }
}
