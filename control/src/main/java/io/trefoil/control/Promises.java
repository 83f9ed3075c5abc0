package io.trefoil.control;

import java.util.EnumSet;
import java.util.Set;

/**
 * What a database promises, and what may happen all the same. The one source for the pages, for
 * status and for the simulation, which fails when something else happens, and when what may happen
 * never does.
 */
public final class Promises {
  /** What goes wrong. */
  public enum Failure {
    PROCESS_KILLED("a process is killed"),
    MACHINE_LOST("one machine is lost for good"),
    ALL_WITHOUT_POWER("all without power");

    private final String words;

    Failure(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }
  }

  /** What may become of acknowledged writes. */
  public enum Fate {
    KEPT("nothing is lost"),
    SAVED("what no follower had yet leaves the history; it is kept in a divergence file"),
    LOST("what no follower had yet is lost"),
    LAST_MOMENTS_LOST("the last moments may be lost"),
    WAITS("nothing is lost; its partitions stop until it is back"),
    ALL_LOST("everything that only it had is lost"),
    AWAY("nothing is lost; what no other replica had is away until it is back"),
    ONLY_COPY_LOST("what no other replica had is lost");

    private final String words;

    Fate(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }
  }

  /** What clients of one copy on a machine that never fails would never see. */
  public enum Anomaly {
    ACKNOWLEDGED_WRITE_LOST("an acknowledged write leaves the history"),
    NO_ORDER("reads and writes of a key fit no single order"),
    OLD_FOLLOWER_READ("a read after READONLY shows less than what was acknowledged before"),
    WRITE_REFUSED("a write is refused because replicas are out of reach");

    private final String words;

    Anomaly(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }
  }

  private Promises() {}

  /** What becomes of acknowledged writes, at worst. */
  public static Fate acknowledged(DatabaseSettings settings, Failure failure) {
    return settings.isLeaderless() ? onQuorum(settings, failure) : onLeader(settings, failure);
  }

  private static Fate onLeader(DatabaseSettings settings, Failure failure) {
    boolean oneCopy = settings.commit().copies(settings.replicas()) == 1;
    boolean safe = settings.failover() == FailoverRule.SAFE;
    return switch (failure) {
      case PROCESS_KILLED -> !oneCopy || settings.replicas() == 1 || safe ? Fate.KEPT : Fate.SAVED;
      case MACHINE_LOST -> {
        if (settings.replicas() == 1) {
          yield Fate.ALL_LOST;
        }
        yield !oneCopy ? Fate.KEPT : safe ? Fate.WAITS : Fate.LOST;
      }
      case ALL_WITHOUT_POWER ->
          settings.durability() == Durability.FSYNC
              ? acknowledged(settings, Failure.PROCESS_KILLED)
              : Fate.LAST_MOMENTS_LOST;
    };
  }

  /**
   * Nothing ever leaves a history here: what W replicas have is lost only with all W of them. With
   * hints that count, one may be all there is.
   */
  private static Fate onQuorum(DatabaseSettings settings, Failure failure) {
    boolean maybeOne = settings.copies() == 1 || settings.quorums().sloppy();
    boolean oneCopy = maybeOne && settings.replicas() > 1;
    return switch (failure) {
      case PROCESS_KILLED -> oneCopy ? Fate.AWAY : Fate.KEPT;
      case MACHINE_LOST ->
          settings.replicas() == 1 ? Fate.ALL_LOST : oneCopy ? Fate.ONLY_COPY_LOST : Fate.KEPT;
      case ALL_WITHOUT_POWER ->
          settings.durability() == Durability.FSYNC ? Fate.KEPT : Fate.LAST_MOMENTS_LOST;
    };
  }

  /**
   * What clients of a single-leader database may see while no more fails than processes and the
   * network.
   */
  public static Set<Anomaly> mayBeSeen(DatabaseSettings settings) {
    Set<Anomaly> may = EnumSet.noneOf(Anomaly.class);
    if (acknowledged(settings, Failure.PROCESS_KILLED) != Fate.KEPT) {
      may.add(Anomaly.ACKNOWLEDGED_WRITE_LOST);
      may.add(Anomaly.NO_ORDER);
    }
    if (settings.replicas() > 1) {
      may.add(Anomaly.OLD_FOLLOWER_READ);
    }
    if (settings.commit().copies(settings.replicas()) > 1) {
      may.add(Anomaly.WRITE_REFUSED);
    }
    return may;
  }
}
